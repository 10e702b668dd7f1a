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
        /// Nothing was done, because the handler was held meanwhile: due again when it goes on, and not counted.
        case released
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
    /// Whether the attempt changed something outside, so that a replay would change it once more.
    public var hadEffect: Bool

    /// Any outcome; the functions below say the usual ones more plainly.
    ///
    /// Without `hadEffect` it is what is usual: what is completed had an effect, and nothing else.
    public init(
        disposition: Disposition,
        failureClass: FailureClass? = nil,
        summary: String,
        detail: JSON? = nil,
        hadEffect: Bool? = nil
    ) {
        self.hadEffect = hadEffect ?? (disposition == .completed)
        self.disposition = disposition
        self.failureClass = failureClass
        self.summary = summary
        self.detail = detail
    }

    /// Done. Say so when nothing outside was changed by it: a replay need not spare it then.
    public static func completed(_ summary: String, detail: JSON? = nil, hadEffect: Bool = true) -> Self {
        Self(disposition: .completed, summary: summary, detail: detail, hadEffect: hadEffect)
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

    /// Not done, because the handler is held meanwhile.
    public static func released(_ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .released, summary: summary, detail: detail)
    }

    /// The handler has to wait for people.
    public static func hold(_ summary: String, detail: JSON? = nil) -> Self {
        Self(disposition: .hold, failureClass: .rejected, summary: summary, detail: detail)
    }
}
