public import Foundation

/// What audits leave on a task (contract A3.2).
extension ScaleTask {
    /// What the customer's last audit said; nil before the first one.
    public var customerReviewStatus: ReviewStatus? {
        self.json["customer_review_status"]?.string.map(ReviewStatus.init(rawValue:))
    }

    /// The comments of all customer audits; Scale sends one string or a list of them.
    public var customerReviewComments: [String] {
        self.json["customer_review_comments"]?.oneOrMany.compactMap(\.string) ?? []
    }

    /// Who made the last customer audit.
    public var customerReviewedBy: String? { self.json["customer_reviewed_by"]?.string }

    /// When the last customer audit was made.
    public var customerAuditedAt: Date? { self.date("customer_audited_at") }

    /// Earlier responses, oldest first.
    public var priorResponses: [JSON.Object] { self.json["prior_responses"]?.array?.compactMap(\.object) ?? [] }

    /// The audits as Scale lists them: newest first in its documentation.
    public var audits: [Audit] { self.objects("audits") }

    /// What a customer's audit says.
    public struct ReviewStatus: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A status by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The response is good.
        public static let accepted: Self = "accepted"
        /// The response is not good.
        public static let rejected: Self = "rejected"
        /// The customer has put the response right.
        public static let fixed: Self = "fixed"
        /// The customer has something to say about it.
        public static let commented: Self = "commented"
        /// Not audited yet.
        public static let pending: Self = "pending"
    }

    /// One look at a finished task, by the customer or by Scale.
    public struct Audit: ScaleObject {
        /// The audit as Scale sent it.
        public let json: JSON.Object

        /// An audit from its JSON; nil unless that is an object.
        public init?(json: JSON) {
            guard let object = json.object else { return nil }
            self.json = object
        }

        /// Who audited.
        public var auditedBy: String? { self.json["audited_by"]?.string }

        /// When.
        public var auditedAt: Date? { self.date("audited_at") }

        /// What it said: accepted, rejected or fixed.
        public var result: ReviewStatus? { self.json["audit_result"]?.string.map(ReviewStatus.init(rawValue:)) }

        /// `customer` or `scale`.
        public var source: String? { self.json["audit_source"]?.string }

        /// How long it took, in seconds.
        public var seconds: Double? { self.json["audit_time_secs"]?.double }
    }
}
