import Synchronization

/// Spaces out the requests of all copies of one client, and holds them all back while Scale asks for a pause.
final class RateLimiter: Sendable {
    private struct State {
        /// The earliest start of the next request.
        var next: Duration = .zero
        /// Nothing starts before this.
        var notBefore: Duration = .zero
        /// How many pauses came without an accepted request in between.
        var pauses = 0
        /// Turns that were given back by callers who were cancelled, all before `next`.
        var returned: [Duration] = []
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

    /// Waits for this caller's turn; throws when the task is cancelled, and then another caller may have the turn.
    func waitForTurn() async throws {
        while true {
            let turn = self.takeTurn()
            let wait = turn - self.surroundings.elapsed()
            do {
                if wait > .zero { try await self.surroundings.sleep(wait) }
                try Task.checkCancellation()
            } catch {
                self.giveBack(turn)
                throw error
            }
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

    /// Holds back every request because Scale asked for fewer: longer each time, until a request is accepted.
    ///
    /// Refusals of requests that were on their way already when the pause began make it no longer.
    ///
    /// - Parameter delay: How long, given how many pauses came before.
    func pause(growing delay: (Int) -> Duration) {
        let now = self.surroundings.elapsed()
        self.state.withLock { state in
            let isNew = state.notBefore <= now
            let length = delay(isNew ? state.pauses : max(0, state.pauses - 1))
            if isNew { state.pauses += 1 }
            state.notBefore = max(state.notBefore, now + length)
        }
    }

    /// Notes that Scale accepted a request.
    func accepted() { self.state.withLock { $0.pauses = 0 } }

    /// How long nothing may start from now on.
    var pauseLeft: Duration {
        let now = self.surroundings.elapsed()
        return self.state.withLock { max(.zero, $0.notBefore - now) }
    }

    private func takeTurn() -> Duration {
        let now = self.surroundings.elapsed()
        return self.state.withLock { state in
            let earliest = max(now, state.notBefore)
            state.returned.removeAll { $0 < earliest }
            if let index = state.returned.indices.min(by: { state.returned[$0] < state.returned[$1] }) {
                return state.returned.remove(at: index)
            }
            let turn = max(earliest, state.next)
            state.next = turn + self.interval
            return turn
        }
    }

    /// Lets somebody else have a turn, so that callers who give up do not hold back those who come after them.
    private func giveBack(_ turn: Duration) {
        guard self.interval > .zero else { return }
        self.state.withLock { state in
            state.returned.append(turn)
            // What is given back at the end of the line shortens it.
            while let index = state.returned.firstIndex(of: state.next - self.interval) {
                state.next = state.returned.remove(at: index)
            }
        }
    }
}
