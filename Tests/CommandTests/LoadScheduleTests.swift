import NIOCore
import Testing

@testable import CallbackService

@Suite struct LoadScheduleTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func `requests are due evenly, and those that were not taken in time stay due for the time that was meant`() {
        var schedule = LoadSchedule(start: Self.start, rate: 1000)
        #expect(schedule.takeDue(now: Self.start) == Self.start)
        #expect(schedule.takeDue(now: Self.start) == nil)
        #expect(schedule.next == Self.start + .milliseconds(1))
        let late = Self.start + .milliseconds(3)
        #expect(schedule.takeDue(now: late) == Self.start + .milliseconds(1))
        #expect(schedule.takeDue(now: late) == Self.start + .milliseconds(2))
        #expect(schedule.takeDue(now: late) == Self.start + .milliseconds(3))
        #expect(schedule.takeDue(now: late) == nil)
    }

    @Test func `those that nobody took are known`() {
        var schedule = LoadSchedule(start: Self.start, rate: 100)
        #expect(schedule.missed(until: Self.start) == 0)
        #expect(schedule.missed(until: Self.start + .seconds(1)) == 100)
        for _ in 0..<40 { _ = schedule.takeDue(now: Self.start + .seconds(1)) }
        #expect(schedule.missed(until: Self.start + .seconds(1)) == 60)
        #expect(schedule.missed(until: Self.start + .milliseconds(300)) == 0)
    }

    @Test func `a rate that is no whole number of nanoseconds does not drift`() {
        var schedule = LoadSchedule(start: Self.start, rate: 7000)
        let end = Self.start + .seconds(10)
        var count = 0
        while let intended = schedule.takeDue(now: end), intended < end { count += 1 }
        #expect(count == 70_000)
    }
}
