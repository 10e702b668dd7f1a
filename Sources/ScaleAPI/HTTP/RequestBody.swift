import NIOCore
import Synchronization

/// Notes when the last piece of a request's body is asked for, which is after its connection is made.
///
/// Until then Scale has at most a message that is incomplete by its own length, and cannot have acted on that.
final class Sending: Sendable {
    private let begun = Atomic(false)

    /// Whether the whole request may be with Scale.
    var mayBeComplete: Bool { self.begun.load(ordering: .acquiring) }

    func complete() { self.begun.store(true, ordering: .releasing) }
}

/// The body of one attempt, whose length is known before it is sent.
///
/// Files are read piece by piece as the connection takes them.
struct RequestBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// A part of the body.
    enum Segment: Sendable {
        case bytes(ByteBuffer)
        case file(InputFile)
    }

    /// How much of a file is held at a time.
    static let chunkBytes: Int64 = 128 << 10

    let segments: [Segment]
    let sending: Sending

    /// Bytes in all.
    var length: Int64 {
        self.segments.reduce(0) { length, segment in
            switch segment {
            case .bytes(let buffer): length + Int64(buffer.readableBytes)
            case .file(let file): length + file.size
            }
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(segments: self.segments, sending: self.sending) }

    struct Iterator: AsyncIteratorProtocol {
        private var segments: ArraySlice<Segment>
        private var offset: Int64 = 0
        private let sending: Sending

        init(segments: [Segment], sending: Sending) {
            self.segments = segments[...]
            self.sending = sending
        }

        mutating func next() async throws -> ByteBuffer? {
            while let segment = self.segments.first {
                switch segment {
                case .bytes(let buffer):
                    self.segments.removeFirst()
                    if self.segments.isEmpty { self.sending.complete() }
                    return buffer
                case .file(let file):
                    if let chunk = try await self.chunk(of: file) { return chunk }
                    self.segments.removeFirst()
                    self.offset = 0
                }
            }
            return nil
        }

        /// The next piece; nil at the end of a file that is still what it was.
        private mutating func chunk(of file: InputFile) async throws -> ByteBuffer? {
            let length = Swift.min(RequestBody.chunkBytes, file.size - self.offset)
            guard length > 0 else {
                try await file.checkUnchanged()
                return nil
            }
            let chunk = try await file.read(at: self.offset, count: Int(length))
            self.offset += Int64(chunk.readableBytes)
            return chunk
        }
    }
}
