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

    mutating func record(_ event: JournalEntry.Event, mode: Mode?, at time: Timestamp) {
        let entry = JournalEntry(number: self.count + 1, time: time, mode: mode, event: Self.cut(event))
        if self.ring.count < self.capacity {
            self.ring.append(entry)
        } else {
            self.ring[self.count % self.capacity] = entry
        }
        self.count += 1
    }

    /// Entries with a number above `after`, oldest first.
    func entries(after: Int, limit: Int) -> [JournalEntry] {
        guard after < self.count else { return [] }
        let first = max(after, self.count - self.ring.count) + 1
        return (first...min(self.count, first + limit - 1)).map { self.ring[($0 - 1) % self.capacity] }
    }

    private static func cut(_ event: JournalEntry.Event) -> JournalEntry.Event {
        func cut(_ text: String) -> String {
            text.utf8.count <= self.maximumTextBytes ? text : String(text.prefix(200)) + "…"
        }
        switch event {
        case .request(let method, let path, let status):
            return .request(method: cut(method), path: cut(path), status: status)
        case .callback(let subject, let isBatch, let url, let attempt, let status, let outcome):
            return .callback(
                subject: cut(subject),
                isBatch: isBatch,
                url: cut(url),
                attempt: attempt,
                status: status,
                outcome: outcome
            )
        }
    }
}
