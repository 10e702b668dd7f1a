import NIOHTTP1

/// Tasks (contract B1).
extension ScaleClient {
    /// A task by its id.
    ///
    /// - Throws: `notFound` also for ids that cannot exist.
    public func task(_ id: String) async throws(ScaleError) -> ScaleTask {
        try await self.taskAnswer(to: ScaleRequest(method: .GET, pattern: "/task/{id}", values: [id]))
    }

    /// The tasks that match, newest first; fetched as they are read.
    public func tasks(_ filter: TaskFilter = .init()) -> ScaleTaskPages {
        ScaleTaskPages(client: self, filter: filter)
    }

    /// How many tasks match.
    public func taskCount(_ filter: TaskFilter) async throws(ScaleError) -> Int {
        let page = try await self.taskPage(filter, limit: 1, token: nil)
        guard let total = page.total, total >= 0 else {
            throw ScaleError(
                code: .malformedResponse,
                status: page.status,
                message: "the list of tasks has no total",
                operation: page.operation,
                requestID: page.requestID
            )
        }
        return total
    }

    /// Creates a task.
    ///
    /// Scale may create the task and answer 500 all the same. With a string `unique_id` in `parameters` this call finds
    /// out: it repeats, and when that conflicts with what an earlier attempt made, it returns the task that is there.
    /// Without one it is repeated only when Scale cannot have created anything, so always give one, beginning with the
    /// project's name.
    ///
    /// - Parameters:
    ///   - type: For example `imageannotation`.
    ///   - parameters: The body, by type (contract C2).
    /// - Returns: The task: pending, or in test mode already completed.
    /// - Throws: `conflict` when another task has the unique id, `badRequest` when a parameter is missing or wrong.
    public func createTask(type: String, parameters: JSON.Object) async throws(ScaleError) -> ScaleTask {
        let uniqueID = parameters["unique_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        var request = ScaleRequest(method: .POST, pattern: "/task/{type}", values: [type], body: .object(parameters))
        request.repeatability = uniqueID == nil ? .unlessTaken : .always
        do throws(ScaleError) {
            return try await self.taskAnswer(to: request)
        } catch {
            // Only a conflict with an attempt of this very call, whose answer was unclear, is a success.
            guard error.code == .conflict, error.isOutcomeUnknown, let uniqueID else { throw error }
            var filter = TaskFilter()
            filter.uniqueIDs = [uniqueID]
            let page: TaskPage
            do throws(ScaleError) {
                page = try await self.taskPage(filter, limit: nil, token: nil)
            } catch let lookUpError {
                throw lookUpError.withUnknownOutcome()
            }
            let tasks = page.docs.compactMap(ScaleTask.init(json:))
            guard let task = tasks.first(where: { $0.uniqueID == uniqueID }) else { throw error }
            return task
        }
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
        if clearUniqueID { request.query = [("clear_unique_id", "true")] }
        do throws(ScaleError) {
            return try await self.taskAnswer(to: request)
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
        request.body = ["accepted": .bool(accepted), "comments": comments.map { .string($0) } ?? .null]
        request.repeatability = .unlessTaken
        request.ignoresAnswer = true
        _ = try await self.send(request)
    }

    /// Gives a task a unique id.
    ///
    /// - Throws: `conflict` when another task has it.
    public func setUniqueID(_ uniqueID: String, ofTask id: String) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/unique_id", values: [id])
        request.body = ["unique_id": .string(uniqueID)]
        return try await self.taskAnswer(to: request)
    }

    /// Takes a task's unique id away, so that another task may have it.
    public func clearUniqueID(ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.taskAnswer(to: ScaleRequest(method: .DELETE, pattern: "/task/{id}/unique_id", values: [id]))
    }

    /// Replaces a task's metadata, at most 10 KB; an empty object clears it.
    public func setMetadata(_ metadata: JSON.Object, ofTask id: String) async throws(ScaleError) -> ScaleTask {
        var request = ScaleRequest(method: .POST, pattern: "/task/{id}/setMetadata", values: [id])
        request.body = .object(metadata)
        return try await self.taskAnswer(to: request)
    }

    /// Replaces a task's tags, at most five; an empty list clears them.
    public func setTags(_ tags: [String], ofTask id: String) async throws(ScaleError) -> ScaleTask {
        try await self.changeTags(tags, ofTask: id, method: .POST)
    }

    /// Adds tags to a task; those it has are left alone.
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
        request.body = .array(tags.map { .string($0) })
        return try await self.taskAnswer(to: request)
    }
}

// MARK: - Answers

extension ScaleClient {
    /// One page of the list of tasks (T3).
    struct TaskPage {
        let docs: [JSON]
        let hasMore: Bool?
        let nextToken: String?
        let total: Int?
        let status: Int
        let operation: String
        let requestID: String?
    }

    func taskPage(_ filter: TaskFilter, limit: Int?, token: String?) async throws(ScaleError) -> TaskPage {
        var request = ScaleRequest(method: .GET, pattern: "/tasks", query: filter.query)
        if let limit { request.query.append(("limit", String(limit))) }
        if let token { request.query.append(("next_token", token)) }
        let answer = try await self.send(request)
        let json = try answer.json()
        guard let docs = json["docs"]?.array else { throw answer.malformed("the list of tasks has no docs") }
        return TaskPage(
            docs: docs,
            hasMore: json["has_more"]?.bool,
            nextToken: json["next_token"]?.string,
            total: json["total"]?.int,
            status: answer.status,
            operation: request.operation,
            requestID: answer.requestID
        )
    }

    private func taskAnswer(to request: ScaleRequest) async throws(ScaleError) -> ScaleTask {
        let answer = try await self.send(request)
        guard let task = ScaleTask(json: try answer.json()) else {
            throw answer.malformed("the answer is not a task")
        }
        return task
    }
}
