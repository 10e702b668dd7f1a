/// The simulator's memory of what went over the wire: the newest entries, older ones are forgotten.
struct Journal: Sendable {
    /// Longer paths and addresses are cut in the journal, so that its memory stays bounded.
    private static let maximumTextBytes = 1024

    private let capacity: Int
    private var ring: [JournalEntry] = []

    /// Entries ever recorded; the newest one carries this number, the first one 1.
    private(set) var count = 0

    /// - Parameter capacity: Entries kept, at least 1.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Keeps an entry under the next number.
    mutating func record(_ entry: JournalEntry) {
        var entry = Self.cut(entry)
        entry.number = self.count + 1
        if self.ring.count < self.capacity {
            self.ring.append(entry)
        } else {
            self.ring[self.count % self.capacity] = entry
        }
        self.count += 1
    }

    /// Entries with a number above `after`, oldest first.
    func entries(after: Int, limit: Int) -> [JournalEntry] {
        guard after < self.count, limit > 0 else { return [] }
        let first = max(after, self.count - self.ring.count) + 1
        return (first..<first + min(limit, self.count - first + 1)).map { self.ring[($0 - 1) % self.capacity] }
    }

    private static func cut(_ entry: JournalEntry) -> JournalEntry {
        func cut(_ text: String) -> String {
            text.utf8.count <= self.maximumTextBytes ? text : String(text.prefix(200)) + "…"
        }
        var entry = entry
        entry.taskID = entry.taskID.map(cut)
        entry.batch = entry.batch.map(cut)
        switch entry.event {
        case .request(let method, let path, let operation, let status):
            entry.event = .request(method: cut(method), path: cut(path), operation: operation, status: status)
        case .callback(let url, let attempt, let status, let outcome):
            entry.event = .callback(url: cut(url), attempt: attempt, status: status, outcome: outcome)
        }
        return entry
    }
}
