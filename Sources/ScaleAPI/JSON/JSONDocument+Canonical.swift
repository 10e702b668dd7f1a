extension JSONDocument.Node {
    /// Bytes that are equal for equal values and different for different ones, however the values were written.
    ///
    /// White space, the order of keys, escapes in strings and the spelling of numbers (`1`, `1.0`, `10e-1`) do not
    /// matter. Of repeated keys the order does. The bytes are for comparing and hashing; they are not JSON, and a part
    /// that grows past 4 KB is replaced by `digest` of itself, which keeps the work linear in the size of the text.
    ///
    /// - Parameter digest: A collision-resistant hash, such as SHA-256.
    package func canonicalBytes(digest: @escaping ([UInt8]) -> [UInt8]) -> [UInt8] {
        self.document.bytes.withUnsafeBufferPointer { buffer in
            var writer = CanonicalWriter(buffer: buffer, scanner: JSONScanner(buffer, at: self.start), digest: digest)
            writer.writeValue()
            return writer.output
        }
    }
}

/// Writes the canonical bytes of one value of a checked text.
private struct CanonicalWriter {
    private static let digestThreshold = 4096

    let buffer: UnsafeBufferPointer<UInt8>
    var scanner: JSONScanner
    let digest: ([UInt8]) -> [UInt8]
    private(set) var output: [UInt8] = []

    init(buffer: UnsafeBufferPointer<UInt8>, scanner: JSONScanner, digest: @escaping ([UInt8]) -> [UInt8]) {
        self.buffer = buffer
        self.scanner = scanner
        self.digest = digest
    }

    mutating func writeValue() {
        let outputStart = self.output.count
        switch self.scanner.peek() {
        case UInt8(ascii: "{"): self.writeObject()
        case UInt8(ascii: "["): self.writeArray()
        case UInt8(ascii: "\""):
            self.writeString(self.skippedValue())
            return
        default:
            self.writeWord(self.skippedValue())
            return
        }
        guard self.output.count - outputStart > Self.digestThreshold else { return }
        let digest = self.digest(Array(self.output[outputStart...]))
        self.output.removeSubrange(outputStart...)
        self.output.append(UInt8(ascii: "@"))
        self.output.append(contentsOf: digest)
    }

    private mutating func skippedValue() -> Range<Int> {
        let start = self.scanner.position
        self.scanner.skipValue()
        return start..<self.scanner.position
    }

    private mutating func writeArray() {
        self.output.append(UInt8(ascii: "["))
        self.scanner.enterContainer()
        while let byte = self.scanner.peek(), byte != UInt8(ascii: "]") {
            self.writeValue()
            self.scanner.skipPunctuation()
        }
        self.scanner.leaveContainer()
        self.output.append(UInt8(ascii: "]"))
    }

    /// Members are written as they come and put in order afterwards, so that each byte is visited once.
    private mutating func writeObject() {
        self.output.append(UInt8(ascii: "{"))
        self.scanner.enterContainer()
        let membersStart = self.output.count
        var members: [(key: Range<Int>, whole: Range<Int>)] = []
        var isSorted = true
        while self.scanner.peek() == UInt8(ascii: "\"") {
            let start = self.output.count
            self.writeString(self.skippedValue())
            let key = start..<self.output.count
            self.scanner.skipPunctuation()
            self.writeValue()
            self.scanner.skipPunctuation()
            if let last = members.last, self.precedes(key, last.key) { isSorted = false }
            members.append((key, start..<self.output.count))
        }
        self.scanner.leaveContainer()
        if !isSorted {
            let order = members.indices.sorted { left, right in
                if self.precedes(members[left].key, members[right].key) { return true }
                if self.precedes(members[right].key, members[left].key) { return false }
                return left < right
            }
            var sorted: [UInt8] = []
            sorted.reserveCapacity(self.output.count - membersStart)
            for index in order { sorted.append(contentsOf: self.output[members[index].whole]) }
            self.output.replaceSubrange(membersStart..., with: sorted)
        }
        self.output.append(UInt8(ascii: "}"))
    }

    private func precedes(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        self.output[left].lexicographicallyPrecedes(self.output[right])
    }

    /// A string as its length in bytes, a quote, and its bytes with all escapes resolved.
    private mutating func writeString(_ range: Range<Int>) {
        let inside = self.buffer[range.lowerBound + 1..<range.upperBound - 1]
        guard inside.contains(UInt8(ascii: "\\")) else {
            self.output.append(contentsOf: String(inside.count).utf8)
            self.output.append(UInt8(ascii: "\""))
            self.output.append(contentsOf: inside)
            return
        }
        let unescaped = JSONText.unescaped(inside, keepingSurrogates: true)
        self.output.append(contentsOf: String(unescaped.count).utf8)
        self.output.append(UInt8(ascii: "\""))
        self.output.append(contentsOf: unescaped)
    }

    /// `t`, `f`, `n`, or a number as `#`, sign, significant digits, `e`, exponent, `;`.
    private mutating func writeWord(_ range: Range<Int>) {
        let text = self.buffer[range]
        guard let first = text.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
            self.output.append(text.first ?? UInt8(ascii: "n"))
            return
        }
        var digits: [UInt8] = []
        var exponent = 0
        var isFraction = false
        var index = range.lowerBound
        while index < range.upperBound, self.buffer[index] | 0x20 != UInt8(ascii: "e") {
            let byte = self.buffer[index]
            if byte == UInt8(ascii: ".") { isFraction = true }
            if (0x30...0x39).contains(byte) {
                if isFraction { exponent -= 1 }
                if !(digits.isEmpty && byte == 0x30) { digits.append(byte) }
            }
            index += 1
        }
        self.output.append(UInt8(ascii: "#"))
        while digits.last == 0x30 {
            digits.removeLast()
            exponent += 1
        }
        if !digits.isEmpty {
            if first == UInt8(ascii: "-") { self.output.append(first) }
            self.output.append(contentsOf: digits)
            self.output.append(UInt8(ascii: "e"))
            let written = String(
                decoding: self.buffer[min(index + 1, range.upperBound)..<range.upperBound],
                as: UTF8.self
            )
            // An exponent past the range of Int keeps its own digits beside the shift: still one spelling, one value.
            if let value = written.isEmpty ? 0 : Int(written) {
                let (sum, overflow) = exponent.addingReportingOverflow(value)
                self.output.append(contentsOf: (overflow ? "\(exponent)+\(value)" : "\(sum)").utf8)
            } else {
                self.output.append(contentsOf: "\(exponent)+\(written)".utf8)
            }
        }
        self.output.append(UInt8(ascii: ";"))
    }
}
