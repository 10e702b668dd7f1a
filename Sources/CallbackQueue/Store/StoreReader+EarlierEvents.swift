package import Callbacks
internal import Foundation
internal import GRDB

extension StoreReader {
    /// How many earlier events are read at most.
    package static let mostEarlierEvents = 20
    /// After how many bytes of bodies no more of them are read.
    static let mostEarlierBytes = 16 << 20

    /// The events of the same account and subject that were received before an event, oldest first: the newest `limit`
    /// of those that still have their bodies, as far as these have 16 MB together.
    ///
    /// None for an event that is not there, and for one whose subject is not known.
    package func earlierEvents(
        than eventID: Int64,
        limit: Int = Self.mostEarlierEvents
    ) async throws(StoreError) -> [Event] {
        let records = try await self.read { database in
            let rows = try EarlierEvent.fetchAll(
                database.cachedStatement(sql: EarlierEvent.sql),
                arguments: [eventID, limit]
            )
            let statement = try database.cachedStatement(
                sql: "SELECT \(BodyRecord.columns) FROM body JOIN event ON event.id = eventID WHERE eventID = ?"
            )
            var bytes = 0
            return
                try rows.prefix { row in
                    bytes += row.bodySize
                    return bytes <= Self.mostEarlierBytes
                }
                .compactMap { row in
                    try BodyRecord.fetchOne(statement, arguments: [row.id]).map { (event: row, body: $0) }
                }
        }
        var events: [Event] = []
        for record in records.reversed() {
            // A damaged one is told of by those who need it.
            guard let body = try await self.body(record.body), let callback = try? Callback(body: body) else {
                continue
            }
            events.append(
                Event(
                    id: record.event.id,
                    account: record.event.account,
                    receivedAt: record.event.receivedAt,
                    origin: record.event.origin,
                    callback: callback
                )
            )
        }
        return events
    }
}

extension EventStore {
    /// As `StoreReader.earlierEvents`, beside the writer.
    func earlierEvents(than eventID: Int64) async throws(StoreError) -> [Event] {
        try await self.reader().earlierEvents(than: eventID)
    }
}

/// One earlier event without its body.
private struct EarlierEvent: Sendable, FetchableRecord {
    /// Newest first. The names are compared as well, because different subjects may share a number.
    static let sql = """
        SELECT earlier.id, account.name, earlier.receivedAt, earlier.origin, earlier.bodySize
        FROM event AS this
        CROSS JOIN event AS earlier INDEXED BY eventBySubject ON earlier.subject = this.subject
        CROSS JOIN account ON account.id = earlier.accountID
        WHERE this.id = ?1 AND earlier.id < this.id AND earlier.accountID = this.accountID
            AND (earlier.taskID = this.taskID OR this.kind = 'batch' AND earlier.kind = 'batch' AND earlier.batch = this.batch)
            AND EXISTS (SELECT 1 FROM body WHERE eventID = earlier.id)
        ORDER BY earlier.id DESC LIMIT ?2
        """

    let id: Int64
    let account: String
    let receivedAt: Int64
    let origin: Event.Origin
    let bodySize: Int

    init(row: Row) {
        self.id = row[0]
        self.account = row[1]
        self.receivedAt = row[2]
        self.origin = Event.Origin(rawValue: row[3]) ?? .callback
        self.bodySize = row[4]
    }
}
