extension ScaleSimulator {
    /// One request that came in, or one try of a callback that went out or was not sent.
    package struct JournalEntry: Sendable {
        /// What happened.
        package enum Event: Sendable, Equatable {
            /// A request to the API. Without a status the connection was closed instead of an answer.
            case request(method: String, path: String, status: Int?)

            /// A callback. Attempt 0 was never sent; the outcome says why.
            case callback(subject: String, isBatch: Bool, url: String, attempt: Int, status: Int?, outcome: String)
        }

        /// Entries are numbered through from 1.
        package var number: Int

        var time: Timestamp

        /// The mode of the key or of the task; nil for a request without a known key.
        package var mode: Mode?

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
        switch self.event {
        case .request(let method, let path, let status):
            entry["kind"] = "request"
            entry["method"] = .string(method)
            entry["path"] = .string(path)
            entry["status"] = status.map { JSON($0) } ?? .null
        case .callback(let subject, let isBatch, let url, let attempt, let status, let outcome):
            entry["kind"] = "callback"
            entry[isBatch ? "batch" : "task_id"] = .string(subject)
            entry["url"] = .string(url)
            entry["attempt"] = JSON(attempt)
            entry["status"] = status.map { JSON($0) } ?? .null
            entry["outcome"] = .string(outcome)
        }
        return .object(entry)
    }
}
