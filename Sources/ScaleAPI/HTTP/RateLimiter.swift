import Synchronization

/// Spaces out the requests of all copies of one client, and holds them all back while Scale asks for a pause.
final class RateLimiter: Sendable {
    private struct State {
        /// The earliest start of the next request.
        var next: Duration = .zero
        /// Nothing starts before this.
        var notBefore: Duration = .zero
    }

    private let interval: Duration
    private let surroundings: Surroundings
    private let state = Mutex(State())

    /// A limiter; without `requestsPerSecond`, or with one that is not a positive number, only pauses hold back.
    init(requestsPerSecond: Double?, surroundings: Surroundings) {
        // The bound keeps the interval within a day and so far from overflow.
        let rate = requestsPerSecond.flatMap { $0 > 0 ? max($0, 1.0 / 86_400) : nil }
        self.interval = rate.map { .seconds(1.0 / $0) } ?? .zero
        self.surroundings = surroundings
    }

    /// Waits for this caller's turn; throws when the task is cancelled.
    func waitForTurn() async throws {
        while true {
            let turn = self.takeTurn()
            let wait = turn - self.surroundings.elapsed()
            if wait > .zero { try await self.surroundings.sleep(wait) }
            try Task.checkCancellation()
            // A pause may have begun while we slept: our turn is void then, and we take a new one behind it.
            if self.state.withLock({ $0.notBefore <= turn }) { return }
        }
    }

    /// Holds back every request that has not started yet.
    func pause(for duration: Duration) {
        let end = self.surroundings.elapsed() + duration
        self.state.withLock { state in
            state.notBefore = max(state.notBefore, end)
        }
    }

    private func takeTurn() -> Duration {
        let now = self.surroundings.elapsed()
        return self.state.withLock { state in
            let turn = max(now, state.next, state.notBefore)
            state.next = turn + self.interval
            return turn
        }
    }
}
