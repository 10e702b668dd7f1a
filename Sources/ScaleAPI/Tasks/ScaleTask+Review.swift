public import Foundation

/// What audits leave on a task (contract A3.2).
extension ScaleTask {
    /// `accepted`, `rejected`, `fixed`, `commented` or `pending`; nil before the first audit.
    public var customerReviewStatus: String? { self.json["customer_review_status"]?.string }

    /// The comments of all customer audits; Scale sends one string or a list of them.
    public var customerReviewComments: [String] {
        switch self.json["customer_review_comments"] {
        case .string(let comment)?: [comment]
        case .array(let comments)?: comments.compactMap(\.string)
        default: []
        }
    }

    /// Who made the last customer audit.
    public var customerReviewedBy: String? { self.json["customer_reviewed_by"]?.string }

    /// When the last customer audit was made.
    public var customerAuditedAt: Date? { self.date("customer_audited_at") }

    /// Earlier responses, oldest first.
    public var priorResponses: [JSON.Object] { self.json["prior_responses"]?.array?.compactMap(\.object) ?? [] }

    /// The audits as Scale lists them: newest first in its documentation.
    public var audits: [Audit] { self.json["audits"]?.array?.compactMap { $0.object.map(Audit.init(json:)) } ?? [] }

    /// One look at a finished task, by the customer or by Scale.
    public struct Audit: Sendable, Hashable {
        /// The audit as Scale sent it.
        public let json: JSON.Object

        /// An audit from its JSON.
        public init(json: JSON.Object) { self.json = json }

        /// Who audited.
        public var auditedBy: String? { self.json["audited_by"]?.string }

        /// When.
        public var auditedAt: Date? { self.json["audited_at"]?.string.flatMap(ScaleDate.date(from:)) }

        /// `accepted`, `rejected` or `fixed`.
        public var result: String? { self.json["audit_result"]?.string }

        /// `customer` or `scale`.
        public var source: String? { self.json["audit_source"]?.string }

        /// How long it took, in seconds.
        public var seconds: Double? { self.json["audit_time_secs"]?.double }
    }
}
