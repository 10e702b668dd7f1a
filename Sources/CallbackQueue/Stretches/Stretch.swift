internal import GRDB

/// A run of events by their numbers, of which the store notes what is in it once it is full.
enum Stretch {
    /// The number of a stretch is that of its events without so many bits: 512 events.
    static let bits: Int64 = 9

    /// What is noted. Lists can be of one value of a field.
    enum Field: String, Sendable, CaseIterable {
        /// The account's number.
        case account
        /// The kind.
        case kind
        /// The project's name.
        case project
        /// The batch's name.
        case batch
        /// Whether there is a parked event: 1.
        case parked
    }

    /// The stretch that an event is in.
    static func of(event id: Int64) -> Int64 { id >> Self.bits }

    /// The events of a stretch.
    static func events(of stretch: Int64) -> ClosedRange<Int64> {
        (stretch << Self.bits)...((stretch << Self.bits) + (1 << Self.bits) - 1)
    }
}

/// What is in one full stretch.
struct StretchNotes: Sendable, Hashable {
    /// One value that events of it have.
    struct Value: Sendable, Hashable {
        let field: String
        let value: DatabaseValue
    }

    /// Its number.
    let id: Int64
    /// When the newest of its events was kept, in milliseconds since 1970.
    let newestAt: Int64
    /// What its events have.
    let values: Set<Value>
}

extension StoreReader {
    /// Reads the first full stretch that has no notes yet; nil when there is none.
    func nextStretchNotes() async throws(StoreError) -> StretchNotes? {
        try await self.read { database in
            let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM stretch")
            let first = try Int64.fetchOne(
                database,
                sql: "SELECT id FROM event WHERE id >= ? ORDER BY id LIMIT 1",
                arguments: [last.map { Stretch.events(of: $0).upperBound + 1 } ?? .min]
            )
            guard let first, case let id = Stretch.of(event: first), case let events = Stretch.events(of: id),
                try Int64.fetchOne(database, sql: "SELECT max(id) FROM event") ?? 0 > events.upperBound
            else { return nil }
            let bounds: StatementArguments = [events.lowerBound, events.upperBound]
            var values: Set<StretchNotes.Value> = []
            var newestAt = Int64.min
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT accountID, kind, project, batch, receivedAt FROM event WHERE id BETWEEN ? AND ?",
                arguments: bounds
            )
            while let row = try rows.next() {
                for (column, field) in [Stretch.Field.account, .kind, .project, .batch].enumerated() {
                    let value: DatabaseValue = row[column]
                    if !value.isNull { values.insert(.init(field: field.rawValue, value: value)) }
                }
                newestAt = max(newestAt, row[4])
            }
            let hasParked = try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM event WHERE id BETWEEN ? AND ? AND NOT EXISTS (
                            SELECT 1 FROM delivery INDEXED BY deliveryByEvent WHERE eventID = event.id
                        )
                    )
                    """,
                arguments: bounds
            )
            if hasParked == true { values.insert(.init(field: Stretch.Field.parked.rawValue, value: 1.databaseValue)) }
            return StretchNotes(id: id, newestAt: newestAt, values: values)
        }
    }
}

extension EventStore {
    /// Keeps what is in a full stretch.
    func keep(_ notes: StretchNotes) async throws(StoreError) {
        try await self.writer.write(weight: 64 * notes.values.count) { database in
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO stretch (id, newestAt) VALUES (?, ?)")
                .execute(arguments: [notes.id, notes.newestAt])
            let statement = try database.cachedStatement(
                sql: "INSERT OR IGNORE INTO stretchValue (field, value, stretchID) VALUES (?, ?, ?)"
            )
            for value in notes.values { try statement.execute(arguments: [value.field, value.value, notes.id]) }
        }
    }
}
