/// Writes the canonical bytes of one value of a checked text.
struct CanonicalWriter: ~Copyable {
    private static let digestThreshold = 4096
    /// A list is hashed on the way as soon as it has grown past this.
    private static let heldBytes = 64 << 10
    /// Up to so many members are put in order as they come.
    private static let fewMembers = 16

    let buffer: UnsafeBufferPointer<UInt8>
    var scanner: JSONScanner
    let makeDigest: () -> any JSONDigest
    private(set) var output: ByteOutput
    /// The members of the objects that are being written, those of the innermost last.
    private var members: [CanonicalMember] = []

    init(
        buffer: UnsafeBufferPointer<UInt8>,
        scanner: JSONScanner,
        makeDigest: @escaping () -> any JSONDigest
    ) {
        self.buffer = buffer
        self.scanner = scanner
        self.makeDigest = makeDigest
        self.output = ByteOutput(capacity: min(buffer.count - scanner.position, 2 * Self.digestThreshold))
        self.members.reserveCapacity(Self.fewMembers)
    }

    mutating func writeValue() {
        let outputStart = self.output.count
        switch self.scanner.peek() {
        case UInt8(ascii: "\""):
            self.writeString()
            return
        case UInt8(ascii: "{"): self.writeObject()
        case UInt8(ascii: "["): self.writeArray()
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
        digest.withUnsafeBytes { self.output.append($0) }
    }

    private mutating func moveOutput(from start: Int, into digest: inout any JSONDigest) {
        digest.update(UnsafeRawBufferPointer(rebasing: self.output.bytes[start...]))
        self.output.removeAll(from: start)
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
        var isInOrder = true
        while self.scanner.peek() == UInt8(ascii: "\"") {
            let start = self.output.count
            self.writeString()
            let keyEnd = self.output.count
            self.scanner.skipPunctuation()
            self.writeValue()
            self.scanner.skipPunctuation()
            let member = CanonicalMember(start: start, keyEnd: keyEnd, end: self.output.count, in: self.output.bytes)
            if isInOrder, self.members.count > membersStart {
                isInOrder = !member.precedes(self.members[self.members.count - 1], in: self.output.bytes)
            }
            self.members.append(member)
        }
        self.scanner.leaveContainer()
        if !isInOrder {
            self.putInOrder(from: membersStart)
            let outputEnd = self.output.count
            for member in self.members[membersStart...] { self.output.append(copyOf: member.start..<member.end) }
            self.output.remove(outputStart..<outputEnd)
        }
        self.members.removeLast(self.members.count - membersStart)
        self.output.append(UInt8(ascii: "}"))
    }

    /// Puts members in the order of their keys, equal ones in the order they came in.
    private mutating func putInOrder(from start: Int) {
        let output = self.output.bytes
        guard self.members.count - start <= Self.fewMembers else {
            // As they came in, they stand one behind the other.
            self.members[start...]
                .sort { left, right in
                    if left.precedes(right, in: output) { return true }
                    return !right.precedes(left, in: output) && left.start < right.start
                }
            return
        }
        self.members.withUnsafeMutableBufferPointer { members in
            for index in start + 1..<members.count {
                let member = members[index]
                var place = index
                while place > start, member.precedes(members[place - 1], in: output) {
                    members[place] = members[place - 1]
                    place -= 1
                }
                members[place] = member
            }
        }
    }

    /// A string as its length in bytes, a quote, and its bytes with all escapes resolved.
    private mutating func writeString() {
        let start = self.scanner.position + 1
        let hasEscape = self.scanner.skipString()
        let inside = UnsafeBufferPointer(rebasing: self.buffer[start..<self.scanner.position - 1])
        guard hasEscape else {
            self.write(string: UnsafeRawBufferPointer(inside))
            return
        }
        JSONText.unescaped(inside, keepingSurrogates: true).withUnsafeBytes { self.write(string: $0) }
    }

    @inline(__always)
    private mutating func write(string: UnsafeRawBufferPointer) {
        self.output.append(decimal: string.count)
        self.output.append(UInt8(ascii: "\""))
        self.output.append(string)
    }

    /// `t`, `f`, `n`, or a number as `#`, sign, significant digits, `e`, exponent, `;`.
    private mutating func writeWord() {
        let start = self.scanner.position
        self.scanner.skipWord()
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
            if byte &- 0x30 < 10 {
                if isFraction { exponent -= 1 }
                if self.output.count > digitsStart || byte != 0x30 { self.output.append(byte) }
            }
            index += 1
        }
        exponent += self.output.removeTrailing(0x30, downTo: digitsStart)
        if self.output.count > digitsStart {
            self.output.append(UInt8(ascii: "e"))
            self.writeExponent(exponent, and: text[min(index + 1, text.count)...])
        } else {
            // Nothing but zeros has no sign.
            self.output.removeAll(from: signStart)
        }
        self.output.append(UInt8(ascii: ";"))
    }

    /// The sum of the exponent that follows from the digits and the one that was written, if any.
    private mutating func writeExponent(_ exponent: Int, and written: Slice<UnsafeBufferPointer<UInt8>>) {
        guard !written.isEmpty else { return self.output.append(decimal: exponent) }
        let written = String(decoding: written, as: UTF8.self)
        // An exponent past the range of Int keeps its own digits beside the shift: still one spelling, one value.
        guard let value = Int(written) else { return self.write(text: "\(exponent)+\(written)") }
        let (sum, overflow) = exponent.addingReportingOverflow(value)
        self.write(text: overflow ? "\(exponent)+\(value)" : "\(sum)")
    }

    private mutating func write(text: String) {
        for byte in text.utf8 { self.output.append(byte) }
    }
}

/// A member of an object among the canonical bytes.
struct CanonicalMember {
    let start: Int
    let keyEnd: Int
    let end: Int
    /// The first eight bytes of the key, the first of them highest: most keys differ in these.
    private let prefix: UInt64

    init(start: Int, keyEnd: Int, end: Int, in output: UnsafeRawBufferPointer) {
        self.start = start
        self.keyEnd = keyEnd
        self.end = end
        var prefix: UInt64 = 0
        if start + 8 <= output.count {
            prefix = UInt64(bigEndian: output.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            let surplus = 8 * (8 - min(8, keyEnd - start))
            prefix = (prefix >> UInt64(surplus)) << UInt64(surplus)
        } else {
            for (index, byte) in output[start..<min(keyEnd, start + 8)].enumerated() {
                prefix |= UInt64(byte) << UInt64(56 - 8 * index)
            }
        }
        self.prefix = prefix
    }

    /// Whether its key stands before that of another member in lexicographic order. No key is the beginning of another.
    @inline(__always)
    func precedes(_ other: Self, in output: UnsafeRawBufferPointer) -> Bool {
        guard self.prefix == other.prefix else { return self.prefix < other.prefix }
        return output[self.start..<self.keyEnd].lexicographicallyPrecedes(output[other.start..<other.keyEnd])
    }
}
