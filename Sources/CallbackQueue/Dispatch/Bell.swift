internal import Synchronization

/// Wakes one loop. Rings while nobody waits are remembered as one.
final class Bell: Sendable {
    /// What the loop iterates; ends after `close`.
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let closed = Atomic(false)

    init() {
        (self.rings, self.continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether `close` was called. A ring from before it may still come, because the stream hands out what it holds.
    var isClosed: Bool { self.closed.load(ordering: .acquiring) }

    func ring() { self.continuation.yield() }

    func close() {
        self.closed.store(true, ordering: .releasing)
        self.continuation.finish()
    }
}
