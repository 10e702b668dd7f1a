internal import Callbacks

/// Decides what becomes of a delivery after one attempt: outcome and history in, settlement out, no clock, no I/O.
enum SettlementDecision {
    /// - Parameters:
    ///   - failures: How many attempts failed before this one.
    ///   - now: In milliseconds since 1970.
    static func settlement(
        for outcome: Outcome,
        failures: Int,
        backoff: Backoff,
        now: Int64,
        using generator: inout some RandomNumberGenerator
    ) -> Settlement {
        switch outcome.disposition {
        case .completed, .stale: return .completed
        case .dead: return .dead
        case .hold, .released: return .released
        case .retry(let floor):
            guard let delay = backoff.delay(afterFailures: failures + 1, atLeast: floor, using: &generator) else {
                return .dead
            }
            // A handler may ask for any delay; one past the end of time must not end the process.
            let (time, overflows) = now.addingReportingOverflow(delay.inMilliseconds)
            return .retry(at: overflows ? .max : time)
        }
    }
}
