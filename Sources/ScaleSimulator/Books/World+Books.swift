extension World {
    /// Tasks or journal entries examined under the lock at one time.
    private static let slice = 5000

    /// Totals over both modes.
    func summary() -> ScaleSimulator.Summary {
        self.read { state in
            var summary = ScaleSimulator.Summary()
            for mode in Mode.allCases {
                let totals = state.realm(mode).tasks.totals
                for (status, count) in totals.statuses where count > 0 {
                    summary.tasks[mode, default: [:]][status.rawValue] = count
                }
                summary.audits += totals.audits
                summary.tasksAuditedMoreThanOnce += totals.tasksAuditedMoreThanOnce
                for (fault, count) in totals.plantedFaults where count > 0 {
                    summary.plantedFaults[fault.rawValue, default: 0] += count
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
            summary.callbacksDropped = counters.callbacksDropped
            return summary
        }
    }

    /// Journal entries numbered above `after` that the filter asks for, oldest first.
    ///
    /// `next` continues, null at the end; `count` is how many there are on this page.
    func journalPage(_ filter: JournalFilter, after: Int, limit: Int) -> JSON {
        var docs: [JSON] = []
        var last = after
        while true {
            let (entries, count) = self.read { state in
                (state.journal.entries(after: last, limit: Self.slice), state.journal.count)
            }
            for entry in entries where docs.count < limit {
                last = entry.number
                if filter.matches(entry) { docs.append(entry.json) }
            }
            guard docs.count < limit, !entries.isEmpty else {
                return [
                    "docs": .array(docs), "count": JSON(docs.count), "next": last < count ? JSON(last) : .null,
                ]
            }
        }
    }

    /// Audited tasks with their audits, oldest audit first.
    ///
    /// `after` counts tasks in the order of the books.
    func auditPage(taskID: String?, after: Int, limit: Int) -> JSON {
        func doc(_ mode: Mode, _ task: SimulatedTask) -> JSON? {
            guard !task.audits.isEmpty else { return nil }
            return [
                "task_id": .string(task.id), "mode": .string(mode.rawValue),
                "audits": .array(task.audits.map(\.bookJSON)),
            ]
        }
        guard let taskID else { return self.page(after: after, limit: limit, doc) }
        let docs = self.read { state in
            Mode.allCases.compactMap { mode in
                let realm = state.realm(mode)
                return realm.taskNumbers[taskID].flatMap { doc(mode, realm.tasks[$0]) }
            }
        }
        return ["docs": .array(docs), "next": .null]
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

    /// Takes a customer's own correction of a completed task of either mode.
    func fix(_ id: String, _ body: JSON?) throws(APIError) -> JSON {
        try self.perform(self.mode(of: id)) { realm, now throws(APIError) in try realm.fixTask(id, body, now: now) }
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
        var docs: [JSON] = []
        var place = after
        while true {
            let total = self.read { state in
                let live = state.live.tasks.count
                let total = live + state.test.tasks.count
                let end = min(total, min(place, total) + Self.slice)
                while place < end, docs.count < limit {
                    let isLive = place < live
                    let task = isLive ? state.live.tasks[place] : state.test.tasks[place - live]
                    if let doc = render(isLive ? .live : .test, task) { docs.append(doc) }
                    place += 1
                }
                return total
            }
            guard place < total, docs.count < limit else {
                return ["docs": .array(docs), "next": place < total ? JSON(place) : .null]
            }
        }
    }
}
