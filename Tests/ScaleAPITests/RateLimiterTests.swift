import Synchronization
import Testing

@testable import ScaleAPI

@Suite(.timeLimit(.minutes(1))) struct RateLimiterTests {
    private func surroundings(_ clock: TestClock) -> Surroundings {
        Surroundings(clock: clock, now: { 0 }, random: { 0 })
    }

    @Test(arguments: [nil, 0, -1, Double.nan, .infinity])
    func `without a sensible rate nobody waits`(rate: Double?) async throws {
        let clock = TestClock()
        let limiter = RateLimiter(requestsPerSecond: rate, surroundings: self.surroundings(clock))
        for _ in 0..<10 { try await limiter.waitForTurn() }
        #expect(clock.sleeps.isEmpty)
    }

    @Test func `a rate of next to nothing does not overflow`() async throws {
        let clock = TestClock()
        let limiter = RateLimiter(requestsPerSecond: 1e-300, surroundings: self.surroundings(clock))
        for _ in 0..<3 { try await limiter.waitForTurn() }
        #expect(clock.sleeps == [.seconds(86_400), .seconds(86_400)])
    }

    @Test func `a pause that begins while someone waits holds that one too`() async throws {
        let limiter = Mutex<RateLimiter?>(nil)
        let clock = TestClock { wait in
            // During the first wait Scale asks everyone to pause.
            if wait == .seconds(1) { limiter.withLock { $0 }?.pause(for: .seconds(10)) }
        }
        let made = RateLimiter(requestsPerSecond: 1, surroundings: self.surroundings(clock))
        limiter.withLock { $0 = made }
        try await made.waitForTurn()
        try await made.waitForTurn()
        #expect(clock.sleeps == [.seconds(1), .seconds(10)])
    }

    @Test func `two callers who wait both wait until the pause is over`() async throws {
        let clock = StillClock()
        let limiter = RateLimiter(
            requestsPerSecond: nil,
            surroundings: Surroundings(clock: clock, now: { 0 }, random: { 0 })
        )
        limiter.pause { _ in .seconds(40) }
        #expect(limiter.pauseLeft == .seconds(40))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { try? await limiter.waitForTurn() } }
            try? await clock.untilSleepers(2)
            group.cancelAll()
        }
        #expect(clock.sleeps == [.seconds(40), .seconds(40)])
    }

    @Test func `pauses grow until a request is accepted, and not by what was on its way already`() async throws {
        let clock = TestClock()
        let limiter = RateLimiter(requestsPerSecond: nil, surroundings: self.surroundings(clock))
        let grow: (Int) -> Duration = { .seconds(1 << $0) }
        for _ in 0..<3 {
            // Three were under way and are all refused.
            for _ in 0..<3 { limiter.pause(growing: grow) }
            try await limiter.waitForTurn()
        }
        #expect(clock.sleeps == [.seconds(1), .seconds(2), .seconds(4)])
        limiter.accepted()
        limiter.pause(growing: grow)
        try await limiter.waitForTurn()
        #expect(clock.sleeps.last == .seconds(1))
    }

    @Test func `a shorter pause does not end a longer one`() async throws {
        let clock = TestClock()
        let limiter = RateLimiter(requestsPerSecond: nil, surroundings: self.surroundings(clock))
        limiter.pause(for: .seconds(10))
        limiter.pause(for: .seconds(1))
        try await limiter.waitForTurn()
        #expect(clock.sleeps == [.seconds(10)])
    }

    @Test func `callers who give up make room for those who come after them`() async throws {
        let clock = StillClock()
        let surroundings = Surroundings(clock: clock, now: { 0 }, random: { 0 })
        let limiter = RateLimiter(requestsPerSecond: 1, surroundings: surroundings)
        try await limiter.waitForTurn()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await limiter.waitForTurn() }
            try await clock.untilSleepers(1)
            group.addTask { try await limiter.waitForTurn() }
            try await clock.untilSleepers(2)
            // Both wait, for 1 and 2. A third gives up; who comes then waits for 3 and not for 4.
            for expected in [3, 4] {
                let waiting = Task { try await limiter.waitForTurn() }
                try await clock.untilSleepers(expected)
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            #expect(clock.sleeps == [.seconds(1), .seconds(2), .seconds(3), .seconds(3)])
            group.cancelAll()
        }
        // The first two gave up as well, in whatever order.
        let last = Task { try await limiter.waitForTurn() }
        try await clock.untilSleepers(5)
        #expect(clock.sleeps.last == .seconds(1))
        last.cancel()
    }

    @Test func `a turn given back in the middle goes to the next caller`() async throws {
        let clock = StillClock()
        let surroundings = Surroundings(clock: clock, now: { 0 }, random: { 0 })
        let limiter = RateLimiter(requestsPerSecond: 1, surroundings: surroundings)
        try await limiter.waitForTurn()
        var waiting: [Task<Void, any Error>] = []
        for count in 1...3 {
            waiting.append(Task { try await limiter.waitForTurn() })
            try await clock.untilSleepers(count)
        }
        waiting[1].cancel()
        _ = await waiting[1].result
        for count in 4...5 {
            waiting.append(Task { try await limiter.waitForTurn() })
            try await clock.untilSleepers(count)
        }
        #expect(clock.sleeps == [1, 2, 3, 2, 4].map { .seconds($0) })
        for task in waiting { task.cancel() }
    }

    @Test func `delays double up to the maximum and shrink with chance`() {
        let policy = RetryPolicy(attempts: 9, firstDelay: .milliseconds(500), maximumDelay: .seconds(30))
        let longest = [0, 1, 2, 5, 6, 7, 1000, Int.max]
            .map {
                policy.delay(beforeRepeat: $0, retryAfter: nil, random: 1)
            }
        #expect(
            longest == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(16)]
                + Array(repeating: .seconds(30), count: 4)
        )
        let endless = RetryPolicy(firstDelay: .seconds(Int64.max), maximumDelay: .seconds(Int64.max))
        #expect(endless.delay(beforeRepeat: 9, retryAfter: nil, random: 0) == .zero)
        #expect(policy.delay(beforeRepeat: 3, retryAfter: nil, random: 0) == .zero)
        #expect(policy.delay(beforeRepeat: 3, retryAfter: nil, random: 0.25) == .seconds(1))
        #expect(policy.delay(beforeRepeat: 3, retryAfter: .seconds(7), random: 0) == .seconds(7))
    }
}
