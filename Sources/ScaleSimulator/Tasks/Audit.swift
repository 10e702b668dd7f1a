extension ScaleSimulator {
    /// One customer's verdict on a task, as the task's `audits` and the simulator's books show it (contract A3.2).
    package struct Audit: Sendable, Equatable {
        /// The most bytes of a comment.
        static let maximumCommentBytes = 10 * 1024

        /// What the customer thought of the task: the word of `audit_result` and `customer_review_status`.
        package enum Verdict: String, Sendable {
            case accepted
            case rejected

            /// The customer put it right himself.
            case fixed
        }

        /// What the customer thought of the task.
        package var verdict: Verdict

        /// What the auditor wrote, if anything.
        package var comments: String?

        /// Who audited.
        ///
        /// The API does not say, so it is always the same invented address.
        var auditedBy: String

        /// When the simulator took the audit.
        var auditedAt: Timestamp

        /// Invented: how long the audit took.
        var seconds: Double

        /// Whether the task was accepted as it was.
        package var accepted: Bool { self.verdict == .accepted }

        var json: JSON {
            [
                "audited_by": .string(self.auditedBy),
                "audited_at": .string("\(self.auditedAt)"),
                "audit_time_secs": JSON(self.seconds),
                "audit_result": .string(self.verdict.rawValue),
                "audit_source": "customer",
            ]
        }

        /// For the books: with the comment, which the task keeps in a list of its own.
        var bookJSON: JSON {
            guard case .object(var object) = self.json else { return self.json }
            object["comments"] = JSON(self.comments)
            return .object(object)
        }
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias Audit = ScaleSimulator.Audit
