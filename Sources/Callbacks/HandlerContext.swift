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
    /// A logger that names the event, the delivery and the handler.
    public let logger: Logger
    private let keepNote: @Sendable (JSON) async throws -> Void

    /// Makes a context; a dispatcher does, and tests.
    public init(
        attempt: Int,
        scale: ScaleClient?,
        newerEvent: Int64? = nil,
        earlierNotes: [JSON] = [],
        logger: Logger,
        keepNote: @escaping @Sendable (JSON) async throws -> Void = { _ in }
    ) {
        self.attempt = attempt
        self.scale = scale
        self.newerEvent = newerEvent
        self.earlierNotes = earlierNotes
        self.logger = logger
        self.keepNote = keepNote
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
