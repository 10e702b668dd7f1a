/// Which journal entries `GET /simulator/journal` asks for.
struct JournalFilter: Sendable {
    private let taskID: String?
    private let batch: String?
    private let kind: JournalEntry.Kind?
    private let mode: Mode?
    private let method: String?
    private let path: String?
    private let operation: String?
    private let status: Int?
    private let mishap: String?

    /// - Throws: 400 that names the first parameter which is wrong.
    init(_ query: Query) throws(APIError) {
        self.taskID = query["task_id"]
        self.batch = query["batch"]
        self.kind = try query.choice("kind")
        self.mode = try query.choice("mode")
        self.method = query["method"]?.uppercased()
        self.path = query["path"]
        self.operation = query["operation"]
        self.status = try query.int("status", within: 100...599)
        self.mishap = query["mishap"]
    }

    /// Whether the entry is asked for: `path` and `operation` need only be a part of what it has.
    func matches(_ entry: JournalEntry) -> Bool {
        if let taskID, entry.taskID != taskID { return false }
        if let batch, entry.batch != batch { return false }
        if let kind, entry.kind != kind { return false }
        if let mode, entry.mode != mode { return false }
        if let status, entry.status != status { return false }
        if let mishap, !entry.mishaps.contains(mishap) { return false }
        guard self.method != nil || self.path != nil || self.operation != nil else { return true }
        guard case .request(let method, let path, let operation, _) = entry.event else { return false }
        return method == self.method ?? method && self.path.map(path.contains) ?? true
            && self.operation.map { operation?.contains($0) ?? false } ?? true
    }
}
