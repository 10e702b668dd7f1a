import Testing

@testable import ScaleSimulator

@Suite struct RetryScheduleTests {
    @Test func `twenty tries after the first one span just under a day`() {
        let schedule = RetrySchedule(Knobs())
        let delays = (1...30).compactMap { schedule.delay(afterAttempt: $0) }
        #expect(delays.count == 20)
        #expect(delays.prefix(3) == [.seconds(15), .seconds(30), .seconds(60)])
        #expect(delays.last == .seconds(7100))
        let total = delays.reduce(.zero, +)
        #expect(total > .seconds(23 * 3600) && total < .seconds(24 * 3600))
    }

    @Test func `the clock scale divides every wait`() {
        var knobs = Knobs()
        knobs.clockScale = 1000
        #expect(RetrySchedule(knobs).delay(afterAttempt: 1) == .milliseconds(15))
    }

    @Test func `count, first wait, factor and longest wait are knobs`() {
        var knobs = Knobs()
        knobs.retries = 4
        knobs.retryFirstDelay = 1
        knobs.retryFactor = 10
        knobs.retryDelayCap = 50
        let delays = (1...9).map { RetrySchedule(knobs).delay(afterAttempt: $0) }
        #expect(delays == [.seconds(1), .seconds(10), .seconds(50), .seconds(50), nil, nil, nil, nil, nil])
        knobs.retries = 0
        #expect(RetrySchedule(knobs).delay(afterAttempt: 1) == nil)
    }
}
