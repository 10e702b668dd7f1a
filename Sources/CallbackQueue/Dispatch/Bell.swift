internal import Synchronization

/// Wakes one loop. Rings while nobody waits are remembered as one.
final class Bell: Sendable {
    /// What the loop iterates; ends after `close`.
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let closed = Atomic(false)
    private let alarmed = Atomic(false)

    init() {
        (self.rings, self.continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether `close` was called. A ring from before it may still come, because the stream hands out what it holds.
    var isClosed: Bool { self.closed.load(ordering: .acquiring) }

    func ring() { self.continuation.yield() }

    /// Rings because anything may have changed, also whether the handler is held.
    func alarm() {
        self.alarmed.store(true, ordering: .releasing)
        self.ring()
    }

    /// Whether there was an alarm since the last call.
    func takeAlarm() -> Bool { self.alarmed.exchange(false, ordering: .acquiringAndReleasing) }

    func close() {
        self.closed.store(true, ordering: .releasing)
        self.continuation.finish()
    }
}
