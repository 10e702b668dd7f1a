import Foundation

/// Takes a `multipart/form-data` body (RFC 7578) apart, chunk by chunk, so that no file is ever held in memory.
///
/// It holds at most the head of one part and one delimiter's length of its body, whatever comes.
struct MultipartReader {
    /// What a chunk brought to light.
    enum Event {
        /// A part begins.
        case part(MultipartHead)

        /// More bytes of the part that began last.
        case bytes(ArraySlice<UInt8>)
    }

    private enum State {
        /// Before the first delimiter; counts the bytes that are skipped.
        case preamble(Int)

        /// Behind a delimiter: another part follows, or the end.
        case delimiter

        case head
        case body

        /// The closing delimiter was read; the rest is ignored.
        case closed
    }

    /// The most bytes that the head of a part, or what stands before the first part, may take.
    static let maximumHeadBytes = 8 * 1024

    private let delimiter: [UInt8]
    private let maximumParts: Int
    private var parts = 0
    private var state = State.preamble(0)

    /// Bytes not yet understood. The first delimiter needs no line break before it, so one is put there.
    private var buffer: [UInt8] = [0x0D, 0x0A]

    /// - Parameters:
    ///   - contentType: The header of the request, which names the boundary.
    ///   - maximumParts: More parts are a 400.
    /// - Throws: 400 when it is no multipart form or its boundary is missing or not allowed.
    init(contentType: String?, maximumParts: Int) throws(APIError) {
        guard let contentType, let type = HeaderValue(contentType), type.value == "multipart/form-data" else {
            throw .badRequest("The body must be multipart/form-data.")
        }
        guard let boundary = type["boundary"], (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !boundary.hasSuffix(" ")
        else { throw .badRequest("The multipart boundary is missing or not valid.") }
        self.delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + Array(boundary.utf8)
        self.maximumParts = maximumParts
    }

    /// Reads one chunk and reports what it holds.
    ///
    /// - Throws: 400 for a body that is not as it should be, and whatever `report` throws.
    mutating func read(
        _ chunk: some Sequence<UInt8>,
        _ report: (Event) throws(APIError) -> Void
    ) throws(APIError) {
        if case .closed = self.state { return }
        self.buffer.append(contentsOf: chunk)
        var start = 0
        while let next = try self.step(from: start, report) { start = next }
        if start > 0 { self.buffer.removeFirst(start) }
    }

    /// Says that the body has ended.
    ///
    /// - Throws: 400 when it ended too early.
    func finish() throws(APIError) {
        guard case .closed = self.state else { throw .badRequest("The multipart body ends too early.") }
    }

    /// Understands one thing that begins at `start` and says where the next begins; nil when more bytes are needed.
    ///
    /// Everything before the place it returned last is dropped from the buffer.
    private mutating func step(
        from start: Int,
        _ report: (Event) throws(APIError) -> Void
    ) throws(APIError) -> Int? {
        let rest = self.buffer[start...]
        switch self.state {
        case .preamble(let skipped):
            guard skipped + rest.count <= Self.maximumHeadBytes || self.place(of: self.delimiter, from: start) != nil
            else { throw .badRequest("The multipart body does not begin with its boundary.") }
            guard let place = self.place(of: self.delimiter, from: start) else {
                let keep = min(rest.count, self.delimiter.count - 1)
                self.state = .preamble(skipped + rest.count - keep)
                return rest.count > keep ? self.buffer.count - keep : nil
            }
            self.state = .delimiter
            return place + self.delimiter.count
        case .delimiter:
            return try self.afterDelimiter(start)
        case .head:
            return try self.head(start, report)
        case .body:
            if let place = self.place(of: self.delimiter, from: start) {
                if place > start { try report(.bytes(self.buffer[start..<place])) }
                self.state = .delimiter
                return place + self.delimiter.count
            }
            // The last bytes may be the beginning of a delimiter.
            let end = self.buffer.count - (self.delimiter.count - 1)
            guard end > start else { return nil }
            try report(.bytes(self.buffer[start..<end]))
            return end
        case .closed:
            return start < self.buffer.count ? self.buffer.count : nil
        }
    }

    private mutating func afterDelimiter(_ start: Int) throws(APIError) -> Int? {
        let rest = self.buffer[start...]
        if rest.prefix(2).elementsEqual([0x2D, 0x2D]) {
            self.state = .closed
            return start + 2
        }
        // Blanks may follow the boundary on its line.
        let padding = rest.prefix { $0 == 0x20 || $0 == 0x09 }.count
        let line = rest.dropFirst(padding)
        guard padding <= 64, line.isEmpty || line.first == 0x0D || (line.first == 0x2D && padding == 0),
            line.count < 2 || line.prefix(2).elementsEqual([0x0D, 0x0A])
        else { throw .badRequest("The multipart body has something behind a boundary.") }
        guard line.count >= 2 else { return nil }
        self.parts += 1
        guard self.parts <= self.maximumParts else {
            throw .badRequest("The multipart body has more than \(self.maximumParts) parts.")
        }
        self.state = .head
        // The line break stays: a part without a head has its empty line at once.
        return start + padding
    }

    private mutating func head(
        _ start: Int,
        _ report: (Event) throws(APIError) -> Void
    ) throws(APIError) -> Int? {
        guard let end = self.place(of: [0x0D, 0x0A, 0x0D, 0x0A], from: start), end - start <= Self.maximumHeadBytes
        else {
            guard self.buffer.count - start <= Self.maximumHeadBytes else {
                throw .badRequest("A multipart part has a head without end.")
            }
            return nil
        }
        guard let text = String(validating: self.buffer[start..<end], as: UTF8.self) else {
            throw .badRequest("A multipart part has a head that is not UTF-8.")
        }
        try report(.part(try MultipartHead(text)))
        self.state = .body
        return end + 4
    }

    /// Where a row of bytes is found first; jumps from one carriage return to the next.
    private func place(of row: [UInt8], from start: Int) -> Int? {
        self.buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var place = start
            while place + row.count <= bytes.count {
                guard let found = memchr(base + place, 0x0D, bytes.count - row.count + 1 - place) else { return nil }
                let candidate = UnsafeRawPointer(found)
                if row.withUnsafeBytes({ memcmp(candidate, $0.baseAddress ?? candidate, row.count) }) == 0 {
                    return candidate - base
                }
                place = candidate - base + 1
            }
            return nil
        }
    }
}
