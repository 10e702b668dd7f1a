internal import Foundation
internal import GRDB

/// One event in a list: the facts, without the body.
package struct EventRecord: Sendable, Hashable {
    /// The event's number.
    package let id: Int64
    /// The account's name.
    package let account: String
    /// The kind, as `Callback.Kind` writes it.
    package let kind: String
    /// The task's id.
    package let taskID: String?
    /// The task's type.
    package let taskType: String?
    /// The status as Scale wrote it.
    package let status: String?
    /// What a customer said of the response.
    package let reviewStatus: String?
    /// The project's name.
    package let project: String?
    /// The batch's name.
    package let batch: String?
    /// When the task was completed, in milliseconds since 1970.
    package let completedAt: Int64?
    /// How it came.
    package let origin: String
    /// When it was kept, in milliseconds since 1970.
    package let receivedAt: Int64
    /// How often it came.
    package let seen: Int
    /// When it came last, in milliseconds since 1970.
    package let lastSeenAt: Int64
    /// The size of the body in bytes.
    package let bodySize: Int
    /// The digest of the body as received.
    package let bodySHA256: [UInt8]
    /// How many deliveries it has; none means that it is parked.
    package let deliveryCount: Int
    /// How many of them are pending.
    package let pendingCount: Int
    /// How many of them are dead letters.
    package let deadCount: Int

    static let columns = """
        event.id, account.name, event.kind, event.taskID, event.taskType, event.status, event.reviewStatus,
        event.project, event.batch, event.completedAt, event.origin, event.receivedAt, event.seen, event.lastSeenAt,
        event.bodySize, event.bodySHA256,
        (SELECT count(*) FROM delivery WHERE eventID = event.id),
        (SELECT count(*) FROM delivery WHERE eventID = event.id AND state = 'pending'),
        (SELECT count(*) FROM delivery WHERE eventID = event.id AND state = 'dead')
        """
}

extension EventRecord: FetchableRecord {
    init(row: Row) {
        self.id = row[0]
        self.account = row[1]
        self.kind = row[2]
        self.taskID = row[3]
        self.taskType = row[4]
        self.status = row[5]
        self.reviewStatus = row[6]
        self.project = row[7]
        self.batch = row[8]
        self.completedAt = row[9]
        self.origin = row[10]
        self.receivedAt = row[11]
        self.seen = row[12]
        self.lastSeenAt = row[13]
        self.bodySize = row[14]
        self.bodySHA256 = Array(row[15] as Data)
        self.deliveryCount = row[16]
        self.pendingCount = row[17]
        self.deadCount = row[18]
    }
}

extension StoreReader {
    /// The order of a list of events.
    package enum Order: Sendable {
        /// By falling number.
        case newestFirst
        /// By rising number.
        case oldestFirst
    }

    /// One page of events.
    ///
    /// - Parameter cursor: The `next` of the page before; nil for the first.
    package func events(
        _ selection: EventSelection = EventSelection(),
        order: Order = .newestFirst,
        from cursor: Int64? = nil,
        limit: Int = 100
    ) async throws(StoreError) -> Page<EventRecord> {
        try await self.read { database in
            var rows: [EventRecord] = []
            let bounds = order == .newestFirst ? Int64.min...(cursor ?? .max) : (cursor ?? .min)...Int64.max
            try Self.forEachRange(of: selection, in: bounds, order: order, database) { range in
                rows += try Self.events(selection, in: range, order: order, limit: limit + 1 - rows.count, database)
                return rows.count <= limit
            }
            let next = rows.count > limit ? rows.removeLast().id : nil
            return Page(rows: rows, next: next)
        }
    }

    /// Calls `body` with ranges of numbers, in order, that hold all events of a selection, until it returns false.
    ///
    /// What has no notes yet is one range, at the end of the log.
    static func forEachRange(
        of selection: EventSelection,
        in bounds: ClosedRange<Int64>,
        order: Order,
        _ database: Database,
        _ body: (ClosedRange<Int64>) throws -> Bool
    ) throws {
        guard let query = selection.stretchQuery,
            let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM stretch")
        else {
            _ = try body(bounds)
            return
        }
        let rest = (Stretch.events(of: last).upperBound + 1)...Int64.max
        if order == .newestFirst, rest.overlaps(bounds), try !body(rest.clamped(to: bounds)) { return }
        let stretches = try Int64.fetchCursor(
            database,
            sql: "\(query.sql) ORDER BY 1 \(order == .newestFirst ? "DESC" : "ASC")",
            arguments: [Stretch.of(event: bounds.lowerBound), Stretch.of(event: bounds.upperBound)] + query.arguments
        )
        while let stretch = try stretches.next() {
            if try !body(Stretch.events(of: stretch).clamped(to: bounds)) { return }
        }
        if order == .oldestFirst, rest.overlaps(bounds) { _ = try body(rest.clamped(to: bounds)) }
    }

    private static func events(
        _ selection: EventSelection,
        in range: ClosedRange<Int64>,
        order: Order,
        limit: Int,
        _ database: Database
    ) throws -> [EventRecord] {
        let condition = selection.condition
        // Of one task there are few events, and an index finds them; otherwise the order is that of the table.
        let index = selection.taskID == nil ? "NOT INDEXED" : "INDEXED BY eventBySubject"
        return try EventRecord.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT \(EventRecord.columns) FROM event \(index) CROSS JOIN account ON account.id = event.accountID
                    WHERE event.id BETWEEN ? AND ? AND \(condition.sql)
                    ORDER BY event.id \(order == .newestFirst ? "DESC" : "ASC") LIMIT ?
                    """
            ),
            arguments: [range.lowerBound, range.upperBound] + condition.arguments + [limit]
        )
    }

    /// One event; nil when there is none of this number.
    package func event(_ id: Int64) async throws(StoreError) -> EventRecord? {
        try await self.fetch(
            EventRecord.self,
            sql: """
                SELECT \(EventRecord.columns) FROM event JOIN account ON account.id = event.accountID WHERE event.id = ?
                """,
            arguments: [id]
        )
        .first
    }

    /// The body of an event, byte for byte as received; nil when there is none, or it has aged out.
    package func body(ofEvent id: Int64) async throws(StoreError) -> [UInt8]? {
        let record =
            try await self.fetch(
                BodyRecord.self,
                sql: "SELECT \(BodyRecord.columns) FROM body JOIN event ON event.id = eventID WHERE eventID = ?",
                arguments: [id]
            )
            .first
        guard let record else { return nil }
        guard let body = try await self.body(record) else {
            throw .unusable("The body of event \(id) is damaged; the command \"store check\" tells what else is.")
        }
        return body
    }

    /// Bodies of the newest 20,000 events that are not longer than `size`.
    func newestBodies(_ count: Int, upTo size: Int) async throws(StoreError) -> [[UInt8]] {
        let records = try await self.fetch(
            BodyRecord.self,
            sql: """
                SELECT \(BodyRecord.columns) FROM body JOIN event ON event.id = eventID
                WHERE bodySize <= ? AND eventID > (SELECT max(eventID) FROM body) - 20000
                ORDER BY eventID DESC LIMIT ?
                """,
            arguments: [size, count]
        )
        var bodies: [[UInt8]] = []
        for record in records {
            if let body = try await self.body(record) { bodies.append(body) }
        }
        return bodies
    }

    /// The body as it was received; nil when it is damaged.
    func body(_ record: BodyRecord) async throws(StoreError) -> [UInt8]? {
        if let body = self.codec.decode(record.body, size: record.size) { return body }
        // The running service may have learned a dictionary since this reader was opened.
        for dictionary in try await self.fetch(
            BodyDictionary.self,
            sql: "SELECT id, bytes FROM dictionary WHERE id = ?",
            arguments: [record.body.dictionaryID]
        ) {
            self.codec.add(dictionary)
        }
        return self.codec.decode(record.body, size: record.size)
    }
}

/// A body as it is stored.
struct BodyRecord: Sendable, FetchableRecord {
    static let columns = "body.bytes, body.dictionaryID, event.bodySize"

    let body: BodyCodec.StoredBody
    let size: Int

    init(body: BodyCodec.StoredBody, size: Int) {
        self.body = body
        self.size = size
    }

    init(row: Row) {
        self.body = BodyCodec.StoredBody(bytes: row[0], dictionaryID: row[1])
        self.size = row[2]
    }
}
