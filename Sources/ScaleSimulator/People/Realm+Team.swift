/// A member of the customer's team (contract B5).
struct Teammate: Sendable {
    /// What a member may do, in Scale's words.
    enum Role: String, Sendable, CaseIterable {
        case labeler
        case member
        case manager
        case admin
    }

    let email: String
    var role: Role

    /// The member as the API shows it; the names are made up from the address.
    var json: JSON {
        let words = self.email.prefix { $0 != "@" }.split { !$0.isLetter }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return [
            "email": .string(self.email), "role": .string(self.role.rawValue), "company": "Simulated Customer",
            "firstName": JSON(words.first), "lastName": JSON(words.dropFirst().first),
            "isStudioLabeler": .bool(self.role == .labeler), "expiry": .null,
        ]
    }
}

extension Realm {
    /// Members of one mode's team, at most.
    private static let maximumTeammates = 10_000

    /// The whole team in the order people joined it.
    func team() -> JSON { .array(self.teammates.map(\.json)) }

    /// Adds members; one who is there already stays as he is.
    ///
    /// - Returns: The whole team.
    mutating func invite(_ body: JSONObject) throws(APIError) -> JSON {
        let (emails, role) = try Self.emailsAndRole(body)
        let known = Set(self.teammates.map(\.email))
        for email in emails where !known.contains(email) {
            try Self.checkRoom(self.teammates.count, Self.maximumTeammates, "teammates")
            self.teammates.append(Teammate(email: email, role: role))
        }
        return self.team()
    }

    /// Gives members another role; all of them or, when one is not known, none.
    ///
    /// - Returns: The whole team.
    mutating func setRole(_ body: JSONObject) throws(APIError) -> JSON {
        let (emails, role) = try Self.emailsAndRole(body)
        let places = Dictionary(uniqueKeysWithValues: self.teammates.enumerated().map { ($1.email, $0) })
        for email in emails where places[email] == nil {
            throw APIError(status: 404, message: "Teammate with the email \"\(email)\" not found.")
        }
        for email in emails {
            if let place = places[email] { self.teammates[place].role = role }
        }
        return self.team()
    }

    private static func emailsAndRole(_ body: JSONObject) throws(APIError) -> ([String], Teammate.Role) {
        let emails = try self.emails("emails", in: body)
        guard !emails.isEmpty else { throw .invalid("\"emails\" must not be empty") }
        guard let role = Teammate.Role(rawValue: try self.requiredString("team_role", in: body)) else {
            throw .invalid("\"team_role\" must be one of labeler, member, manager, admin")
        }
        return (emails, role)
    }
}
