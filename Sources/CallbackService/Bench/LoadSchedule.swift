import NIOCore

/// When the requests of a steady rate are meant to be sent, whatever became of those before.
///
/// A decision in a value. Whoever sends counts an answer from the time that was meant: a receiver that is slow for a
/// moment makes all wait that should have been sent in that moment, and all of them show it.
struct LoadSchedule {
    /// From what time on a request counts as sent late, in the report.
    static let tolerance = TimeAmount.milliseconds(1)

    private let start: NIODeadline
    private let interval: Double
    private var taken = 0

    /// A schedule whose first request is meant for `start`.
    ///
    /// - Parameter rate: Requests per second; above 0.
    init(start: NIODeadline, rate: Double) {
        self.start = start
        self.interval = 1_000_000_000 / rate
    }

    /// When the next request is meant to be sent.
    var next: NIODeadline { self.start + .nanoseconds(Int64(Double(self.taken) * self.interval)) }

    /// Takes the next request when its time has come: the time that was meant.
    mutating func takeDue(now: NIODeadline) -> NIODeadline? {
        let next = self.next
        guard next <= now else { return nil }
        self.taken += 1
        return next
    }

    /// How many requests were meant for a time before `end` and not taken.
    func missed(until end: NIODeadline) -> Int {
        guard end > self.start else { return 0 }
        return max(0, Int((Double((end - self.start).nanoseconds) / self.interval).rounded(.up)) - self.taken)
    }
}
