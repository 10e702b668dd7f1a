internal import Callbacks

/// One walk over the log that removes what is past its time, and how far it is.
///
/// A value that goes from step to step, also over the control socket, so that a walk may pause and go on anywhere.
package struct PrunePass: Sendable, Hashable, Codable {
    /// What the next step works on.
    enum Stage: String, Sendable, Codable {
        case facts
        case bodies
        case refused
        case claims
        case space
        case finished
    }

    /// Events kept before this time, in milliseconds since 1970, are removed; nil for none.
    package let factsBefore: Int64?
    /// Bodies kept before this time are removed; nil for none.
    package let bodiesBefore: Int64?
    /// Refusals before this time are removed; nil for none.
    package let refusedBefore: Int64?
    /// When the walk began, in milliseconds since 1970.
    package let startedAt: Int64
    /// What was removed so far.
    package internal(set) var counts = PruneCounts()
    var stage = Stage.facts
    /// The last event that was looked at in this stage.
    var after: Int64 = 0

    /// A walk that begins.
    package init(_ retention: Retention, now: Int64) {
        self.startedAt = now
        self.factsBefore = retention.facts.map { now - $0.inMilliseconds }
        self.bodiesBefore = retention.bodies.map { now - $0.inMilliseconds }
        self.refusedBefore = retention.refused.map { now - $0.inMilliseconds }
    }

    /// Whether there is nothing left to do.
    package var isFinished: Bool { self.stage == .finished }

    mutating func enter(_ stage: Stage) {
        self.stage = stage
        self.after = 0
    }
}

/// How much pruning removed, or would remove.
package struct PruneCounts: Sendable, Hashable, Codable {
    /// Events with all that belongs to them.
    package var events = 0
    /// Bodies, not counting those of removed events.
    package var bodies = 0
    /// Refused requests.
    package var refusals = 0
    /// Bytes given back to the file system.
    package var freedBytes = 0

    package init() {}

    /// Whether nothing was removed.
    package var isEmpty: Bool { self == PruneCounts() }
}
