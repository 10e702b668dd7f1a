import NIOHTTP1

/// Evaluation and training tasks, labelers' quality, fixless audits (contract B6).
extension ScaleClient {
    /// Creates a task that measures workers; Rapid projects only.
    ///
    /// Scale recognises no repeats of it, so it is repeated only when Scale cannot have acted on it.
    ///
    /// - Parameters:
    ///   - request: The task.
    ///   - expectedResponse: The answer that is right, in the form of the project's other responses.
    ///   - initialResponse: An answer to review; without one, workers begin from nothing.
    public func createEvaluationTask(
        _ request: some ScaleTaskRequest,
        expectedResponse: JSON.Object,
        initialResponse: JSON.Object? = nil
    ) async throws(ScaleError) -> QualityTask {
        try await self.createQualityTask("/evaluation_tasks/{type}", request, expectedResponse, initialResponse)
    }

    /// Creates a task that teaches workers; Rapid projects only.
    ///
    /// Scale recognises no repeats of it, so it is repeated only when Scale cannot have acted on it.
    ///
    /// - Parameters:
    ///   - request: The task.
    ///   - expectedResponse: The answer that is right, in the form of the project's other responses.
    public func createTrainingTask(
        _ request: some ScaleTaskRequest,
        expectedResponse: JSON.Object
    ) async throws(ScaleError) -> QualityTask {
        try await self.createQualityTask("/training_tasks/{type}", request, expectedResponse, nil)
    }

    private func createQualityTask(
        _ pattern: String,
        _ task: some ScaleTaskRequest,
        _ expectedResponse: JSON.Object,
        _ initialResponse: JSON.Object?
    ) async throws(ScaleError) -> QualityTask {
        var body = task.body
        body["expected_response"] = .object(expectedResponse)
        body["initial_response"] = initialResponse.map { .object($0) }
        var request = ScaleRequest(
            method: .POST,
            pattern: pattern,
            values: [task.type.rawValue],
            body: .json(.object(body))
        )
        request.repeatability = .unlessTaken
        try self.check(parameters: body, in: request)
        return try await self.object(from: request)
    }

    /// How well labelers did; known from one source only, which does not say what the answer is.
    ///
    /// - Parameters:
    ///   - taskIDs: Only on these evaluation or training tasks.
    ///   - emails: Only these labelers.
    /// - Throws: `invalidArgument` when neither is given.
    public func qualityLabelers(taskIDs: [String] = [], emails: [String] = []) async throws(ScaleError) -> JSON {
        var request = ScaleRequest(method: .GET, pattern: "/quality/labelers")
        guard !taskIDs.isEmpty || !emails.isEmpty else {
            throw request.invalid("give the ids of quality tasks, the emails of labelers, or both")
        }
        request.query.add("quality_task_ids", each: taskIDs)
        request.query.add("labeler_emails", each: emails)
        return try await self.send(request).json()
    }

    /// Audits a task without fixing it.
    ///
    /// A task may have many such audits, so this is repeated only when Scale cannot have acted on it.
    ///
    /// - Parameter parameters: The body: task id, result, URL of the audited response, feedback items.
    public func createFixlessAudit(_ parameters: JSON.Object) async throws(ScaleError) -> FixlessAudit {
        var request = ScaleRequest(method: .PUT, pattern: "/audits", body: .json(.object(parameters)))
        request.repeatability = .unlessTaken
        return try await self.object(from: request)
    }

    /// All fixless audits of a task.
    public func fixlessAudits(ofTask id: String) async throws(ScaleError) -> [FixlessAudit] {
        try await self.fixlessAudits(["task_id": id])
    }

    /// A fixless audit by its id; nil when Scale answers with none.
    public func fixlessAudit(_ id: String) async throws(ScaleError) -> FixlessAudit? {
        try await self.fixlessAudits(["id": id]).first
    }

    /// Whether Scale answers with one or with a list is not documented, so both are read.
    private func fixlessAudits(_ query: Query) async throws(ScaleError) -> [FixlessAudit] {
        let request = ScaleRequest(method: .GET, pattern: "/audits", query: query)
        let answer = try await self.send(request)
        let elements = try answer.json().oneOrMany
        let audits = elements.compactMap(FixlessAudit.init(json:))
        guard audits.count == elements.count else { throw answer.malformed("the answer holds something else") }
        return audits
    }
}
