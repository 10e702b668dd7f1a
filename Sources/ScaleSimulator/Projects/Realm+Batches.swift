extension Realm {
    /// Creates a batch within a project (contract B2): in progress, or in staging for Rapid and Studio projects.
    mutating func createBatch(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let projectName = try Self.requiredString("project", in: body)
        let name = try Self.requiredString("name", in: body)
        if let callback = body["callback"], !callback.isNull, callback.string == nil {
            throw .invalid("\"callback\" must be a string")
        }
        let callback = body["callback"]?.string ?? ""
        if !callback.isEmpty { try TaskParameters.checkCallback(callback, name: "callback") }
        if let metadata = body["metadata"] { try TaskParameters.checkMetadata(metadata) }
        try self.limits.check(\.batches, has: self.batches.count, of: "batches")
        let isCalibration = try Self.optionalBool("calibration_batch", in: body)
        let isSelfLabel = try Self.optionalBool("self_label_batch", in: body)
        guard let project = self.projects[projectName] else { throw .projectNotFound }
        guard self.batches[name] == nil else { throw .conflict("A batch with the name \"\(name)\" already exists.") }
        var batch = SimulatedBatch(
            id: self.makeID(now),
            name: name,
            project: projectName,
            callback: callback,
            createdAt: now,
            status: project.isStaged ? .staging : .inProgress,
            isStaged: project.isStaged
        )
        batch.isCalibration = isCalibration
        batch.isSelfLabel = isSelfLabel
        if let metadata = body["metadata"], !metadata.isNull { batch.metadata = metadata }
        self.batches[name] = batch
        self.batchNames.append(name)
        return batch.json
    }

    /// The batch with this name.
    func batch(_ name: String) throws(APIError) -> SimulatedBatch {
        guard let batch = self.batches[name] else { throw .batchNotFound }
        return batch
    }

    /// Lets the work on a staged batch begin.
    ///
    /// For other batches it changes nothing; a second time it is a 400.
    mutating func finalizeBatch(_ name: String, now: Timestamp) throws(APIError) -> JSON {
        let batch = try self.batch(name)
        guard batch.isStaged else { return batch.json }
        guard batch.status == .staging else { throw .badRequest("The batch \"\(name)\" is already finalized.") }
        self.batches[name]?.status = .inProgress
        for number in batch.tasks where self.tasks[number].status == .pending {
            self.effects.append(.work(task: number, round: self.tasks[number].round))
        }
        self.completeBatchIfFinished(name, now: now)
        return try self.batch(name).json
    }

    /// Counts a new task among those of its batch, which is no longer completed then.
    mutating func put(_ number: Int, intoBatch name: String) {
        self.batches[name]?.tasks.append(number)
        self.batches[name]?.counts[.pending, default: 0] += 1
        self.reopenBatch(name)
    }

    /// Takes a completed batch back to work, as one of its tasks is.
    mutating func reopenBatch(_ name: String) {
        guard self.batches[name]?.status == .completed else { return }
        self.batches[name]?.status = .inProgress
        self.batches[name]?.completedAt = nil
    }

    /// Replaces the metadata of a batch.
    mutating func setBatchMetadata(_ name: String, _ metadata: JSON) throws(APIError) -> JSON {
        _ = try self.batch(name)
        try TaskParameters.checkMetadata(metadata)
        self.batches[name]?.metadata = metadata
        return try self.batch(name).json
    }

    /// Gives all unfinished tasks of a batch a priority, and those that are still to come.
    mutating func prioritizeBatch(_ name: String, _ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let batch = try self.batch(name)
        guard let value = body["priority"], !value.isNull else { throw .missing("priority") }
        try TaskParameters.checkPriority(value)
        self.batches[name]?.priority = value.int
        for number in batch.tasks where self.tasks[number].status == .pending {
            self.tasks[number].priority = value.int
            self.tasks[number].touch(now)
        }
        return try self.batch(name).json
    }

    /// A page of batches by offset, newest first (contract B2).
    func batches(_ query: Query) throws(APIError) -> JSON {
        let limit = try query.limit()
        let offset = try query.int("offset", within: 0...1_000_000_000) ?? 0
        let project = query["project"]
        let status = query["status"]
        guard status == nil || SimulatedBatch.Status(rawValue: status ?? "") != nil else {
            throw .invalid("\"status\" must be one of staging, in_progress, completed")
        }
        let excludesArchived = try query.bool("exclude_archived") ?? false
        _ = try query.bool("detailed")
        let created = try query.range("start_time", "end_time")
        let completed = try query.range("completed_after", "completed_before")
        let audited = try query.range("audited_after", "audited_before")
        let found = self.batchNames.reversed().lazy.compactMap { self.batches[$0] }
            .filter { batch in
                (project == nil || batch.project == project) && (status == nil || batch.status.rawValue == status)
                    && created.contains(batch.createdAt) && completed.contains(batch.completedAt)
                    && audited.contains(batch.auditedAt)
                    && !(excludesArchived && self.projects[batch.project]?.isArchived == true)
            }
        let total = found.count
        let docs = found.dropFirst(offset).prefix(limit).map(\.json)
        let hasMore = total - docs.count > offset
        let page = offset / limit + 1
        return [
            "docs": .array(Array(docs)), "totalDocs": JSON(total), "limit": JSON(limit), "offset": JSON(offset),
            "has_more": .bool(hasMore), "hasPrevPage": .bool(offset > 0), "hasNextPage": .bool(hasMore),
            "page": JSON(page), "totalPages": JSON(max(1, (total + limit - 1) / limit)),
            "pagingCounter": JSON(offset + 1), "prevPage": page > 1 ? JSON(page - 1) : .null,
            "nextPage": hasMore ? JSON(page + 1) : .null,
        ]
    }
}
