extension JSONDocument.Node {
    /// Bytes that are equal for equal values and different for different ones, however the values were written.
    ///
    /// White space, the order of keys, escapes in strings and the spelling of numbers (`1`, `1.0`, `10e-1`) do not
    /// matter. Of repeated keys the order does. The bytes are for comparing and hashing; they are not JSON, and a part
    /// that grows past 4 KB is replaced by `digest` of itself, which keeps the work linear in the size of the text.
    ///
    /// Of a list however long no more than one element and 64 KB are held in memory.
    ///
    /// - Parameter makeDigest: Begins a collision-resistant hash, such as SHA-256.
    package func canonicalBytes(digest makeDigest: @escaping () -> any JSONDigest) -> [UInt8] {
        self.document.bytes.withUnsafeBufferPointer { buffer in
            var writer = CanonicalWriter(
                buffer: buffer,
                scanner: JSONScanner(buffer, at: self.start),
                makeDigest: makeDigest
            )
            writer.writeValue()
            return writer.output
        }
    }
}

/// A hash that is fed piece by piece.
package protocol JSONDigest {
    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The hash of all that was added; the last call.
    mutating func finish() -> [UInt8]
}

/// Writes the canonical bytes of one value of a checked text.
private struct CanonicalWriter {
    private static let digestThreshold = 4096
    /// A list is hashed on the way as soon as it has grown past this.
    private static let heldBytes = 64 << 10
    /// Up to so many members are put in order as they come.
    private static let fewMembers = 16

    private struct Member {
        let key: Range<Int>
        let whole: Range<Int>
    }

    let buffer: UnsafeBufferPointer<UInt8>
    var scanner: JSONScanner
    let makeDigest: () -> any JSONDigest
    private(set) var output: [UInt8] = []
    /// The members of the objects that are being written, those of the innermost last.
    private var members: [Member] = []
    private var scratch: [UInt8] = []

    init(
        buffer: UnsafeBufferPointer<UInt8>,
        scanner: JSONScanner,
        makeDigest: @escaping () -> any JSONDigest
    ) {
        self.buffer = buffer
        self.scanner = scanner
        self.makeDigest = makeDigest
        self.output.reserveCapacity(min(buffer.count - scanner.position, 2 * Self.digestThreshold))
        self.members.reserveCapacity(Self.fewMembers)
    }

    mutating func writeValue() {
        let outputStart = self.output.count
        switch self.scanner.peek() {
        case UInt8(ascii: "{"): self.writeObject()
        case UInt8(ascii: "["): self.writeArray()
        case UInt8(ascii: "\""):
            self.writeString()
            return
        default:
            self.writeWord()
            return
        }
        guard self.output.count - outputStart > Self.digestThreshold else { return }
        var digest = self.makeDigest()
        self.moveOutput(from: outputStart, into: &digest)
        self.write(digest.finish())
    }

    /// Stands for a long part.
    private mutating func write(_ digest: [UInt8]) {
        self.output.append(UInt8(ascii: "@"))
        self.output.append(contentsOf: digest)
    }

    private mutating func moveOutput(from start: Int, into digest: inout any JSONDigest) {
        self.output.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        self.output.removeSubrange(start...)
    }

    private mutating func writeArray() {
        let outputStart = self.output.count
        var digest: (any JSONDigest)?
        self.output.append(UInt8(ascii: "["))
        self.scanner.enterContainer()
        while let byte = self.scanner.peek(), byte != UInt8(ascii: "]") {
            self.writeValue()
            self.scanner.skipPunctuation()
            if self.output.count - outputStart > Self.heldBytes {
                var begun = digest ?? self.makeDigest()
                self.moveOutput(from: outputStart, into: &begun)
                digest = begun
            }
        }
        self.scanner.leaveContainer()
        self.output.append(UInt8(ascii: "]"))
        guard var digest else { return }
        self.moveOutput(from: outputStart, into: &digest)
        self.write(digest.finish())
    }

    /// Members are written as they come and put in order afterwards, so that each byte is visited once.
    private mutating func writeObject() {
        self.output.append(UInt8(ascii: "{"))
        self.scanner.enterContainer()
        let outputStart = self.output.count
        let membersStart = self.members.count
        while self.scanner.peek() == UInt8(ascii: "\"") {
            let start = self.output.count
            self.writeString()
            let key = start..<self.output.count
            self.scanner.skipPunctuation()
            self.writeValue()
            self.scanner.skipPunctuation()
            self.members.append(Member(key: key, whole: start..<self.output.count))
        }
        self.scanner.leaveContainer()
        if self.putInOrder(from: membersStart) {
            self.scratch.removeAll(keepingCapacity: true)
            for member in self.members[membersStart...] { self.scratch.append(contentsOf: self.output[member.whole]) }
            self.output.replaceSubrange(outputStart..., with: self.scratch)
        }
        self.members.removeSubrange(membersStart...)
        self.output.append(UInt8(ascii: "}"))
    }

    /// Puts members in the order of their keys, equal ones in the order they came in. Returns whether any moved.
    private mutating func putInOrder(from start: Int) -> Bool {
        self.output.withUnsafeBufferPointer { output in
            func precedes(_ left: Member, _ right: Member) -> Bool {
                output[left.key].lexicographicallyPrecedes(output[right.key])
            }
            var end = start + 1
            while end < self.members.count, !precedes(self.members[end], self.members[end - 1]) { end += 1 }
            guard end < self.members.count else { return false }
            guard self.members.count - start <= Self.fewMembers else {
                // As they came in, they stand one behind the other.
                self.members[start...]
                    .sort { left, right in
                        if precedes(left, right) { return true }
                        return !precedes(right, left) && left.whole.lowerBound < right.whole.lowerBound
                    }
                return true
            }
            for index in end..<self.members.count {
                let member = self.members[index]
                var place = index
                while place > start, precedes(member, self.members[place - 1]) {
                    self.members[place] = self.members[place - 1]
                    place -= 1
                }
                self.members[place] = member
            }
            return true
        }
    }

    /// A string as its length in bytes, a quote, and its bytes with all escapes resolved.
    private mutating func writeString() {
        let start = self.scanner.position + 1
        let hasEscape = self.scanner.skipString()
        let inside = UnsafeBufferPointer(rebasing: self.buffer[start..<self.scanner.position - 1])
        guard hasEscape else {
            self.writeDecimal(inside.count)
            self.output.append(UInt8(ascii: "\""))
            self.output.append(contentsOf: inside)
            return
        }
        let unescaped = JSONText.unescaped(inside, keepingSurrogates: true)
        self.writeDecimal(unescaped.count)
        self.output.append(UInt8(ascii: "\""))
        self.output.append(contentsOf: unescaped)
    }

    private mutating func writeDecimal(_ value: Int) {
        if value < 0 { self.output.append(UInt8(ascii: "-")) }
        self.writeDecimal(magnitude: value.magnitude)
    }

    private mutating func writeDecimal(magnitude: UInt) {
        if magnitude >= 10 { self.writeDecimal(magnitude: magnitude / 10) }
        self.output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
    }

    /// `t`, `f`, `n`, or a number as `#`, sign, significant digits, `e`, exponent, `;`.
    private mutating func writeWord() {
        let start = self.scanner.position
        self.scanner.skipValue()
        let text = UnsafeBufferPointer(rebasing: self.buffer[start..<self.scanner.position])
        guard let first = text.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
            self.output.append(text.first ?? UInt8(ascii: "n"))
            return
        }
        self.output.append(UInt8(ascii: "#"))
        let signStart = self.output.count
        if first == UInt8(ascii: "-") { self.output.append(first) }
        let digitsStart = self.output.count
        var exponent = 0
        var isFraction = false
        var index = 0
        while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
            let byte = text[index]
            if byte == UInt8(ascii: ".") { isFraction = true }
            if (0x30...0x39).contains(byte) {
                if isFraction { exponent -= 1 }
                if self.output.count > digitsStart || byte != 0x30 { self.output.append(byte) }
            }
            index += 1
        }
        while self.output.count > digitsStart, self.output.last == 0x30 {
            self.output.removeLast()
            exponent += 1
        }
        if self.output.count > digitsStart {
            self.output.append(UInt8(ascii: "e"))
            self.writeExponent(exponent, and: text[min(index + 1, text.count)...])
        } else {
            // Nothing but zeros has no sign.
            self.output.removeSubrange(signStart...)
        }
        self.output.append(UInt8(ascii: ";"))
    }

    /// The sum of the exponent that follows from the digits and the one that was written, if any.
    private mutating func writeExponent(_ exponent: Int, and written: Slice<UnsafeBufferPointer<UInt8>>) {
        guard !written.isEmpty else { return self.writeDecimal(exponent) }
        let written = String(decoding: written, as: UTF8.self)
        // An exponent past the range of Int keeps its own digits beside the shift: still one spelling, one value.
        guard let value = Int(written) else {
            self.output.append(contentsOf: "\(exponent)+\(written)".utf8)
            return
        }
        let (sum, overflow) = exponent.addingReportingOverflow(value)
        self.output.append(contentsOf: (overflow ? "\(exponent)+\(value)" : "\(sum)").utf8)
    }
}
