import ScaleAPI

/// From what Scale sends to what SQL sees.
extension RuleValue {
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    /// A number; whole ones become integers.
    init(_ number: Double?) {
        guard let number, !number.isNaN else {
            self = .null
            return
        }
        self = Int64(exactly: number).map { .integer($0) } ?? .real(number)
    }

    init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }

    /// JSON text; nothing for null.
    init(document json: JSON?) {
        self = json.flatMap { $0.isNull ? nil : .text($0.encodedString) } ?? .null
    }

    /// The text of a value as it came; nothing for null.
    init(document node: JSONDocument.Node?) {
        self = node.flatMap { $0.kind == .null ? nil : .text(String(decoding: $0.text, as: UTF8.self)) } ?? .null
    }

    /// A single answer: a text or a number; truth values are `true` and `false`, lists and objects JSON text.
    init(answer json: JSON?) {
        switch json {
        case .string(let text): self = .text(text)
        case .number(let number): self.init(number.double)
        case nil, .null: self = .null
        case .bool, .array, .object: self.init(document: json)
        }
    }
}
