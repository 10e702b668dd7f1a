extension ScaleSimulator {
    /// Totals over both modes, as `GET /simulator/summary` shows them.
    package struct Summary: Sendable, Equatable {
        /// Tasks by mode, then by status.
        package var tasks: [Mode: [String: Int]] = [:]

        /// API requests answered or reset.
        package var requests = 0

        /// Callbacks put on their way, duplicates included.
        package var callbacksOrdered = 0

        /// Tries of callbacks that ended.
        package var callbackAttempts = 0

        /// Callbacks answered 2xx.
        package var callbacksSucceeded = 0

        /// Callbacks given up after the last try.
        package var callbacksFailed = 0

        /// Callbacks on their way or waiting for their next try.
        package var callbacksPending = 0

        /// Callbacks not dialled: email, no URL, a host that is not allowed.
        package var callbacksNotSent = 0

        /// Callbacks that chaos never sent although their tasks say so.
        package var callbacksDropped = 0

        /// Audits taken.
        package var audits = 0

        /// Tasks audited more than once.
        package var tasksAuditedMoreThanOnce = 0

        /// Planted faults by name.
        package var plantedFaults: [String: Int] = [:]

        var json: JSON {
            func counts(_ counts: [String: Int]) -> JSON {
                .object(JSONObject(counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: JSON($0.value)) }))
            }
            return [
                "tasks": ["live": counts(self.tasks[.live] ?? [:]), "test": counts(self.tasks[.test] ?? [:])],
                "requests": JSON(self.requests),
                "callbacks": [
                    "ordered": JSON(self.callbacksOrdered), "attempts": JSON(self.callbackAttempts),
                    "succeeded": JSON(self.callbacksSucceeded), "failed": JSON(self.callbacksFailed),
                    "pending": JSON(self.callbacksPending), "not_sent": JSON(self.callbacksNotSent),
                    "dropped": JSON(self.callbacksDropped),
                ],
                "audits": JSON(self.audits),
                "tasks_audited_more_than_once": JSON(self.tasksAuditedMoreThanOnce),
                "planted_faults": counts(self.plantedFaults),
            ]
        }
    }
}
