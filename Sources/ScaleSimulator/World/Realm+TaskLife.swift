extension Realm {
    /// The invented person whose key audits.
    private static let auditor = "auditor@example.com"

    /// Ends the work on a task with a made-up response, or with an error when an attachment cannot be loaded.
    ///
    /// Does nothing when the task is no longer pending or was recalled since (`round` differs).
    mutating func completeTask(_ number: Int, round: Int, now: Timestamp) {
        guard self.tasks[number].status == .pending, self.tasks[number].round == round else { return }
        let made = self.responses.response(for: self.tasks[number])
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
    /// A canceled one stays canceled; a finished one is a 400 (contract T4).
    mutating func cancelTask(_ id: String, clearUniqueID: Bool, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        switch self.tasks[number].status {
        case .completed, .error:
            throw .badRequest("Cannot cancel a task that is \(self.tasks[number].status.rawValue).")
        case .pending:
            self.move(number, to: .canceled, now: self.tasks[number].touch(now))
            if clearUniqueID { self.releaseUniqueID(number) }
            self.completeBatchIfFinished(self.tasks[number].batch, now: now)
        case .canceled:
            if clearUniqueID { self.releaseUniqueID(number) }
        }
        return self.tasks[number].json
    }

    /// Takes a customer's verdict on a completed task and calls back again (contract T5, A3.2).
    ///
    /// Not idempotent, as at Scale: a second audit is a second entry.
    mutating func auditTask(_ id: String, accepted: Bool, comments: String?, now: Timestamp) throws(APIError) {
        let number = try self.taskNumber(id)
        guard self.tasks[number].status == .completed else {
            throw .badRequest("Only completed tasks can be audited; this one is \(self.tasks[number].status.rawValue).")
        }
        let stamp = self.tasks[number].touch(now)
        let audit = Audit(
            accepted: accepted,
            comments: comments,
            auditedBy: Self.auditor,
            auditedAt: stamp,
            seconds: 1.5
        )
        self.tasks[number].audits.append(audit)
        self.tasks[number].reviewStatus = audit.result
        if let comments, !comments.isEmpty { self.tasks[number].reviewComments.append(comments) }
        if self.tasks[number].priorResponses == nil { self.tasks[number].priorResponses = [] }
        self.effects.append(.callback(.task(number)))
    }

    /// Takes a completed task back to work: pending, its response among the earlier ones, called back (contract A4).
    mutating func recallTask(_ id: String, now: Timestamp) throws(APIError) -> JSON {
        let number = try self.taskNumber(id)
        guard self.tasks[number].status == .completed else {
            throw .badRequest("Only completed tasks can be recalled.")
        }
        if let response = self.tasks[number].response {
            self.tasks[number].priorResponses = (self.tasks[number].priorResponses ?? []) + [response]
        }
        self.tasks[number].response = nil
        self.tasks[number].completedAt = nil
        self.tasks[number].reviewStatus = nil
        self.tasks[number].round += 1
        self.move(number, to: .pending, now: self.tasks[number].touch(now))
        if let batch = self.tasks[number].batch, self.batches[batch]?.status == .completed {
            self.batches[batch]?.status = .inProgress
            self.batches[batch]?.completedAt = nil
        }
        self.effects.append(.callback(.task(number)))
        self.effects.append(.work(task: number, round: self.tasks[number].round))
        return self.tasks[number].json
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
