extension Realm {
    /// Creates a task of any type (contract T1).
    ///
    /// In test mode it is completed before this returns, unless a knob gives it time.
    ///
    /// - Throws: 400 for parameters, 404 for an unknown project or batch, 409 for a `unique_id` in use.
    mutating func createTask(type: String, body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        try TaskParameters.checkType(type)
        try self.limits.check(\.tasks, has: self.tasks.count, of: "tasks")
        let (merged, project, batch, inherited) = try self.parameters(type: type, body)
        let uniqueID = merged["unique_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        if let uniqueID { try self.checkUniqueID(uniqueID, for: nil) }

        // Creation times never step back, so that the order of creation is the order of `created_at`.
        let created = max(now, self.tasks.last?.createdAt ?? now)
        let number = self.tasks.count
        var task = SimulatedTask(
            number: number,
            id: self.makeID(created),
            type: type,
            isTest: self.mode == .test,
            createdAt: created,
            updatedAt: created
        )
        task.callbackURL = merged["callback_url"]?.string
        task.instruction = [body["instruction"]?.string, inherited.params["instruction"]?.string]
            .compactMap(\.self).joined(separator: "\n")
        task.params = JSONObject(merged.members.filter { !TaskParameters.outsideParams.contains($0.key) })
        task.metadata = merged["metadata"] ?? [:]
        task.project = project?.name
        task.batch = batch
        task.projectParamVersion = inherited.version
        task.priority = merged["priority"]?.int ?? batch.flatMap { self.batches[$0]?.priority }
        task.uniqueID = uniqueID
        task.clearsUniqueIDOnError = merged["clear_unique_id_on_error"]?.bool ?? false
        if merged["tags"] != nil {
            task.tags = try TaskParameters.tags(merged["tags"])
            try Self.checkTagCount(task.tags)
        }

        self.tasks.append(task)
        self.taskNumbers[task.id] = number
        if let uniqueID { self.uniqueIDs[uniqueID] = number }
        if let batch { self.put(number, intoBatch: batch) }
        switch self.mode {
        case .test where self.knobs.testCompletionDelayMs == 0: self.completeTask(number, round: 1, now: now)
        case .test: self.effects.append(.work(task: number, round: 1))
        case .live where batch.flatMap({ self.batches[$0]?.status }) != .staging:
            self.effects.append(.work(task: number, round: 1))
        case .live: break  // A staged batch is worked on once it is finalized.
        }
        return self.shown(number)
    }

    /// The parameters of a task to be: its project's under its own, checked.
    ///
    /// Of the batch only the name is handed on: who held on to the batch would copy its list of tasks when one is added.
    func parameters(type: String, _ body: JSONObject) throws(APIError) -> (
        merged: JSONObject, project: SimulatedProject?, batch: String?,
        inherited: (params: JSONObject, version: Int?)
    ) {
        for name in ["project", "batch"] {
            if let value = body[name], !value.isNull, value.string == nil {
                throw .invalid("\"\(name)\" must be a string")
            }
        }
        let batch = try body["batch"]?.string.map { name throws(APIError) in try self.openBatch(name) }
        let project = try self.project(named: body["project"]?.string, type: type, batch: batch)
        let inherited = try Self.inherited(from: project, body: body)
        var merged = inherited.params
        merged.merge(JSONObject(body.members.filter { !$0.value.isNull }))
        try TaskParameters.check(type: type, merged)
        return (merged, project, batch?.name, inherited)
    }

    /// The task with this id (contract T2); a `unique_id` is taken too.
    func task(_ id: String) throws(APIError) -> JSON { self.shown(try self.taskNumber(id)) }

    /// A task as the API shows it now.
    func shown(_ number: Int) -> JSON { self.tasks[number].json(self.knobs) }

    /// Gives a task a `unique_id`, or takes it away with nil (contract T6, T7).
    mutating func setUniqueID(_ id: String, _ uniqueID: String?, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        if let uniqueID { try self.checkUniqueID(uniqueID, for: number) }
        self.releaseUniqueID(number)
        if let uniqueID {
            self.tasks[number].uniqueID = uniqueID
            self.uniqueIDs[uniqueID] = number
        }
        self.tasks[number].touch(now)
        return self.shown(number)
    }

    /// Replaces the metadata of a task (contract T8).
    mutating func setTaskMetadata(_ id: String, _ metadata: JSON, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        try TaskParameters.checkMetadata(metadata)
        self.tasks[number].metadata = metadata
        self.tasks[number].touch(now)
        return self.shown(number)
    }

    /// Computes the new tags of a task from the old ones (contract T9-T11).
    ///
    /// More than five are a 400.
    mutating func changeTags(
        _ id: String,
        now: Timestamp,
        _ change: ([String]) -> [String]
    ) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        let tags = change(self.tasks[number].tags ?? [])
        try Self.checkTagCount(tags)
        self.tasks[number].tags = tags
        self.tasks[number].touch(now)
        return self.shown(number)
    }

    private static func checkTagCount(_ tags: [String]?) throws(APIError) {
        guard (tags?.count ?? 0) <= TaskParameters.maximumTags else {
            throw .invalid("a task can have at most \(TaskParameters.maximumTags) \"tags\"")
        }
    }

    private func checkUniqueID(_ uniqueID: String, for number: Int?) throws(APIError) {
        guard let holder = self.uniqueIDs[uniqueID], holder != number else { return }
        let id = self.tasks[holder].id
        throw .conflict("The unique_id (\"\(uniqueID)\") is already used for a different task (\(id)).")
    }

    private func openBatch(_ name: String) throws(APIError) -> SimulatedBatch {
        guard let batch = self.batches[name] else { throw .batchNotFound }
        guard !batch.isStaged || batch.status == .staging else {
            throw .badRequest("The batch \"\(name)\" is finalized and takes no more tasks.")
        }
        return batch
    }

    private func project(
        named name: String?,
        type: String,
        batch: SimulatedBatch?
    ) throws(APIError) -> SimulatedProject? {
        guard let name = name ?? batch?.project else { return nil }
        guard let project = self.projects[name] else { throw .projectNotFound }
        guard batch == nil || batch?.project == name else {
            throw .badRequest("The batch \"\(batch?.name ?? "")\" belongs to a different project.")
        }
        guard project.type == type else {
            throw .badRequest("The project \"\(name)\" takes tasks of type \(project.type), not \(type).")
        }
        return project
    }

    /// What a task takes over from its project: the newest parameters, a pinned version, or with -1 nothing (B3).
    private static func inherited(
        from project: SimulatedProject?,
        body: JSONObject
    ) throws(APIError) -> (params: JSONObject, version: Int?) {
        let asked = (body["project_param_version"] ?? body["project_version"])?.int
        guard let project, asked != -1 else { return (JSONObject(), nil) }
        guard let params = project.params(version: asked) else {
            guard asked == nil else { throw .invalid("\"project_param_version\" does not exist") }
            return (JSONObject(), nil)
        }
        return (params, params["version"]?.int)
    }
}
