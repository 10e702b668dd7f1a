import Testing

/// A text for the JSON tables, printable in test names whatever bytes it holds.
struct JSONCase: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]

    init(_ text: String) { self.bytes = Array(text.utf8) }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// A string literal around these bytes.
    static func inString(_ bytes: [UInt8]) -> JSONCase { JSONCase(bytes: [0x22] + bytes + [0x22]) }

    var testDescription: String {
        self.bytes.prefix(40)
            .map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "<\(String($0, radix: 16))>" }
            .joined()
    }

    /// The text as the value of a member deep in something like a callback.
    var nested: [UInt8] {
        Array(#"{"task_id":"5f00","task":{"response":{"x":"#.utf8) + self.bytes
            + Array(#"}},"status":"completed"}"#.utf8)
    }
}
