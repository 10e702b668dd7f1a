extension World {
    /// Totals over both modes.
    func summary() -> ScaleSimulator.Summary {
        self.read { state in
            var summary = ScaleSimulator.Summary()
            for mode in Mode.allCases {
                for task in state.realm(mode).tasks {
                    summary.tasks[mode, default: [:]][task.status.rawValue, default: 0] += 1
                    summary.audits += task.audits.count
                    if task.audits.count > 1 { summary.tasksAuditedMoreThanOnce += 1 }
                    if let fault = task.plantedFault { summary.plantedFaults[fault.rawValue, default: 0] += 1 }
                }
            }
            let counters = state.counters
            summary.requests = counters.requests
            summary.callbacksOrdered = counters.callbacksOrdered
            summary.callbackAttempts = counters.attempts
            summary.callbacksSucceeded = counters.callbacksSucceeded
            summary.callbacksFailed = counters.callbacksFailed
            summary.callbacksPending = counters.callbacksPending
            summary.callbacksNotSent = counters.callbacksNotSent
            return summary
        }
    }

    /// Journal entries numbered above `after`, oldest first; `next` continues, null at the end.
    func journalPage(after: Int, limit: Int) -> JSON {
        let (entries, count) = self.read { ($0.journal.entries(after: after, limit: limit), $0.journal.count) }
        let last = entries.last?.number ?? count
        return [
            "docs": .array(entries.map(\.json)),
            "next": last < count ? JSON(last) : .null,
        ]
    }

    /// Audited tasks with their audits, oldest audit first.
    ///
    /// `after` counts tasks in the order of the books.
    func auditPage(taskID: String?, after: Int, limit: Int) -> JSON {
        self.page(after: after, limit: limit) { mode, task in
            guard !task.audits.isEmpty, taskID == nil || taskID == task.id else { return nil }
            return [
                "task_id": .string(task.id), "mode": .string(mode.rawValue),
                "audits": .array(task.audits.map(\.bookJSON)),
            ]
        }
    }

    /// All tasks with what only the simulator knows.
    func taskPage(after: Int, limit: Int) -> JSON {
        self.page(after: after, limit: limit) { mode, task in
            [
                "task_id": .string(task.id), "mode": .string(mode.rawValue), "type": .string(task.type),
                "status": .string(task.status.rawValue), "planted_fault": JSON(task.plantedFault?.rawValue),
                "callbacks": JSON(task.callbacksOrdered),
                "acknowledged_callbacks": JSON(task.acknowledgedCallbacks),
            ]
        }
    }

    /// Sends the callback of a task of either mode again, so often.
    func sendCallback(of id: String, times: Int) throws(APIError) {
        try self.perform(self.mode(of: id)) { realm, _ throws(APIError) in try realm.resendCallback(id, times: times) }
    }

    /// Takes a completed task of either mode back to work.
    func recall(_ id: String) throws(APIError) -> JSON {
        try self.perform(self.mode(of: id)) { realm, now throws(APIError) in try realm.recallTask(id, now: now) }
    }

    private func mode(of id: String) throws(APIError) -> Mode {
        let mode = self.read { state in Mode.allCases.first { state.realm($0).taskNumbers[id] != nil } }
        guard let mode else { throw .taskNotFound }
        return mode
    }

    /// A page over the tasks of live, then of test mode.
    ///
    /// Both only grow at their ends, so `after` skips a test task only when live tasks were created between two pages.
    private func page(after: Int, limit: Int, _ render: (Mode, SimulatedTask) -> JSON?) -> JSON {
        self.read { state in
            let live = state.live.tasks.count
            let total = live + state.test.tasks.count
            var docs: [JSON] = []
            var place = min(after, total)
            while place < total, docs.count < limit {
                let isLive = place < live
                let task = isLive ? state.live.tasks[place] : state.test.tasks[place - live]
                if let doc = render(isLive ? .live : .test, task) { docs.append(doc) }
                place += 1
            }
            return ["docs": .array(docs), "next": place < total ? JSON(place) : .null]
        }
    }
}
