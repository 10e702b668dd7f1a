import Synchronization

extension ScaleSimulator {
    /// Totals over both modes.
    package var summary: Summary { self.world.summary() }

    /// The audits taken per task id, oldest first; tasks without audits are absent.
    package var audits: [String: [Audit]] {
        self.world.read { state in
            var audits: [String: [Audit]] = [:]
            for task in [state.live.tasks, state.test.tasks].joined() where !task.audits.isEmpty {
                audits[task.id] = task.audits
            }
            return audits
        }
    }

    /// The planted fault per task id; tasks without one are absent.
    package var plantedFaults: [String: PlantedFault] {
        self.world.read { state in
            var faults: [String: PlantedFault] = [:]
            for task in [state.live.tasks, state.test.tasks].joined() {
                faults[task.id] = task.plantedFault
            }
            return faults
        }
    }

    /// How many callback tries were answered 2xx, per task id.
    package var acknowledgedCallbacks: [String: Int] {
        self.world.read { state in
            var counts: [String: Int] = [:]
            for task in [state.live.tasks, state.test.tasks].joined() {
                counts[task.id] = task.acknowledgedCallbacks
            }
            return counts
        }
    }

    /// The journal entries numbered above `after`, oldest first, at most `limit`.
    package func journal(after: Int = 0, limit: Int = 10000) -> [JournalEntry] {
        self.world.read { $0.journal.entries(after: after, limit: limit) }
    }

    /// Lets the next requests that the rule means fail.
    ///
    /// - Throws: When there are too many rules already.
    package func failNext(_ rule: FailureRule) throws { try self.world.add(rule) }

    /// Lets something happen to the next callbacks that the rule means.
    ///
    /// - Throws: When there are too many rules already.
    package func failNextCallback(_ rule: CallbackRule) throws { try self.world.add(rule) }

    /// The knobs as they are turned at this moment.
    package var knobs: Knobs { self.world.knobs }

    /// Turns knobs.
    package func turnKnobs(_ turn: (inout Knobs) -> Void) { self.world.state.withLock { turn(&$0.knobs) } }

    /// Sends the callback of a completed or errored task again, so often.
    package func sendCallback(of taskID: String, times: Int = 1) throws {
        try self.world.sendCallback(of: taskID, times: times)
    }

    /// Takes a completed task back to work; it calls back now and again when it completes once more.
    package func recall(_ taskID: String) throws { _ = try self.world.recall(taskID) }
}
