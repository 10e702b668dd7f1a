import NIOHTTP1

/// Studio: who works on what, and in which order (contract B7).
extension ScaleClient {
    /// Who works on which projects.
    public func studioAssignments() async throws(ScaleError) -> StudioAssignments {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/studio/assignments"))
    }

    /// Puts people on projects.
    public func addStudioAssignments(
        emails: [String],
        projects: [String]
    ) async throws(ScaleError) -> StudioAssignments {
        try await self.changeAssignments("/studio/assignments/add", emails, projects)
    }

    /// Takes people off projects.
    public func removeStudioAssignments(
        emails: [String],
        projects: [String]
    ) async throws(ScaleError) -> StudioAssignments {
        try await self.changeAssignments("/studio/assignments/remove", emails, projects)
    }

    private func changeAssignments(
        _ pattern: String,
        _ emails: [String],
        _ projects: [String]
    ) async throws(ScaleError) -> StudioAssignments {
        let body: JSON = ["emails": emails.written, "projects": projects.written]
        return try await self.object(from: ScaleRequest(method: .POST, pattern: pattern, body: .json(body)))
    }

    /// The groups of a project's labelers.
    public func studioGroups(ofProject project: String) async throws(ScaleError) -> [StudioGroup] {
        try await self.objects(
            from: ScaleRequest(method: .GET, pattern: "/studio/projects/{project}/groups", values: [project])
        )
    }

    /// Makes a group of a project's labelers.
    ///
    /// Whether two groups may have one name is not known, so it is repeated only when Scale cannot have acted on it.
    public func createStudioGroup(
        _ name: String,
        emails: [String],
        inProject project: String
    ) async throws(ScaleError) -> StudioGroup {
        var request = ScaleRequest(method: .POST, pattern: "/studio/projects/{project}/groups", values: [project])
        request.body = .json(["emails": emails.written, "name": .string(name)])
        request.repeatability = .unlessTaken
        return try await self.object(from: request)
    }

    /// Puts labelers into a group and takes others out.
    public func updateStudioGroup(
        _ name: String,
        inProject project: String,
        adding added: [String] = [],
        removing removed: [String] = []
    ) async throws(ScaleError) -> StudioGroup {
        let pattern = "/studio/projects/{project}/groups/{group}"
        var request = ScaleRequest(method: .PUT, pattern: pattern, values: [project, name])
        request.body = .json(["add_emails": added.written, "remove_emails": removed.written])
        return try await self.object(from: request)
    }

    /// The batches that are not done, in the order in which they are worked on.
    public func studioBatches() async throws(ScaleError) -> [StudioBatch] {
        try await self.objects(from: ScaleRequest(method: .GET, pattern: "/studio/batches"))
    }

    /// Lets these groups work on a batch, and no others.
    public func assignStudioBatch(_ name: String, toGroups groups: [String]) async throws(ScaleError) -> StudioBatch {
        var request = ScaleRequest(method: .PUT, pattern: "/studio/batches/{batch}", values: [name])
        request.body = .json(["groups": groups.written])
        return try await self.object(from: request)
    }

    /// Puts the batches that are not done in this order.
    ///
    /// - Parameter names: All of them, the first to work on first.
    public func setStudioBatchPriorities(_ names: [String]) async throws(ScaleError) -> [StudioBatch] {
        let batches = names.map { JSON.object(["name": .string($0)]) }
        return try await self.objects(
            from: ScaleRequest(
                method: .POST,
                pattern: "/studio/batches/set_priorities",
                body: .json(["batches": .array(batches)])
            )
        )
    }

    /// Puts the batches back in the order of their creation.
    public func resetStudioBatchPriorities() async throws(ScaleError) -> [StudioBatch] {
        try await self.objects(from: ScaleRequest(method: .POST, pattern: "/studio/batches/reset_priorities"))
    }
}
