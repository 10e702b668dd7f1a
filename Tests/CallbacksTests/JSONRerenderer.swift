import ScaleAPI

/// Writes the same value in another way: other white space, order of keys, escapes and spelling of numbers.
struct JSONRerenderer {
    private var generator: SeededGenerator
    private var text = ""

    /// The text of `json` as this seed writes it.
    static func render(_ json: JSON, seed: UInt64) -> [UInt8] {
        var renderer = Self(generator: SeededGenerator(seed: seed))
        renderer.write(json)
        return Array(renderer.text.utf8)
    }

    private init(generator: SeededGenerator) { self.generator = generator }

    private mutating func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &self.generator) == 0 }

    private mutating func writeSpace() {
        while self.chance(3) { self.text += [" ", "\n", "\t", "\r\n"].randomElement(using: &self.generator) ?? " " }
    }

    private mutating func write(_ json: JSON) {
        self.writeSpace()
        switch json {
        case .null: self.text += "null"
        case .bool(let value): self.text += value ? "true" : "false"
        case .number(let number): self.write(number)
        case .string(let string): self.write(string)
        case .array(let elements):
            self.text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { self.text += "," }
                self.write(element)
            }
            self.writeSpace()
            self.text += "]"
        case .object(let object):
            self.text += "{"
            for (index, member) in self.shuffled(object.members).enumerated() {
                if index > 0 { self.text += "," }
                self.writeSpace()
                self.write(member.key)
                self.writeSpace()
                self.text += ":"
                self.write(member.value)
            }
            self.writeSpace()
            self.text += "}"
        }
        self.writeSpace()
    }

    /// Another order, in which repeated keys keep theirs: it has a meaning.
    private mutating func shuffled(_ members: [JSON.Object.Member]) -> [JSON.Object.Member] {
        var byKey = Dictionary(grouping: members, by: \.key)
        return members.shuffled(using: &self.generator).map { byKey[$0.key]?.removeFirst() ?? $0 }
    }

    private mutating func write(_ number: JSON.Number) {
        let literal = number.literal
        let isPlain = literal.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        let spellings: [String] =
            if isPlain {
                [literal, literal + ".0", literal + ".000", literal + "e0", literal + "E+00", literal + "0e-1"]
            } else if literal.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
                [literal, literal.uppercased(), literal.lowercased()]
            } else {
                [literal, literal + "0", literal + "00e0", literal + "E-0"]
            }
        // `00e-1` is no JSON.
        let isZero = literal == "0" || literal == "-0"
        self.text +=
            spellings.filter { !isZero || !$0.hasSuffix("0e-1") }.randomElement(using: &self.generator) ?? literal
    }

    private mutating func write(_ string: String) {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{8}": "\\b", "\u{C}": "\\f",
            "/": "\\/",
        ]
        self.text += "\""
        for scalar in string.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if let escape = short[scalar], self.chance(2) {
                self.text += escape
            } else if mustEscape || self.chance(20) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: self.chance(2))
                    self.text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                self.text.unicodeScalars.append(scalar)
            }
        }
        self.text += "\""
    }
}
