extension Realm {
    /// Creates an evaluation or training task (contract B6): the parameters of a task, and the right answer.
    ///
    /// - Throws: 400 for the type, for parameters, without `expected_response` and for a project that is not Rapid;
    ///   404 for an unknown project or batch.
    mutating func createQualityTask(
        _ kind: Quality.Kind,
        type: String,
        _ body: JSONObject,
        now: Timestamp
    ) throws(APIError) -> JSON {
        guard Quality.types.contains(type) else {
            throw .badRequest("Tasks of type \(type) cannot be \(kind.rawValue) tasks.")
        }
        let (merged, project, batch, _) = try self.parameters(type: type, body)
        if let project, !project.isRapid {
            throw .badRequest("The project \"\(project.name)\" is not a Rapid project.")
        }
        guard let expected = body["expected_response"], !expected.isNull else { throw .missing("expected_response") }
        guard expected.object != nil else { throw .invalid("\"expected_response\" must be an object") }
        let initial = body["initial_response"] ?? .null
        guard initial.isNull || (initial.object != nil && kind == .evaluation) else {
            throw .invalid("\"initial_response\" must be an object and belongs to evaluation tasks")
        }
        guard JSON.object(merged).utf8.count <= Quality.maximumBytes else { throw .invalid("the task is too large") }
        try Self.checkRoom(self.quality.items.count, Quality.maximum, "quality tasks")
        let id = self.makeID(now)
        var json: JSONObject = ["id": .string(id), "type": .string(type), "created_at": .string("\(now)")]
        json["project"] = project.map { .string($0.name) }
        json["batch"] = batch.map(JSON.string)
        json["metadata"] = merged["metadata"] ?? [:]
        let outside = TaskParameters.outsideParams.union(["expected_response", "initial_response"])
        json["params"] = .object(JSONObject(merged.members.filter { !outside.contains($0.key) }))
        if !initial.isNull { json["initial_response"] = initial }
        json["expected_response"] = expected
        self.quality.items.append(Quality.Item(id: id, kind: kind, type: type, json: .object(json)))
        return .object(json)
    }

    /// How labelers did on quality tasks, made up: only one third-party client knows of this call.
    func labelers(_ query: Query) -> JSON {
        func asked(_ name: String) -> Set<String> {
            Set(query.all(name).flatMap { $0.split(separator: ",").map(String.init) })
        }
        let ids = asked("quality_task_ids")
        let emails = asked("labeler_emails")
        let labelers = self.teammates.filter { mate in
            mate.role == .labeler && (emails.isEmpty || emails.contains(mate.email))
        }
        let items = self.quality.items.enumerated().filter { ids.isEmpty || ids.contains($0.element.id) }
        var rows: [JSON] = []
        for (number, item) in items.prefix(1000) {
            for labeler in labelers.prefix(100) where rows.count < 1000 {
                let salt = MultipartForm.digest(UInt64(number), Array(labeler.email.utf8)[...])
                var generator = SeededGenerator(seed: self.responses.seed, salt)
                rows.append([
                    "labeler_email": .string(labeler.email), "quality_task_id": .string(item.id),
                    "type": .string(item.kind.rawValue), "score": JSON(Double(generator.int(50, 100)) / 100),
                ])
            }
        }
        return .array(rows)
    }

    /// Takes a fixless audit of a completed task.
    mutating func addFixlessAudit(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let taskID = try Self.requiredString("task_id", in: body)
        let number = try self.taskNumber(taskID)
        guard self.tasks[number].status == .completed else { throw .badRequest("Only completed tasks can be audited.") }
        let items = body["feedback_items"] ?? []
        guard let list = items.array, list.count <= 1000 else {
            throw .invalid("\"feedback_items\" must be an array of at most 1000 objects")
        }
        for item in list {
            guard item.object != nil, ["accepted", "rejected", "disputed", nil].contains(item["state"]?.string) else {
                throw .invalid("a feedback item must have the \"state\" accepted, rejected or disputed")
            }
        }
        guard JSON.object(body).utf8.count <= Quality.maximumBytes else { throw .invalid("the audit is too large") }
        try Self.checkRoom(self.quality.audits.count, Quality.maximum, "fixless audits")
        let id = self.makeID(now)
        var audit: JSONObject = ["id": .string(id)]
        audit.merge(body)
        audit["id"] = .string(id)
        audit["task_id"] = .string(self.tasks[number].id)
        audit["feedback_items"] = .array(
            list.enumerated()
                .map { place, item in
                    var item = item.object ?? JSONObject()
                    if item["id"] == nil { item["id"] = .string("\(id)-\(place + 1)") }
                    return .object(item)
                }
        )
        audit["created_at"] = .string("\(now)")
        self.quality.audits.append(
            Quality.FixlessAudit(id: id, taskID: self.tasks[number].id, json: .object(audit))
        )
        return .object(audit)
    }

    /// The fixless audits of a task as an array, or the one with an id.
    func fixlessAudits(_ query: Query) throws(APIError) -> JSON {
        if let id = query["id"] {
            guard let audit = self.quality.audits.first(where: { $0.id == id }) else {
                throw APIError(status: 404, message: "Audit with that ID not found.")
            }
            return audit.json
        }
        guard let taskID = query["task_id"] else { throw .missing("task_id") }
        let id = self.tasks[try self.taskNumber(taskID)].id
        return .array(self.quality.audits.filter { $0.taskID == id }.map(\.json))
    }
}
