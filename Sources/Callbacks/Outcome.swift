public import ScaleAPI

/// How one attempt of a handler ended.
public struct Outcome: Sendable, Hashable {
    /// What becomes of the delivery.
    public enum Disposition: Sendable, Hashable {
        /// Done.
        case completed
        /// Nothing was done, because something newer is known of the subject. The delivery is done too.
        case stale
        /// Failed for now: try again, not before this time, when one is given.
        case retry(after: Duration?)
        /// Failed for good: a dead letter.
        case dead
        /// The handler cannot work at all at present (Scale refuses the key): hold it and keep its deliveries due.
        case hold
    }

    /// Whose fault a failure is, so that dead letters can be told apart.
    public enum FailureClass: String, Sendable, Hashable, CaseIterable, Codable {
        /// The handler looked at the event and said no.
        case refused
        /// Scale, or another server, answered 4xx.
        case rejected
        /// Scale, or another server, answered 5xx or 429 or not at all, until the attempts were used up.
        case unavailable
        /// A bug or a misconfiguration on our side.
        case fault
    }

    /// What becomes of the delivery.
    public var disposition: Disposition
    /// Whose fault it is; nil when nothing failed.
    public var failureClass: FailureClass?
    /// One line for people.
    public var summary: String
    /// What should stay on record: of an audit the verdict, its rule, evidence and mode.
    public var detail: JSON?

    /// Any outcome; the functions below say the usual ones more plainly.
    public init(disposition: Disposition, failureClass: FailureClass? = nil, summary: String, detail: JSON? = nil) {
        self.disposition = disposition
        self.failureClass = failureClass
        self.summary = summary
        self.detail = detail
    }

    /// Done.
    public static func completed(_ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .completed, failureClass: nil, summary: summary, detail: detail)
    }

    /// Not done, because something newer is known.
    public static func stale(_ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .stale, failureClass: nil, summary: summary, detail: detail)
    }

    /// To be tried again.
    public static func retry(
        _ failureClass: FailureClass,
        _ summary: String,
        after delay: Duration? = nil,
        detail: JSON? = nil
    ) -> Self {
        Self(disposition: .retry(after: delay), failureClass: failureClass, summary: summary, detail: detail)
    }

    /// Failed for good.
    public static func dead(_ failureClass: FailureClass, _ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .dead, failureClass: failureClass, summary: summary, detail: detail)
    }

    /// The handler has to wait for people.
    public static func hold(_ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .hold, failureClass: .rejected, summary: summary, detail: detail)
    }
}
