/// Cuts what is read into lines. Of a line that is too long one byte more than the limit is kept, so that it shows.
struct LineReader {
    private let limit: Int
    private var line: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes what was read and hands out the lines that end in it, without their line breaks. Empty ones are left out.
    mutating func read(_ buffer: UnsafeRawBufferPointer, _ take: ([UInt8]) -> Void) {
        var rest = buffer[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            self.line += rest[..<(end ?? rest.endIndex)].prefix(self.limit + 1 - self.line.count)
            guard let end else { return }
            if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
            if !self.line.isEmpty { take(self.line) }
            self.line = []
            rest = rest[(end + 1)...]
        }
    }
}
