public import Foundation

/// Someone with access to the account (contract B5).
public struct Teammate: ScaleObject {
    /// The teammate as Scale sent it.
    public let json: JSON.Object

    /// A teammate from its JSON; nil unless that is an object with an `email`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "email") else { return nil }
        self.json = object
    }

    /// The email address, by which Scale knows people.
    public var email: String { self.text("email") }

    /// What they may do.
    public var role: Role? { self.json["role"]?.string.map(Role.init(rawValue:)) }

    /// Their company.
    public var company: String? { self.json["company"]?.string }

    /// Their first name.
    public var firstName: String? { self.json["firstName"]?.string }

    /// Their last name.
    public var lastName: String? { self.json["lastName"]?.string }

    /// Whether they label in Studio.
    public var isStudioLabeler: Bool? { self.json["isStudioLabeler"]?.bool }

    /// When their access ends.
    public var expiry: Date? { self.date("expiry") }

    /// What a teammate may do.
    public struct Role: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A role by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Labels.
        public static let labeler: Self = "labeler"
        /// Sees and makes tasks.
        public static let member: Self = "member"
        /// Manages projects and people.
        public static let manager: Self = "manager"
        /// May do everything.
        public static let admin: Self = "admin"
    }
}
