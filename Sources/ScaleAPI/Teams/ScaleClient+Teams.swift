import NIOHTTP1

/// Teams (contract B5).
extension ScaleClient {
    /// Everyone with access to the account.
    public func teammates() async throws(ScaleError) -> [Teammate] {
        try await self.objects(from: ScaleRequest(method: .GET, pattern: "/teams"))
    }

    /// Invites people.
    ///
    /// Each invitation may send a mail, so it is repeated only when Scale cannot have acted on it.
    ///
    /// - Returns: The teammates, as Scale answers.
    public func inviteTeammates(_ emails: [String], role: Teammate.Role) async throws(ScaleError) -> [Teammate] {
        var request = self.roleRequest("/teams/invite", emails, role)
        request.repeatability = .unlessTaken
        return try await self.objects(from: request)
    }

    /// Changes what people may do.
    ///
    /// - Returns: The teammates, as Scale answers.
    public func setRole(
        _ role: Teammate.Role,
        ofTeammates emails: [String]
    ) async throws(ScaleError) -> [Teammate] {
        try await self.objects(from: self.roleRequest("/teams/set_role", emails, role))
    }

    private func roleRequest(_ pattern: String, _ emails: [String], _ role: Teammate.Role) -> ScaleRequest {
        let body: JSON = ["emails": emails.written, "team_role": role.written]
        return ScaleRequest(method: .POST, pattern: pattern, body: .json(body))
    }
}
