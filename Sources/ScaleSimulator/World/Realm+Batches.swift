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
        guard let project = self.projects[projectName] else { throw .projectNotFound }
        guard self.batches[name] == nil else { throw .conflict("A batch with the name \"\(name)\" already exists.") }
        var batch = SimulatedBatch(
            name: name,
            project: projectName,
            callback: callback,
            createdAt: now,
            status: project.isStaged ? .staging : .inProgress,
            isStaged: project.isStaged
        )
        batch.isCalibration = body["calibration_batch"]?.bool ?? false
        batch.isSelfLabel = body["self_label_batch"]?.bool ?? false
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

    /// Replaces the metadata of a batch.
    mutating func setBatchMetadata(_ name: String, _ metadata: JSON) throws(APIError) -> JSON {
        _ = try self.batch(name)
        try TaskParameters.checkMetadata(metadata)
        self.batches[name]?.metadata = metadata
        return try self.batch(name).json
    }

    /// A page of batches by offset, newest first (contract B2).
    func batches(_ query: Query) throws(APIError) -> JSON {
        let limit = try query.limit()
        let offset = try query.int("offset", within: 0...1_000_000_000) ?? 0
        let project = query["project"]
        let status = query["status"]
        let created = try query.range("start_time", "end_time")
        let completed = try query.range("completed_after", "completed_before")
        let found = self.batchNames.reversed().lazy.compactMap { self.batches[$0] }
            .filter { batch in
                (project == nil || batch.project == project) && (status == nil || batch.status.rawValue == status)
                    && created.contains(batch.createdAt) && completed.contains(batch.completedAt)
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

    /// A string that must be there and not be empty.
    static func requiredString(_ name: String, in body: JSONObject) throws(APIError) -> String {
        guard let value = body[name], !value.isNull else { throw .missing(name) }
        guard let text = value.string, !text.isEmpty else { throw .invalid("\"\(name)\" must be a string") }
        return text
    }
}
