/// When a failed attempt is repeated: exponential growth with full jitter.
///
/// | failed attempts | delay is drawn from, with the defaults |
/// |---|---|
/// | 1 | 1 to 2 s |
/// | 2 | 2 to 4 s |
/// | 3 | 4 to 8 s |
/// | 12 and more | 30 to 60 min |
///
/// The lower half is kept so that a retry never comes at once: Scale may need a moment to show what a call did.
public struct Backoff: Sendable, Hashable {
    /// The upper bound of the first delay.
    public var firstDelay: Duration
    /// The upper bound of any delay.
    public var maximumDelay: Duration
    /// After how many failed attempts a delivery is dead.
    public var maximumAttempts: Int

    /// A schedule; the defaults span about 9 hours.
    public init(
        firstDelay: Duration = .seconds(2),
        maximumDelay: Duration = .seconds(3600),
        maximumAttempts: Int = 20
    ) {
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
        self.maximumAttempts = maximumAttempts
    }

    /// The delay after this many failed attempts (from 1), never shorter than `floor`; nil when they are used up.
    public func delay(
        afterFailures failures: Int,
        atLeast floor: Duration? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard failures < self.maximumAttempts else { return nil }
        let doublings = min(max(failures - 1, 0), 40)
        let limit = min(self.maximumDelay.inSeconds, self.firstDelay.inSeconds * Double(1 << doublings))
        let delay = Duration.seconds(Double.random(in: limit / 2...max(limit, limit / 2), using: &generator))
        return max(delay, floor ?? .zero)
    }
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }

    /// The duration in whole milliseconds, rounded towards zero; one that does not fit becomes the nearest that does.
    package var inMilliseconds: Int64 {
        let limit: Int64 = self < .zero ? .min : .max
        let (milliseconds, overflows) = self.components.seconds.multipliedReportingOverflow(by: 1000)
        guard !overflows else { return limit }
        let (sum, sumOverflows) = milliseconds.addingReportingOverflow(
            self.components.attoseconds / 1_000_000_000_000_000
        )
        return sumOverflows ? limit : sum
    }
}
