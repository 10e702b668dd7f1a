public import Logging
public import ScaleAPI

/// What a handler is handed beside the event.
public struct HandlerContext: Sendable {
    /// The number of this attempt, from 1. Attempts that a stop or a crash interrupted are numbered but do not count.
    public let attempt: Int
    /// Talks to Scale as the event's account; nil when the account has no API key.
    public let scale: ScaleClient?
    /// The newest other event that supersedes this one: same subject, later state. The event is stale when there is one.
    public let newerEvent: Int64?
    /// What earlier attempts of this delivery noted before they had an effect, oldest first.
    public let earlierNotes: [JSON]
    /// What an operator has switched the handler to while it runs; nil for what it was configured as.
    public let mode: HandlerMode?
    /// Whether an operator wants effects that were had before to be had once more, in a replay.
    public let repeatsEffects: Bool
    /// A logger that names the event, the delivery and the handler.
    public let logger: Logger
    private let keepNote: @Sendable (JSON) async throws -> Void
    private let readEarlierEvents: @Sendable () async throws -> [Event]
    private let makeClaim: (@Sendable (EffectClaim) async throws -> EffectClaim.Answer)?

    /// Makes a context; a dispatcher does, and tests.
    public init(
        attempt: Int,
        scale: ScaleClient?,
        newerEvent: Int64? = nil,
        earlierNotes: [JSON] = [],
        mode: HandlerMode? = nil,
        repeatsEffects: Bool = false,
        logger: Logger,
        keepNote: @escaping @Sendable (JSON) async throws -> Void = { _ in },
        readEarlierEvents: @escaping @Sendable () async throws -> [Event] = { [] },
        makeClaim: (@Sendable (EffectClaim) async throws -> EffectClaim.Answer)? = nil
    ) {
        self.attempt = attempt
        self.scale = scale
        self.newerEvent = newerEvent
        self.earlierNotes = earlierNotes
        self.mode = mode
        self.repeatsEffects = repeatsEffects
        self.logger = logger
        self.keepNote = keepNote
        self.readEarlierEvents = readEarlierEvents
        self.makeClaim = makeClaim
    }

    /// Asks, just before an effect that must not be had too often, whether it may be had.
    ///
    /// In one transaction the limits are looked at, the claim is put on record for good, and its note is kept on the
    /// attempt. A later attempt of the same delivery is granted it again without being counted again: after an unclear
    /// answer it has to find out first what became of the effect. Where there is no store behind the context, the note is
    /// kept and everything granted.
    ///
    /// - Throws: When the lease is lost or the store refuses: then do not go on with the effect.
    public func claim(_ claim: EffectClaim) async throws -> EffectClaim.Answer {
        guard let makeClaim = self.makeClaim else {
            try await self.keepNote(claim.note)
            return .granted
        }
        return try await makeClaim(claim)
    }

    /// The events of the same task or batch that were received before this one, oldest first.
    ///
    /// At most the newest 20 of them, and of those only as many as have 16 MB of bodies together. One whose body has
    /// aged out is not among them. They are read from the store when this is called, and anew each time.
    public func earlierEvents() async throws -> [Event] {
        try await self.readEarlierEvents()
    }

    /// Keeps a note on this attempt's record durably, before an effect whose outcome may stay unknown.
    ///
    /// Later attempts find it in `earlierNotes`. A later note of the same attempt replaces it.
    ///
    /// - Throws: When the lease is lost or the store refuses: then do not go on with the effect.
    public func note(_ note: JSON) async throws {
        try await self.keepNote(note)
    }
}
