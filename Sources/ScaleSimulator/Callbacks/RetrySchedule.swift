/// How often and when a callback is tried again (contract E: count and span documented, spacing invented).
///
/// | after try | 1 | 2 | 3 | … | 9 | 10 … 20 |
/// |---|---|---|---|---|---|---|
/// | wait, seconds | 15 | 30 | 60 | … | 3,840 | 7,100 |
struct RetrySchedule: Sendable {
    /// The first try and 20 more.
    static let maximumAttempts = 21

    /// Every wait is divided by this.
    let clockScale: Double

    /// How long to wait after this try, counted from 1; nil when it was the last one.
    func delay(afterAttempt attempt: Int) -> Duration? {
        guard attempt < Self.maximumAttempts else { return nil }
        let seconds = min(15 * Double(1 << min(attempt - 1, 20)), 7100)
        return .seconds(seconds / self.clockScale)
    }
}
