package import Callbacks

/// Which stored events a handler is to be given again, or for the first time.
package struct ReplaySelection: Sendable, Hashable {
    /// The handler's name.
    package var handler: String
    /// What the handler takes.
    package var match: EventMatch
    /// Which events are meant.
    package var events: EventSelection
    /// Kept before this time, in milliseconds since 1970; nil for any time.
    package var until: Int64?
    /// Of these task types; nil for any.
    package var types: [String]?
    /// These events; nil for any.
    package var ids: [Int64]?
    /// Whether events are meant of which the handler had its effect.
    package var repeatsEffects: Bool

    package init(
        handler: String,
        match: EventMatch,
        events: EventSelection = EventSelection(),
        until: Int64? = nil,
        types: [String]? = nil,
        ids: [Int64]? = nil,
        repeatsEffects: Bool = false
    ) {
        self.handler = handler
        self.match = match
        self.events = events
        self.until = until
        self.types = types
        self.ids = ids
        self.repeatsEffects = repeatsEffects
    }
}

/// What a replay would do, or did, counted by events that the handler takes.
package struct ReplayCounts: Sendable, Hashable, Codable {
    /// The handler never had a delivery of them.
    package var new = 0
    /// It had one, without an effect.
    package var again = 0
    /// It had its effect; they are passed over unless effects are to be repeated.
    package var withEffect = 0
    /// A delivery of them waits or runs already.
    package var waiting = 0
    /// Their bodies have aged out, so nothing can be delivered.
    package var withoutBody = 0

    package init() {}

    /// Adds those of another stretch.
    package mutating func add(_ other: ReplayCounts) {
        self.new += other.new
        self.again += other.again
        self.withEffect += other.withEffect
        self.waiting += other.waiting
        self.withoutBody += other.withoutBody
    }
}

/// A stretch of events that was looked at for a replay.
package struct ReplayPage: Sendable, Hashable {
    /// Those to deliver, oldest first.
    package var ids: [Int64] = []
    /// What was found.
    package var counts = ReplayCounts()
    /// Where the next stretch begins; nil at the end.
    package var next: Int64?
}

/// How many deliveries a step of a replay made.
package struct ReplayAnswer: Sendable, Hashable, Codable {
    /// How many; nil when the store knows no such handler.
    package var created: Int?

    package init(created: Int?) { self.created = created }
}
