/// How often and when a callback is tried again (contract E: count and span documented, spacing invented).
///
/// By default:
///
/// | after try | 1 | 2 | 3 | … | 9 | 10 … 20 |
/// |---|---|---|---|---|---|---|
/// | wait, seconds | 15 | 30 | 60 | … | 3,840 | 7,100 |
struct RetrySchedule: Sendable {
    private let knobs: Knobs

    /// The schedule as the knobs are turned.
    init(_ knobs: Knobs) {
        self.knobs = knobs
    }

    /// How long to wait after this try, counted from 1; nil when it was the last one.
    func delay(afterAttempt attempt: Int) -> Duration? {
        guard attempt <= self.knobs.retries else { return nil }
        var seconds = self.knobs.retryFirstDelay
        for _ in 1..<max(1, attempt) where seconds < self.knobs.retryDelayCap {
            seconds *= self.knobs.retryFactor
        }
        return .seconds(min(seconds, self.knobs.retryDelayCap) / self.knobs.clockScale)
    }
}
