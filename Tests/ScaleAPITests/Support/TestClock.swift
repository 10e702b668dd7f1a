import Synchronization

/// A clock that never waits: sleeping moves it on and is written down.
final class TestClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Swift.Duration

        func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Swift.Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleeps: [Swift.Duration] = []
    }

    private let state = Mutex(State())
    private let onSleep: @Sendable (Swift.Duration) -> Void

    init(onSleep: @escaping @Sendable (Swift.Duration) -> Void = { _ in }) { self.onSleep = onSleep }

    var now: Instant { self.state.withLock(\.now) }
    var minimumResolution: Swift.Duration { .nanoseconds(1) }
    /// Every wait so far.
    var sleeps: [Swift.Duration] { self.state.withLock(\.sleeps) }

    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        try Task.checkCancellation()
        let wait = self.state.withLock { state in
            let wait = state.now.duration(to: deadline)
            state.sleeps.append(wait)
            state.now = max(state.now, deadline)
            return wait
        }
        self.onSleep(wait)
    }
}
