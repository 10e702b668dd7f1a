/// What histories met, so that one sees they met everything.
struct HistoryTally: Sendable, CustomStringConvertible {
    var steps = 0
    var leases = 0
    /// Due deliveries that had to wait for another of their subject.
    var blocked = 0
    /// Leases on deliveries whose earlier lease had run out.
    var taken = 0
    /// Settles by those whose lease was lost.
    var lateSettles = 0
    var dead = 0
    /// Deliveries made due by a person.
    var retried = 0
    /// Leases that were told of a newer event.
    var stale = 0
    var repeats = 0
    /// Bodies and events.
    var pruned = 0
    /// Deliveries whose body was gone.
    var unreadable = 0
    /// Histories that went on until all was settled.
    var finished = 0

    var description: String {
        "\(self.steps) steps, \(self.leases) leases (\(self.taken) of an expired lease, \(self.stale) superseded), "
            + "\(self.blocked) waited for their subject, \(self.lateSettles) late settles, \(self.dead) dead, "
            + "\(self.retried) retried, \(self.repeats) repeats, \(self.pruned) pruned, \(self.unreadable) unreadable, "
            + "\(self.finished) settled to the end"
    }

    /// The smallest count: zero when something was never met.
    var least: Int {
        [
            self.steps, self.leases, self.blocked, self.taken, self.lateSettles, self.dead, self.retried, self.stale,
            self.repeats, self.pruned, self.unreadable, self.finished,
        ]
        .min() ?? 0
    }

    static func += (sum: inout HistoryTally, other: HistoryTally) {
        sum.steps += other.steps
        sum.leases += other.leases
        sum.blocked += other.blocked
        sum.taken += other.taken
        sum.lateSettles += other.lateSettles
        sum.dead += other.dead
        sum.retried += other.retried
        sum.stale += other.stale
        sum.repeats += other.repeats
        sum.pruned += other.pruned
        sum.unreadable += other.unreadable
        sum.finished += other.finished
    }
}
