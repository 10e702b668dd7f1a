import NIOHTTP1

/// Tasks found by a filter, newest first, fetched page by page.
public typealias ScaleTaskPages = ScalePages<ScaleTask>

/// Tasks (contract B1).
extension ScaleClient {
    /// A task by its id.
    ///
    /// - Throws: `notFound` also for ids that cannot exist.
    public func task(_ id: String) async throws(ScaleError) -> ScaleTask {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/task/{id}", values: [id]))
    }

    /// The tasks that match, newest first; fetched as they are read.
    public func tasks(_ filter: TaskFilter = .init()) -> ScaleTaskPages {
        ScalePages(logger: self.logger) { (token) async throws(ScaleError) in
            var request = ScaleRequest(method: .GET, pattern: "/tasks", query: filter.query)
            request.query.add("limit", filter.pageSize)
            request.query.add("next_token", token)
            let page = try await self.listPage(from: request)
            // The last page may say so, lack a token, or both.
            let next = page.json["has_more"]?.bool == false ? nil : page.json["next_token"]?.string
            return ScaleTaskPages.Page(docs: page.docs, next: next.flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    /// How many tasks match.
    public func taskCount(_ filter: TaskFilter = .init()) async throws(ScaleError) -> Int {
        try await self.count(by: ScaleRequest(method: .GET, pattern: "/tasks", query: filter.query))
    }

    /// Creates a task.
    ///
    /// Scale may create the task and answer 500 all the same. With a string `unique_id` in `parameters` this call finds
    /// out: it repeats, and when that conflicts with what an earlier attempt made, it returns the task that is there.
    /// Without one it is repeated only when Scale cannot have created anything, so always give one, beginning with the
    /// project's name.
    ///
    /// - Parameters:
    ///   - type: The type of the task.
    ///   - parameters: The body, by type (contract C2).
    /// - Returns: The task: pending, or in test mode already completed.
    /// - Throws: `conflict` when another task has the unique id, `badRequest` when a parameter is missing or wrong,
    ///   `invalidArgument`, before anything is sent, for more than five tags, or for a geometry or an annotation
    ///   attribute that is named twice.
    public func createTask(
        type: ScaleTask.TaskType,
        parameters: JSON.Object
    ) async throws(ScaleError) -> ScaleTask {
        let uniqueID = parameters["unique_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        var request = ScaleRequest(
            method: .POST,
            pattern: "/task/{type}",
            values: [type.rawValue],
            body: .json(.object(parameters))
        )
        request.repeatability = uniqueID == nil ? .unlessTaken : .always
        try self.check(parameters: parameters, in: request)
        return try await self.object(from: request, refusedOnceMade: .conflict) { () async throws(ScaleError) in
            guard let uniqueID else { return nil }
            let lookUp = ScaleRequest(method: .GET, pattern: "/tasks", query: ["unique_id": uniqueID])
            let page = try await self.listPage(from: lookUp)
            return page.docs.compactMap(ScaleTask.init(json:)).first { $0.uniqueID == uniqueID }
        }
    }

    /// Creates a task from what is known of its type, for example an `ImageAnnotationTask`.
    ///
    /// Give its options a `uniqueID`: then a task that Scale made although it answered 500 is found and returned.
    ///
    /// - Returns: The task: pending, or in test mode already completed.
    /// - Throws: As `createTask(type:parameters:)`.
    public func createTask(_ request: some ScaleTaskRequest) async throws(ScaleError) -> ScaleTask {
        try await self.createTask(type: request.type, parameters: request.body)
    }

    /// Cancels a task on which no work has started.
    ///
    /// A task that is cancelled already counts as success.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - clearUniqueID: Whether its unique id becomes free for another task.
    /// - Returns: The cancelled task.
    /// - Throws: `badRequest` when it is too late.
    public func cancelTask(_ id: String, clearUniqueID: Bool = false) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/cancel", values: [id])
        request.query.add("clear_unique_id", clearUniqueID)
        do throws(ScaleError) {
            return try await self.object(from: request)
        } catch {
            // Sources disagree whether a second cancel is 200 or 400 (T4), so a 400 is no proof of failure.
            guard error.code == .badRequest else { throw error }
            let current: ScaleTask
            do throws(ScaleError) {
                current = try await self.task(id)
            } catch let lookUpError {
                if lookUpError.code == .cancelled { throw lookUpError.withUnknownOutcome() }
                throw error
            }
            guard current.status == .canceled, !clearUniqueID || current.uniqueID == nil else { throw error }
            return current
        }
    }

    /// Accepts or rejects a completed task.
    ///
    /// Each audit may leave an entry on the task and send a callback, so this is never sent twice on suspicion: it is
    /// repeated only when the request did not leave this machine, or when Scale refused it with 429. When an error says
    /// `isOutcomeUnknown`, look at the task before you try again.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - accepted: Whether the result is good.
    ///   - comments: What the workers should know.
    /// - Throws: Among others `badRequest` when the task is not completed.
    public func auditTask(_ id: String, accepted: Bool, comments: String? = nil) async throws(ScaleError) {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/audit", values: [id])
        request.body = .json(["accepted": .bool(accepted), "comments": comments.map { .string($0) } ?? .null])
        request.repeatability = .unlessTaken
        request.ignoresAnswer = true
        _ = try await self.send(request)
    }

    /// Gives a task a unique id.
    ///
    /// - Throws: `conflict` when another task has it.
    public func setUniqueID(_ uniqueID: String, ofTask id: String) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/unique_id", values: [id])
        request.body = .json(["unique_id": .string(uniqueID)])
        return try await self.object(from: request)
    }

    /// Takes a task's unique id away, so that another task may have it.
    public func clearUniqueID(ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.object(from: ScaleRequest(method: .DELETE, pattern: "/task/{id}/unique_id", values: [id]))
    }

    /// Replaces a task's metadata, at most 10 KB; an empty object clears it.
    public func setMetadata(_ metadata: JSON.Object, ofTask id: String) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/setMetadata", values: [id])
        request.body = .json(.object(metadata))
        return try await self.object(from: request)
    }

    /// Replaces a task's tags; an empty list clears them.
    ///
    /// - Throws: Among others `invalidArgument`, before anything is sent, for more than five.
    public func setTags(_ tags: [String], ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.changeTags(tags, ofTask: id, method: .POST)
    }

    /// Adds tags to a task; those it has are left alone.
    ///
    /// - Throws: Among others `invalidArgument`, before anything is sent, for more than five.
    public func addTags(_ tags: [String], ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.changeTags(tags, ofTask: id, method: .PUT)
    }

    /// Takes tags off a task; those it lacks are passed over.
    public func removeTags(_ tags: [String], ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.changeTags(tags, ofTask: id, method: .DELETE)
    }

    private func changeTags(
        _ tags: [String],
        ofTask id: String,
        method: HTTPMethod
    ) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: method, pattern: "/task/{id}/tags", values: [id])
        request.body = .json(tags.written)
        if method != .DELETE { try self.checkTags(tags, in: request) }
        return try await self.object(from: request)
    }

    /// Refuses what cannot become a task: too many tags, and objects that name a geometry or an attribute twice, of
    /// which Scale would read one and drop the other.
    func check(parameters: JSON.Object, in request: ScaleRequest) throws(ScaleError) {
        try self.checkTags(parameters["tags"]?.array?.compactMap(\.string) ?? [], in: request)
        for key in ["geometries", "annotation_attributes"] {
            var seen: Set<String> = []
            for member in parameters[key]?.object?.members ?? [] where !seen.insert(member.key).inserted {
                throw request.invalid("\(key) names \"\(member.key)\" twice; put all of it into one")
            }
        }
    }

    /// Refuses tags of which a task cannot have so many (T8–T11).
    private func checkTags(_ tags: [String], in request: ScaleRequest) throws(ScaleError) {
        let count = Set(tags).count
        if count > 5 { throw request.invalid("a task has at most 5 tags, not \(count)") }
    }
}
