import Testing

@testable import ScaleSimulator

@Suite struct RetryScheduleTests {
    @Test func `twenty tries after the first one span just under a day`() {
        let schedule = RetrySchedule(clockScale: 1)
        let delays = (1...30).compactMap { schedule.delay(afterAttempt: $0) }
        #expect(delays.count == 20)
        #expect(delays.prefix(3) == [.seconds(15), .seconds(30), .seconds(60)])
        #expect(delays.last == .seconds(7100))
        let total = delays.reduce(.zero, +)
        #expect(total > .seconds(23 * 3600) && total < .seconds(24 * 3600))
    }

    @Test func `the clock scale divides every wait`() {
        #expect(RetrySchedule(clockScale: 1000).delay(afterAttempt: 1) == .milliseconds(15))
    }
}
