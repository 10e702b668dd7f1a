/// The grammar of RFC 8259, written down a second time as plainly as it goes: no position of a byte, no table, no speed.
///
/// What `JSONDocument` takes and what this takes must be the same.
struct JSONGrammar {
    private static let maximumDepth = 512

    private var rest: ArraySlice<UInt8>

    /// Whether the bytes are one JSON text in UTF-8 that is not nested too deeply.
    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var grammar = Self(rest: bytes[...])
        return grammar.text()
    }

    private mutating func text() -> Bool {
        self.value(depth: 0) && self.rest.isEmpty
    }

    /// `ws value ws`
    private mutating func value(depth: Int) -> Bool {
        self.space()
        defer { self.space() }
        switch self.rest.first.map({ Character(Unicode.Scalar($0)) }) {
        case "{": return depth < Self.maximumDepth && self.list("{", "}") { $0.member(depth: depth + 1) }
        case "[": return depth < Self.maximumDepth && self.list("[", "]") { $0.value(depth: depth + 1) }
        case "\"": return self.string()
        case "t": return self.take("true")
        case "f": return self.take("false")
        case "n": return self.take("null")
        default: return self.number()
        }
    }

    private mutating func list(_ open: String, _ close: String, element: (inout Self) -> Bool) -> Bool {
        guard self.take(open) else { return false }
        self.space()
        if self.take(close) { return true }
        repeat {
            guard element(&self) else { return false }
        } while self.take(",")
        return self.take(close)
    }

    private mutating func member(depth: Int) -> Bool {
        self.space()
        guard self.string() else { return false }
        self.space()
        return self.take(":") && self.value(depth: depth)
    }

    private mutating func string() -> Bool {
        guard self.take("\"") else { return false }
        while let byte = self.rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case ..<0x20: return false
            case UInt8(ascii: "\\"):
                guard let escape = self.rest.popFirst() else { return false }
                if escape == UInt8(ascii: "u") {
                    let digits = self.rest.prefix(4)
                    let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
                    guard digits.count == 4, isHexadecimal else { return false }
                    self.rest = self.rest.dropFirst(4)
                } else if !Array(#""\/bfnrt"#.utf8).contains(escape) {
                    return false
                }
            default: break
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        _ = self.take("-")
        if !self.take("0") {
            guard self.digits() else { return false }
        }
        if self.take("."), !self.digits() { return false }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            return self.digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let digits = self.rest.prefix { (0x30...0x39).contains($0) }
        self.rest = self.rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private mutating func space() {
        self.rest = self.rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private mutating func take(_ word: String) -> Bool {
        guard self.rest.starts(with: word.utf8) else { return false }
        self.rest = self.rest.dropFirst(word.utf8.count)
        return true
    }
}
