import Callbacks
import Testing

@Suite struct BackoffTests {
    @Test(
        arguments: [
            (0, 1.0, 2.0), (1, 1, 2), (2, 2, 4), (3, 4, 8), (4, 8, 16), (11, 1024, 2048), (12, 1800, 3600),
            (13, 1800, 3600), (19, 1800, 3600),
        ]
    )
    func `a delay lies between half its bound and its bound`(failures: Int, shortest: Double, longest: Double) throws {
        var delays: Set<Duration> = []
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let delay = try #require(Backoff().delay(afterFailures: failures, using: &generator))
            #expect(delay >= .seconds(shortest) && delay <= .seconds(longest), "seed \(seed): \(delay)")
            delays.insert(delay)
        }
        #expect(delays.count > 150, "drawn, not fixed")
    }

    @Test func `the attempts are used up after their number`() {
        var generator = SeededGenerator(seed: 1)
        #expect(Backoff().delay(afterFailures: 19, using: &generator) != nil)
        #expect(Backoff().delay(afterFailures: 20, using: &generator) == nil)
        #expect(Backoff().delay(afterFailures: .max, using: &generator) == nil)
        #expect(Backoff(maximumAttempts: 1).delay(afterFailures: 1, using: &generator) == nil)
    }

    @Test func `a floor lengthens a delay and never shortens it`() throws {
        for seed in 0..<100 as Range<UInt64> {
            func delay(atLeast floor: Duration?) throws -> Duration {
                var generator = SeededGenerator(seed: seed)
                return try #require(Backoff().delay(afterFailures: 3, atLeast: floor, using: &generator))
            }
            let plain = try delay(atLeast: nil)
            #expect(try delay(atLeast: .seconds(3)) == plain)
            #expect(try delay(atLeast: .seconds(-3)) == plain)
            #expect(try delay(atLeast: .seconds(6)) == max(plain, .seconds(6)))
            #expect(try delay(atLeast: .seconds(7200)) == .seconds(7200))
        }
    }

    @Test func `a bound for ever and a huge number of failures do not overflow`() throws {
        let backoff = Backoff(firstDelay: .seconds(1), maximumDelay: .seconds(86_400), maximumAttempts: .max)
        var generator = SeededGenerator(seed: 7)
        let delay = try #require(backoff.delay(afterFailures: .max - 1, using: &generator))
        #expect(delay >= .seconds(43_200) && delay <= .seconds(86_400))
        let none = try #require(Backoff(firstDelay: .zero).delay(afterFailures: 5, using: &generator))
        #expect(none == .zero)
    }

    @Test(
        arguments: [
            (Duration.milliseconds(1), Int64(1)), (.microseconds(1999), 1), (.seconds(3600), 3_600_000), (.zero, 0),
            (.seconds(Int64.max), Int64.max), (.seconds(Int64.min), Int64.min),
        ]
    )
    func `milliseconds are whole and stop at the ends of their range`(duration: Duration, milliseconds: Int64) {
        #expect(duration.inMilliseconds == milliseconds)
    }
}
