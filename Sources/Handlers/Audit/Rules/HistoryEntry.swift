package import ScaleAPI

/// One thing that happened to a task before the event that is judged: a row of the view `history`.
package struct HistoryEntry: Sendable, Hashable {
    /// Where it is known from.
    package enum Source: String, Sendable, Hashable {
        /// An earlier event of the task that the store has.
        case log
        /// The event itself, which repeats earlier responses and audits.
        case task
    }

    /// Where it is known from.
    package var source: Source
    /// What it was: `response`, `audit`, or the kind of an earlier event.
    package var kind: String
    /// When it was, as Scale writes times; nil when it is not known.
    package var at: String?
    /// What was said of the response: `accepted`, `rejected`, `fixed`.
    package var reviewStatus: String?
    /// Who said it.
    package var reviewer: String?
    /// What was said about it: a text or a list of texts.
    package var comments: JSON?
    /// How long it took, in seconds.
    package var seconds: Double?
    /// The response as it was then; nil when it is not known.
    package var response: JSON?

    package init(
        source: Source = .log,
        kind: String,
        at: String? = nil,
        reviewStatus: String? = nil,
        reviewer: String? = nil,
        comments: JSON? = nil,
        seconds: Double? = nil,
        response: JSON? = nil
    ) {
        self.source = source
        self.kind = kind
        self.at = at
        self.reviewStatus = reviewStatus
        self.reviewer = reviewer
        self.comments = comments
        self.seconds = seconds
        self.response = response
    }
}
