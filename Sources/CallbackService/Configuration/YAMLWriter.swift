import ScaleAPI

/// Writes block YAML with quotes where they are needed.
struct YAMLWriter {
    private(set) var text = ""
    private var depth = 0
    /// Whether the next key stands behind the dash of a list.
    private var isItemStart = false

    mutating func comment(_ comment: String) {
        self.text += "# \(TerminalText.escaped(comment))\n"
    }

    /// Writes a key with its value; nothing for nil.
    mutating func value(_ key: String, _ value: String?) {
        guard let value else { return }
        self.line("\(Self.scalar(key)): \(Self.scalar(value))")
    }

    mutating func values(_ key: String, _ values: [String]?) {
        guard let values else { return }
        self.line("\(Self.scalar(key)): [\(values.map(Self.scalar).joined(separator: ", "))]")
    }

    /// Writes a key with a value of any shape, on one line.
    mutating func json(_ key: String, _ value: JSON) {
        self.line("\(Self.scalar(key)): \(value.encodedString.replacing("${", with: "$${"))")
    }

    mutating func section(_ key: String, _ body: (inout Self) -> Void) {
        self.line("\(key):")
        self.depth += 1
        body(&self)
        self.depth -= 1
    }

    mutating func list<Element>(_ key: String, _ elements: [Element], _ body: (inout Self, Element) -> Void) {
        guard !elements.isEmpty else {
            self.line("\(key): []")
            return
        }
        self.line("\(key):")
        for element in elements {
            self.depth += 2
            self.isItemStart = true
            body(&self, element)
            self.depth -= 2
        }
    }

    private mutating func line(_ line: String) {
        let indentation = String(repeating: "  ", count: self.isItemStart ? self.depth - 1 : self.depth)
        self.text += indentation + (self.isItemStart ? "- " : "") + line + "\n"
        self.isItemStart = false
    }

    private static func scalar(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        let startsPlain = value.first.map { $0.isLetter || $0.isNumber || $0 == "/" } ?? false
        if isPlain, startsPlain, !value.hasSuffix(":"), !["null", "Null", "NULL"].contains(value) { return value }
        return JSON.string(value.replacing("${", with: "$${")).encodedString
    }
}
