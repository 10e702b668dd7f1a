extension JSON {
    /// Decodes a part of a checked document.
    public init(_ node: JSONDocument.Node) {
        self = node.document.bytes.withUnsafeBufferPointer { buffer in
            var reader = Reader(bytes: buffer, scanner: JSONScanner(buffer, at: node.start))
            return reader.value()
        }
    }

    /// Builds values from checked text in one pass, so that the time does not depend on how deeply they are nested.
    ///
    /// The recursion is bounded by the document's depth limit.
    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var scanner: JSONScanner

        mutating func value() -> JSON {
            switch self.scanner.peek() {
            case UInt8(ascii: "{"): return .object(self.object())
            case UInt8(ascii: "["): return .array(self.elements())
            case UInt8(ascii: "\""): return .string(self.string())
            case UInt8(ascii: "t"):
                self.scanner.skipValue()
                return .bool(true)
            case UInt8(ascii: "f"):
                self.scanner.skipValue()
                return .bool(false)
            case UInt8(ascii: "n"):
                self.scanner.skipValue()
                return .null
            default: return .number(Number(literal: String(decoding: self.text(), as: UTF8.self)))
            }
        }

        private mutating func object() -> Object {
            var members: [(key: String, value: JSON)] = []
            self.scanner.step()
            self.scanner.skipPunctuation()
            while self.scanner.peek() == UInt8(ascii: "\"") {
                let key = self.string()
                self.scanner.skipPunctuation()
                members.append((key, self.value()))
                self.scanner.skipPunctuation()
            }
            self.scanner.step()
            return Object(members: members)
        }

        private mutating func elements() -> [JSON] {
            var elements: [JSON] = []
            self.scanner.step()
            self.scanner.skipPunctuation()
            while let byte = self.scanner.peek(), byte != UInt8(ascii: "]") {
                elements.append(self.value())
                self.scanner.skipPunctuation()
            }
            self.scanner.step()
            return elements
        }

        private mutating func string() -> String {
            let start = self.scanner.position
            let hasEscape = self.scanner.skipString()
            return JSONText.string(self.bytes[start..<self.scanner.position], hasEscape: hasEscape)
        }

        /// The text of a number.
        private mutating func text() -> Slice<UnsafeBufferPointer<UInt8>> {
            let start = self.scanner.position
            self.scanner.skipValue()
            return self.bytes[start..<self.scanner.position]
        }
    }
}
