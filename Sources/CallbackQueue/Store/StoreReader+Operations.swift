internal import Foundation
internal import GRDB

/// A handler as the store knows it, with what waits for it.
package struct HandlerRecord: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its type, such as `audit`.
    package let type: String
    /// Since when it is held, in milliseconds since 1970; nil when it is not.
    package let heldAt: Int64?
    /// Why it is held.
    package let heldReason: String?
    /// How many deliveries wait or run.
    package let pendingCount: Int
    /// When the oldest of them became due, in milliseconds since 1970.
    package let oldestDueAt: Int64?
    /// How many dead letters it has.
    package let deadCount: Int
}

extension HandlerRecord: FetchableRecord {
    init(row: Row) {
        self.name = row[0]
        self.type = row[1]
        self.heldAt = row[2]
        self.heldReason = row[3]
        self.pendingCount = row[4]
        self.oldestDueAt = row[5]
        self.deadCount = row[6]
    }
}

/// A refusal in the ring.
package struct RefusalRecord: Sendable, Hashable {
    /// Its number.
    package let id: Int64
    /// What was kept of it.
    package let refusal: Refusal
}

extension RefusalRecord: FetchableRecord {
    init(row: Row) {
        self.id = row[0]
        self.refusal = Refusal(
            at: row[1],
            reason: row[2],
            remote: row[3],
            request: row[4],
            bodySize: row[5],
            bodySHA256: (row[6] as Data?).map { Array($0) },
            firstBytes: (row[7] as Data?).map { Array($0) }
        )
    }
}

/// How many requests were refused for one reason in one hour.
package struct RefusalCountRecord: Sendable, Hashable {
    /// The hour, counted from 1970.
    package let hour: Int64
    /// The reason.
    package let reason: String
    /// How many.
    package let count: Int
}

extension RefusalCountRecord: FetchableRecord {
    init(row: Row) {
        self.hour = row[0]
        self.reason = row[1]
        self.count = row[2]
    }
}

extension StoreReader {
    /// Every handler that the store has seen, by name.
    package func handlers() async throws(StoreError) -> [HandlerRecord] {
        try await self.fetch(
            HandlerRecord.self,
            sql: """
                SELECT name, type, heldAt, heldReason,
                    (SELECT count(*) FROM delivery WHERE handlerID = handler.id AND state = 'pending'),
                    (SELECT min(dueAt) FROM delivery WHERE handlerID = handler.id AND state = 'pending'),
                    (SELECT count(*) FROM delivery WHERE handlerID = handler.id AND state = 'dead')
                FROM handler ORDER BY name
                """,
            arguments: []
        )
    }

    /// The last refusals, newest first.
    package func refusals(from cursor: Int64? = nil, limit: Int = 100) async throws(StoreError) -> Page<RefusalRecord> {
        var rows = try await self.fetch(
            RefusalRecord.self,
            sql: """
                SELECT id, at, reason, remote, request, bodySize, bodySHA256, firstBytes FROM refusal
                WHERE id <= ? ORDER BY id DESC LIMIT ?
                """,
            arguments: [cursor ?? .max, limit + 1]
        )
        let next = rows.count > limit ? rows.removeLast().id : nil
        return Page(rows: rows, next: next)
    }

    /// How many requests were refused since an hour, by hour and reason.
    package func refusalCounts(sinceHour hour: Int64) async throws(StoreError) -> [RefusalCountRecord] {
        try await self.fetch(
            RefusalCountRecord.self,
            sql: "SELECT hour, reason, count FROM refusalCount WHERE hour >= ? ORDER BY hour DESC, reason",
            arguments: [hour]
        )
    }
}
