extension Realm {
    /// The invented person whose key audits.
    private static let auditor = "auditor@example.com"

    /// Ends the work on a task with a made-up response, or with an error when an attachment cannot be loaded.
    ///
    /// Does nothing when the task is no longer pending or was recalled since (`round` differs).
    mutating func completeTask(_ number: Int, round: Int, now: Timestamp) {
        guard self.tasks[number].status == .pending, self.tasks[number].round == round else { return }
        let made = self.responses.response(for: self.tasks[number], files: self.shelf)
        // A recall may have left the earlier one in place.
        self.retireResponse(number)
        self.tasks[number].response = made.response
        self.tasks[number].plantedFault = made.plantedFault
        let stamp = self.tasks[number].touch(now)
        if made.isError {
            if self.tasks[number].clearsUniqueIDOnError { self.releaseUniqueID(number) }
            self.move(number, to: .error, now: stamp)
        } else {
            self.tasks[number].completedAt = stamp
            self.move(number, to: .completed, now: stamp)
        }
        self.effects.append(.callback(.task(number)))
        self.completeBatchIfFinished(self.tasks[number].batch, now: stamp)
    }

    /// Cancels a pending task.
    ///
    /// Contract T4: a canceled one stays canceled; a finished one is a 400. Knobs change both.
    mutating func cancelTask(_ id: String, clearUniqueID: Bool, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        switch self.tasks[number].status {
        case .completed where self.knobs.cancelCompleted == 400, .error,
            .canceled where self.knobs.cancelTwice == 400:
            throw .badRequest("Cannot cancel a task that is \(self.tasks[number].status.rawValue).")
        case .pending, .completed:
            // A completed one keeps its response and the time of its completion.
            self.move(number, to: .canceled, now: self.tasks[number].touch(now))
            if self.knobs.cancelCallsBack { self.effects.append(.callback(.task(number))) }
            self.completeBatchIfFinished(self.tasks[number].batch, now: now)
        case .canceled: break
        }
        if clearUniqueID { self.releaseUniqueID(number) }
        return self.shown(number)
    }

    /// Takes a customer's verdict on a completed task and calls back again (contract T5, A3.2).
    ///
    /// Not idempotent, as at Scale: a second audit is a second entry.
    mutating func auditTask(_ id: String, _ body: JSONObject, now: Timestamp) throws(APIError) {
        guard let accepted = body["accepted"] else { throw .missing("accepted") }
        guard let accepted = accepted.bool else { throw .invalid("\"accepted\" must be a boolean") }
        let comments = try Self.comments(body)
        let number = try self.taskNumber(id)
        guard self.tasks[number].status == .completed else {
            throw .badRequest("Only completed tasks can be audited; this one is \(self.tasks[number].status.rawValue).")
        }
        try self.add(accepted ? .accepted : .rejected, comments, to: number, now: now)
        if self.knobs.auditCallsBack { self.effects.append(.callback(.task(number))) }
    }

    /// Takes a customer's own correction of a completed task, which at Scale only people at a screen can make; always
    /// calls back (contract A3.2).
    ///
    /// The body's `response` replaces the one there is, marked with `is_customer_fix`; without it that one is marked.
    mutating func fixTask(_ id: String, _ body: JSON?, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        guard let body = (body ?? [:]).object else { throw .notAnObject }
        let comments = try Self.comments(body)
        let given = body["response"] ?? .null
        guard given.isNull || given.object != nil, given.utf8.count <= Quality.maximumBytes else {
            throw .invalid("\"response\" must be an object of at most \(Quality.maximumBytes) bytes")
        }
        guard self.tasks[number].status == .completed else { throw .badRequest("Only completed tasks can be fixed.") }
        var response = given.object ?? self.tasks[number].response?.object ?? JSONObject()
        response["is_customer_fix"] = true
        try self.add(.fixed, comments, to: number, now: now)
        self.retireResponse(number)
        self.tasks[number].response = .object(response)
        self.effects.append(.callback(.task(number)))
        return self.shown(number)
    }

    private static func comments(_ body: JSONObject) throws(APIError) -> String? {
        let comments = body["comments"] ?? .null
        guard comments.isNull || comments.string != nil else { throw .invalid("\"comments\" must be a string") }
        guard comments.utf8.count <= Audit.maximumCommentBytes else {
            throw .invalid("\"comments\" must not exceed 10 KB")
        }
        return comments.string
    }

    /// Writes a verdict into the task.
    private mutating func add(
        _ verdict: Audit.Verdict,
        _ comments: String?,
        to number: Int,
        now: Timestamp
    ) throws(APIError) {
        try self.limits.check(\.audits, has: self.tasks[number].audits.count, of: "audits of one task")
        let stamp = self.tasks[number].touch(now)
        self.tasks[number].audits
            .append(
                Audit(verdict: verdict, comments: comments, auditedBy: Self.auditor, auditedAt: stamp, seconds: 1.5)
            )
        self.tasks[number].reviewStatus = verdict.rawValue
        if let batch = self.tasks[number].batch { self.batches[batch]?.auditedAt = stamp }
        if let comments, !comments.isEmpty { self.tasks[number].reviewComments.append(comments) }
        if self.tasks[number].priorResponses == nil { self.tasks[number].priorResponses = [] }
    }

    /// Takes a completed task back to work: pending, its response among the earlier ones, called back (contract A4).
    mutating func recallTask(_ id: String, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        guard self.tasks[number].status == .completed else {
            throw .badRequest("Only completed tasks can be recalled.")
        }
        try self.limits.check(\.recalls, has: self.tasks[number].round - 1, of: "recalls of one task")
        if !self.knobs.recallKeepsResponse { self.retireResponse(number) }
        self.tasks[number].completedAt = nil
        self.tasks[number].reviewStatus = nil
        self.tasks[number].round += 1
        self.move(number, to: .pending, now: self.tasks[number].touch(now))
        if let batch = self.tasks[number].batch { self.reopenBatch(batch) }
        self.effects.append(.callback(.task(number)))
        self.effects.append(.work(task: number, round: self.tasks[number].round))
        return self.shown(number)
    }

    /// Moves the response of a task among its earlier ones.
    private mutating func retireResponse(_ number: Int) {
        guard let response = self.tasks[number].response else { return }
        self.tasks[number].priorResponses = (self.tasks[number].priorResponses ?? []) + [response]
        self.tasks[number].response = nil
    }

    /// Orders the callback of a finished task once more (contract T12).
    mutating func resendCallback(_ id: String, times: Int = 1) throws(APIError) {
        let number = try self.taskNumber(id)
        guard [.completed, .error].contains(self.tasks[number].status) else {
            throw .badRequest("Callbacks can be sent again only for completed or errored tasks.")
        }
        for _ in 0..<times {
            self.effects.append(.callback(.task(number)))
        }
    }

    /// Changes the status of a task and the counts of its batch together.
    mutating func move(_ number: Int, to status: SimulatedTask.Status, now: Timestamp) {
        let old = self.tasks[number].status
        self.tasks[number].status = status
        if let batch = self.tasks[number].batch {
            self.batches[batch]?.counts[old, default: 0] -= 1
            self.batches[batch]?.counts[status, default: 0] += 1
        }
    }

    /// Completes a batch in progress whose tasks are all finished, and calls back once for it (contract A5).
    mutating func completeBatchIfFinished(_ name: String?, now: Timestamp) {
        guard let name, let batch = self.batches[name], batch.status == .inProgress, !batch.tasks.isEmpty,
            batch.counts[.pending, default: 0] == 0
        else { return }
        self.batches[name]?.status = .completed
        self.batches[name]?.completedAt = now
        self.effects.append(.callback(.batch(name)))
    }

    /// Gives the task's `unique_id` free.
    mutating func releaseUniqueID(_ number: Int) {
        guard let uniqueID = self.tasks[number].uniqueID else { return }
        self.tasks[number].uniqueID = nil
        self.uniqueIDs[uniqueID] = nil
    }
}
