/// How long things are kept; nil for as long as the store.
package struct Retention: Sendable, Hashable {
    /// The bodies of callbacks.
    ///
    /// Never shorter than a delivery of the event is pending: its handler needs the body.
    package var bodies: Duration?
    /// What is known of an event beside its body, with its deliveries and attempts, and so how long a repeat of a
    /// callback is recognised.
    package var facts: Duration?
    /// Refused requests and their counts.
    package var refused: Duration?

    /// What is kept without configuration: bodies 90 days, facts 2 years, refusals 7 days.
    package static let `default` = Retention(bodies: .days(90), facts: .days(730), refused: .days(7))

    package init(bodies: Duration?, facts: Duration?, refused: Duration?) {
        self.bodies = bodies
        self.facts = facts
        self.refused = refused
    }
}

extension Duration {
    /// Days of 24 hours.
    package static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
}
