/// The end of what a program wrote; the beginning of much is forgotten.
struct Tail: Sendable {
    private static let limit = 64 << 10

    private var bytes: [UInt8] = []

    /// Adds what was read.
    mutating func append(_ buffer: UnsafeRawBufferPointer) {
        self.bytes += buffer.suffix(Self.limit)
        // Seldom, so that little is moved.
        if self.bytes.count > 2 * Self.limit { self.bytes.removeFirst(self.bytes.count - Self.limit) }
    }

    /// The last line that is not blank, for people; empty when there is none.
    var lastLine: String {
        for line in self.bytes.suffix(Self.limit).split(separator: UInt8(ascii: "\n")).reversed() {
            let text = String(excerptOf: line, limit: 500)
            if !text.isEmpty { return text }
        }
        return ""
    }

    /// The last of it for the record, lines and all.
    func text(limit: Int = 2000) -> String {
        String(decoding: self.bytes.suffix(limit), as: UTF8.self)
    }
}
