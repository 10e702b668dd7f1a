import Synchronization

/// A clock that stands still: who sleeps wakes only when cancelled.
final class StillClock: Clock, Sendable {
    private let recorded = Mutex<[Swift.Duration]>([])

    let now = TestClock.Instant(offset: .zero)
    var minimumResolution: Swift.Duration { .nanoseconds(1) }
    /// What everybody asked for, in order.
    var sleeps: [Swift.Duration] { self.recorded.withLock { $0 } }

    func sleep(until deadline: TestClock.Instant, tolerance: Swift.Duration?) async throws {
        self.recorded.withLock { $0.append(deadline.offset) }
        try await Task.sleep(for: .seconds(3600))
    }

    /// Returns when this many have gone to sleep.
    func untilSleepers(_ count: Int) async throws {
        while self.sleeps.count < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
