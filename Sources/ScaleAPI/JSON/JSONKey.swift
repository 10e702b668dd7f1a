/// Where the key of a member stands in a text, without its quotes.
struct JSONKey {
    let start: Int
    let end: Int
    /// Whether it is ASCII without escapes: equal to another such key when the bytes are.
    let isPlain: Bool

    func name(in bytes: UnsafeBufferPointer<UInt8>) -> String {
        JSONText.string(bytes[self.start - 1..<self.end + 1], hasEscape: !self.isPlain)
    }

    func text(in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[self.start..<self.end])
    }

    /// Whether this is the key `name`, which is ASCII.
    func isEqual(to name: StaticString, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard self.isPlain else { return self.name(in: bytes) == name.description }
        return Self.areEqual(self.text(in: bytes), name.text)
    }

    static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        left.count == right.count && left.elementsEqual(right)
    }

    /// Equal for equal texts, and seldom for others: made of the length, the first, a middle and the last byte.
    @inline(__always)
    static func signature(of text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        guard text.count > 0 else { return 0 }
        let length = UInt32(truncatingIfNeeded: text.count)
        let ends = UInt32(text[0]) << 8 | UInt32(text[text.count - 1])
        return length << 24 | UInt32(text[text.count / 2]) << 16 | ends
    }
}

extension StaticString {
    /// The UTF-8 of a name written with more than one character.
    var text: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: self.utf8Start, count: self.utf8CodeUnitCount)
    }
}

/// Learns of the keys of a text while it is checked.
protocol JSONKeyObserver {
    /// A key was found, in an object at this depth: the outermost has 1.
    mutating func note(_ key: JSONKey, valueAt start: Int, depth: Int, in bytes: UnsafeBufferPointer<UInt8>)
}

/// For those who want a text checked and nothing else.
struct JSONNoObserver: JSONKeyObserver {
    @inline(__always)
    mutating func note(_ key: JSONKey, valueAt start: Int, depth: Int, in bytes: UnsafeBufferPointer<UInt8>) {}
}
