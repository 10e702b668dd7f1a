/// How often and how patiently a call is repeated.
///
/// The delay before repeat `n` (counted from 0) is drawn evenly between zero and
/// `min(maximumDelay, firstDelay * 2^n)`, so that many clients that failed together do not come back together:
///
/// | repeat | longest delay with the defaults |
/// |---|---|
/// | 0 | 0.5 s |
/// | 1 | 1 s |
/// | 2 | 2 s |
/// | 6 and later | 30 s |
public struct RetryPolicy: Sendable, Hashable {
    /// How many times a call is tried in all; below 1 counts as 1.
    public var attempts: Int
    /// The longest delay before the first repeat; it doubles from there.
    public var firstDelay: Duration
    /// No delay is longer than this.
    ///
    /// When Scale asks for more with `Retry-After`, the call is not repeated: it fails, and its error tells the time.
    public var maximumDelay: Duration

    /// A policy; the defaults try four times within a few seconds.
    public init(attempts: Int = 4, firstDelay: Duration = .milliseconds(500), maximumDelay: Duration = .seconds(30)) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
    }

    /// The delay before a repeat.
    ///
    /// - Parameters:
    ///   - index: How many repeats came before this one.
    ///   - retryAfter: What Scale asked for: the least delay, up to `maximumDelay`.
    ///   - random: A number in `0..<1`.
    /// - Returns: A delay between zero and `maximumDelay`.
    func delay(beforeRepeat index: Int, retryAfter: Duration?, random: Double) -> Duration {
        // Doubling stops at the maximum, so that no index can overflow.
        var longest = self.firstDelay
        for _ in 0..<min(max(index, 0), 100) where longest < self.maximumDelay { longest *= 2 }
        let jittered = min(self.maximumDelay, longest) * min(max(random, 0), 1)
        return max(.zero, min(self.maximumDelay, max(jittered, retryAfter ?? .zero)))
    }
}
