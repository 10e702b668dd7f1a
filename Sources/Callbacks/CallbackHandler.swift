/// Code that consumes events. Every accepted event reaches it at least once.
///
/// Implementations are called concurrently for different tasks, never for two events of the same task at a time, and
/// for the events of one task in the order of their arrival.
public protocol CallbackHandler: Sendable {
    /// Does the work for one event and says how it went.
    ///
    /// Throwing means the same as `Outcome.retry` with `FailureClass.fault`. When the surrounding task is cancelled
    /// (the service stops, or the lease was lost) give up soon: the delivery is tried again and the attempt does not
    /// count.
    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome

    /// Runs `deliveries`, during which events are handled, and lets go afterwards of what the handler keeps from one event
    /// to the next, such as a connection or a process.
    ///
    /// It is called once, and must call `deliveries` once. A stop of the service waits for it a few seconds.
    func withResources(during deliveries: @Sendable () async -> Void) async
}

extension CallbackHandler {
    /// For the many handlers that keep nothing.
    public func withResources(during deliveries: @Sendable () async -> Void) async { await deliveries() }
}

/// A handler with its name, what it takes and how it is run.
public struct HandlerRegistration: Sendable {
    /// The name in configuration, logs and the store. Deliveries belong to it: renaming makes a new handler.
    public var name: String
    /// What kind of handler it is, such as `audit`, for people.
    public var type: String
    /// Which events it takes.
    public var match: EventMatch
    /// How many deliveries run at the same time.
    public var concurrency: Int
    /// How long one attempt may take until it is cancelled and counts as failed. A handler that goes on regardless keeps
    /// its place and its task's events waiting.
    public var timeout: Duration
    /// When a failed attempt is repeated, and how often.
    public var backoff: Backoff
    /// What the handler does, as a digest of its settings: when it is another, a promotion no longer counts. Nil for a
    /// handler that has no modes.
    public var digest: [UInt8]?
    /// The code.
    public var handler: any CallbackHandler

    /// Registers a handler.
    public init(
        name: String,
        type: String,
        match: EventMatch = EventMatch(),
        concurrency: Int = 4,
        timeout: Duration = .seconds(60),
        backoff: Backoff = Backoff(),
        digest: [UInt8]? = nil,
        handler: any CallbackHandler
    ) {
        self.name = name
        self.type = type
        self.match = match
        self.concurrency = concurrency
        self.timeout = timeout
        self.backoff = backoff
        self.digest = digest
        self.handler = handler
    }
}
