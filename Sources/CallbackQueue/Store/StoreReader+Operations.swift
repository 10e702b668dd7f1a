internal import Foundation
internal import GRDB

/// A handler as the store knows it, with what waits for it.
package struct HandlerRecord: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its type, such as `audit`.
    package let type: String
    /// Since when it is held, alone or with all others, in milliseconds since 1970; nil when it is not.
    package let heldAt: Int64?
    /// Why it is held.
    package let heldReason: String?
    /// What it was switched to; nil when it works as configured.
    package let modeSwitch: ModeSwitch?
    /// Whether it was switched to be live with other settings than the service has started it with last.
    package var isPromotedForOthers: Bool { self.modeSwitch != nil && self.modeSwitch?.mode(for: self.digest) == nil }
    private let digest: [UInt8]?
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
        self.modeSwitch = ModeSwitch(mode: row[7], digest: row[8])
        self.digest = (row[9] as Data?).map { Array($0) }
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
    /// Why a handler is held, as SQL over `handler` and `hold`.
    static let heldReason = "coalesce(handler.heldReason, 'all handlers: ' || hold.reason)"

    /// Why all handlers are held; nil when they are not.
    package func reasonOfHoldingAll() async throws(StoreError) -> String? {
        try await self.read { try String.fetchOne($0, sql: "SELECT reason FROM hold") }
    }

    /// Every handler that the store has seen, by name.
    package func handlers() async throws(StoreError) -> [HandlerRecord] {
        try await self.fetch(
            HandlerRecord.self,
            sql: """
                SELECT name, type, coalesce(handler.heldAt, hold.heldAt), \(Self.heldReason),
                    (SELECT count(*) FROM delivery WHERE handlerID = handler.id AND state = 'pending'),
                    (SELECT min(dueAt) FROM delivery WHERE handlerID = handler.id AND state = 'pending'),
                    (SELECT count(*) FROM delivery WHERE handlerID = handler.id AND state = 'dead'),
                    mode, modeDigest, digest
                FROM handler LEFT JOIN hold ON hold.id = 1 ORDER BY name
                """,
            arguments: []
        )
    }

    /// How many of the newest deliveries are looked at for verdicts.
    package static let newestVerdicts = 100_000

    /// How often a handler has come to each verdict in shadow, among the newest `newestVerdicts` deliveries of all handlers.
    package func shadowVerdicts(ofHandler name: String) async throws(StoreError) -> [String: Int] {
        try await self.read { database in
            var counts: [String: Int] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT detail ->> '$.verdict', count(*) FROM delivery NOT INDEXED
                    CROSS JOIN attempt ON attempt.deliveryID = delivery.id AND attempt.number = delivery.attemptCount
                    WHERE delivery.id > (SELECT max(id) FROM delivery) - ?
                        AND delivery.handlerID = (SELECT id FROM handler WHERE name = ?)
                        AND delivery.state = 'completed' AND json_valid(detail) AND detail ->> '$.mode' = 'shadow'
                    GROUP BY 1
                    """,
                arguments: [Self.newestVerdicts, name]
            )
            while let row = try rows.next() {
                if let verdict = row[0] as String? { counts[verdict] = row[1] }
            }
            return counts
        }
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
