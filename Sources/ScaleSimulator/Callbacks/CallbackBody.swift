import AsyncHTTPClient
import NIOCore

/// The bytes of a callback, padded on the way when it shall be huge.
struct CallbackBody: Sendable {
    let json: JSON

    /// The body has at least so many bytes.
    let paddedTo: Int

    /// The body for the client; a padded one never is in memory as a whole.
    var requestBody: HTTPClientRequest.Body {
        let bytes = self.json.utf8
        guard bytes.count < self.paddedTo, bytes.last == UInt8(ascii: "}") else {
            return .bytes(ByteBuffer(bytes: bytes))
        }
        // One member more: the body stays JSON, and receivers that can hold it lose nothing.
        let head = Array(bytes.dropLast()) + Array(#","padding":""#.utf8)
        let tail = Array(#""}"#.utf8)
        let padding = max(0, self.paddedTo - head.count - tail.count)
        return .stream(
            Chunks(head: head, padding: padding, tail: tail),
            length: .known(Int64(head.count + padding + tail.count))
        )
    }

    /// The beginning, then padding piece by piece, then the end.
    private struct Chunks: AsyncSequence, AsyncIteratorProtocol, Sendable {
        private static let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1024)

        var head: [UInt8]
        var padding: Int
        var tail: [UInt8]

        func makeAsyncIterator() -> Chunks { self }

        mutating func next() async -> ByteBuffer? {
            if !self.head.isEmpty {
                defer { self.head = [] }
                return ByteBuffer(bytes: self.head)
            }
            if let piece = Self.piece.getSlice(at: 0, length: Swift.min(self.padding, Self.piece.readableBytes)),
                piece.readableBytes > 0
            {
                self.padding -= piece.readableBytes
                return piece
            }
            guard !self.tail.isEmpty else { return nil }
            defer { self.tail = [] }
            return ByteBuffer(bytes: self.tail)
        }
    }
}
