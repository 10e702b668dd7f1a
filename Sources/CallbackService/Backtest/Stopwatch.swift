import Foundation

/// How long something takes, by the clock and of this process's processor time.
struct Stopwatch {
    /// What was measured.
    struct Timing: Sendable, Hashable {
        var elapsed: Duration
        var processor: Duration
    }

    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let processor: Duration

    /// Starts.
    init() {
        self.start = self.clock.now
        self.processor = Self.processorTime
    }

    /// Since the start.
    var timing: Timing {
        Timing(elapsed: self.clock.now - self.start, processor: Self.processorTime - self.processor)
    }

    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
