/// JSON text that has been checked and can be read in place.
///
/// Nothing is decoded until it is asked for, and nothing is lost: numbers keep their digits, objects keep their order
/// and repeated keys. Reading a member steps over its elder siblings, so a document is for picking a few values;
/// `JSON` is for working with all of them.
public struct JSONDocument: Sendable {
    /// The text as it was given.
    public let bytes: [UInt8]
    private let start: Int

    /// Checks `bytes` against RFC 8259.
    ///
    /// - Throws: `JSONSyntaxError` for anything that is not exactly one JSON value in UTF-8.
    public init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
        var observer = JSONNoObserver()
        try self.init(bytes, observer: &observer)
    }

    /// As above, telling of the keys.
    init(_ bytes: [UInt8], observer: inout some JSONKeyObserver) throws(JSONSyntaxError) {
        // `withUnsafeBufferPointer` rethrows untyped, hence the result.
        let start: Result<Int, JSONSyntaxError> = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            do throws(JSONSyntaxError) {
                try scanner.scanText(&observer)
            } catch {
                return .failure(error)
            }
            var first = JSONScanner(buffer)
            first.skipWhiteSpace()
            return .success(first.position)
        }
        self.bytes = bytes
        self.start = try start.get()
    }

    /// The value that is the whole document.
    public var root: Node { Node(document: self, start: self.start) }

    /// The six kinds of JSON values.
    public enum Kind: Sendable {
        /// `null`
        case null
        /// `true` or `false`
        case bool
        /// A number of any length.
        case number
        /// A string.
        case string
        /// An array.
        case array
        /// An object.
        case object
    }

    /// One value inside a document.
    public struct Node: Sendable {
        let document: JSONDocument
        let start: Int

        /// What kind of value this is.
        public var kind: Kind {
            switch self.document.bytes[self.start] {
            case UInt8(ascii: "{"): .object
            case UInt8(ascii: "["): .array
            case UInt8(ascii: "\""): .string
            case UInt8(ascii: "n"): .null
            case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
            default: .number
            }
        }

        /// The text of this value, as it was given.
        public var text: ArraySlice<UInt8> { self.document.bytes[self.start..<self.end] }

        /// The value when it is a string; lone surrogates become U+FFFD.
        public var string: String? { self.document.string(at: self.start) }

        /// The members in their order when this is an object, otherwise none.
        ///
        /// Equal keys all appear.
        public var members: [(key: String, value: Node)] {
            guard self.kind == .object else { return [] }
            var members: [(key: String, value: Node)] = []
            self.document.bytes.withUnsafeBufferPointer { buffer in
                var scanner = JSONScanner(buffer, at: self.start + 1)
                scanner.skipWhiteSpace()
                while scanner.peek() == UInt8(ascii: "\"") {
                    let keyStart = scanner.position
                    let hasEscape = scanner.skipString()
                    let key = JSONText.string(buffer[keyStart..<scanner.position], hasEscape: hasEscape)
                    scanner.skipPunctuation()
                    members.append((key, Node(document: self.document, start: scanner.position)))
                    scanner.skipValue()
                    scanner.skipPunctuation()
                }
            }
            return members
        }

        /// The value of the last member with this key; nil when there is none, or this is not an object.
        public subscript(key: String) -> Node? {
            self.members.last { $0.key == key }?.value
        }

        /// The elements when this is an array, otherwise none.
        public var elements: [Node] {
            guard self.kind == .array else { return [] }
            var elements: [Node] = []
            self.document.bytes.withUnsafeBufferPointer { buffer in
                var scanner = JSONScanner(buffer, at: self.start + 1)
                scanner.skipPunctuation()
                while scanner.peek() != UInt8(ascii: "]") {
                    elements.append(Node(document: self.document, start: scanner.position))
                    scanner.skipValue()
                    scanner.skipPunctuation()
                }
            }
            return elements
        }

        private var end: Int {
            self.document.bytes.withUnsafeBufferPointer { buffer in
                var scanner = JSONScanner(buffer, at: self.start)
                scanner.skipValue()
                return scanner.position
            }
        }
    }
}

extension JSONDocument {
    /// The value that begins here when it is a string.
    func string(at start: Int) -> String? {
        guard self.bytes[start] == UInt8(ascii: "\"") else { return nil }
        return self.bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, at: start)
            let hasEscape = scanner.skipString()
            return JSONText.string(buffer[start..<scanner.position], hasEscape: hasEscape)
        }
    }

    /// Calls `body` with the UTF-8 of the value that begins here when it is a string, otherwise with nil.
    func withString<Result>(at start: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Result) -> Result {
        guard self.bytes[start] == UInt8(ascii: "\"") else { return body(nil) }
        return self.bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, at: start)
            let hasEscape = scanner.skipString()
            let inside = UnsafeBufferPointer(rebasing: buffer[start + 1..<scanner.position - 1])
            guard hasEscape else { return body(inside) }
            return JSONText.unescaped(inside).withUnsafeBufferPointer { body($0) }
        }
    }

    /// The document `null`.
    public static let empty = JSONDocument(trusted: Array("null".utf8))

    private init(trusted bytes: [UInt8]) {
        self.bytes = bytes
        self.start = 0
    }
}
