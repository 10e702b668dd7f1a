extension ScaleSimulator {
    /// One request that came in, or one try of a callback that went out or was not sent.
    package struct JournalEntry: Sendable {
        /// What happened.
        package enum Event: Sendable, Equatable {
            /// A request to the API.
            ///
            /// The operation is the method and the pattern of the path, nil when no call has such a path. Without a
            /// status the connection was closed instead of an answer.
            case request(method: String, path: String, operation: String?, status: Int?)

            /// A callback. Attempt 0 was never sent; the outcome says why.
            case callback(url: String, attempt: Int, status: Int?, outcome: String)
        }

        /// Entries are numbered through from 1.
        package var number = 0

        var time: Timestamp

        /// The mode of the key or of the task; nil for a request without a known key.
        package var mode: Mode?

        /// The task it is about, if it is about one.
        package var taskID: String?

        /// The name of the batch it is about, if it is about one.
        package var batch: String?

        /// What went wrong on purpose.
        package var mishaps: [String] = []

        /// What happened.
        package var event: Event
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias JournalEntry = ScaleSimulator.JournalEntry

extension JournalEntry {
    /// The entry as `GET /simulator/journal` shows it.
    var json: JSON {
        var entry: JSONObject = ["number": JSON(self.number), "time": .string("\(self.time)")]
        entry["mode"] = JSON(self.mode?.rawValue)
        entry["kind"] = .string(self.kind.rawValue)
        entry["task_id"] = self.taskID.map(JSON.string)
        entry["batch"] = self.batch.map(JSON.string)
        entry["status"] = self.status.map { JSON($0) } ?? .null
        switch self.event {
        case .request(let method, let path, let operation, _):
            entry["operation"] = JSON(operation)
            entry["method"] = .string(method)
            entry["path"] = .string(path)
        case .callback(let url, let attempt, _, let outcome):
            entry["url"] = .string(url)
            entry["attempt"] = JSON(attempt)
            entry["outcome"] = .string(outcome)
        }
        entry["mishaps"] = self.mishaps.isEmpty ? nil : .array(self.mishaps.map(JSON.string))
        return .object(entry)
    }

    /// What sort of entry it is.
    enum Kind: String, CaseIterable {
        case request
        case callback
    }

    var kind: Kind {
        switch self.event {
        case .request: .request
        case .callback: .callback
        }
    }

    var status: Int? {
        switch self.event {
        case .request(_, _, _, let status), .callback(_, _, let status, _): status
        }
    }
}
