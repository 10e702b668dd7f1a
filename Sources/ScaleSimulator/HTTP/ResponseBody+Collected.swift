import Hummingbird
import NIOCore
import Synchronization

extension ResponseBody {
    /// All the bytes that would have been sent.
    func collected() async throws -> ByteBuffer {
        let collector = Collector()
        try await self.write(collector)
        return collector.buffer.withLock { $0 }
    }
}

/// Takes the place of a connection.
private final class Collector: ResponseBodyWriter {
    let buffer = Mutex(ByteBuffer())

    func write(_ buffer: ByteBuffer) async throws {
        self.buffer.withLock { _ = $0.writeImmutableBuffer(buffer) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
