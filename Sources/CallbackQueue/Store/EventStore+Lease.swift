package import Callbacks
internal import Foundation
internal import GRDB
package import ScaleAPI

/// The right to run one delivery for a while.
package struct Lease: Sendable {
    /// The delivery.
    package let deliveryID: Int64
    /// Fences the lease: whoever has an older token can no longer change the delivery.
    package let token: Int64
    /// The number of this attempt, from 1.
    package let attempt: Int
    /// How many attempts failed before.
    package let failures: Int
    /// The event to handle.
    package let event: Event
    /// A newer event that supersedes this one.
    package let newerEvent: Int64?
    /// What earlier attempts noted.
    package let earlierNotes: [JSON]
}

/// What leasing found.
package struct LeaseBatch: Sendable {
    /// The leases, oldest event first.
    package var leases: [Lease]
    /// When the next delivery of this handler becomes due, in milliseconds since 1970; nil when none waits.
    package var nextDueAt: Int64?
}

/// Whether a lease still held when it was used.
package enum LeaseUse: Sendable, Equatable {
    /// It did, and the change is made.
    case done
    /// It had run out and another took the delivery. Normal after a stall; nothing was changed.
    case leaseLost
}

/// What becomes of a delivery after an attempt.
package enum Settlement: Sendable, Equatable {
    /// Done, with `completed` or `stale` as its outcome.
    case completed
    /// Due again at this time, in milliseconds since 1970, and counted as a failure.
    case retry(at: Int64)
    /// A dead letter.
    case dead
    /// Due again at once and not counted: stopped, held or cancelled from outside.
    case released
}

extension EventStore {
    /// Leases due deliveries of one handler: the oldest first, and per subject only the oldest that is unsettled.
    ///
    /// Because an unsettled delivery blocks the later ones of its subject, leased or waiting for a retry, no two events
    /// of a task are ever with the same handler at a time, and order is kept. A dead letter that was revived waits for a
    /// later one of its subject that runs already.
    package func lease(handlerID: Int64, limit: Int, now: Int64) async throws(StoreError) -> LeaseBatch {
        let end = now + self.configuration.lease.inMilliseconds
        let (taken, nextDueAt) = try await self.writer.write { database -> ([TakenDelivery], Int64?) in
            let isHeld = try Bool.fetchOne(
                database.cachedStatement(sql: "SELECT heldAt IS NOT NULL FROM handler WHERE id = ?"),
                arguments: [handlerID]
            )
            guard isHeld == false else { return ([], nil) }
            let due = try DueDelivery.fetchAll(
                database.cachedStatement(sql: DueDelivery.sql),
                arguments: [handlerID, now, limit]
            )
            return (
                try due.map { try Self.take($0, until: end, now: now, in: database) },
                try Self.nextDueAt(handlerID, in: database)
            )
        }
        // Reading bodies is the work of whoever leases: the writer has callbacks to keep.
        var leases: [Lease] = []
        for delivery in taken {
            guard let body = self.codec.decode(delivery.due.body, size: delivery.due.bodySize),
                let callback = try? Callback(body: body)
            else {
                try await self.bury(delivery, now: now)
                continue
            }
            leases.append(Lease(delivery, callback: callback))
        }
        return LeaseBatch(leases: leases, nextDueAt: nextDueAt)
    }

    /// Makes a dead letter of a delivery whose body is gone or damaged, if the lease still holds.
    private func bury(_ delivery: TakenDelivery, now: Int64) async throws(StoreError) {
        try await self.writer.write { database in
            try database.execute(
                sql: """
                    UPDATE delivery SET state = 'dead', leaseToken = NULL, failureClass = 'fault', summary = ?,
                        settledAt = ?
                    WHERE id = ? AND leaseToken = ? AND state = 'pending'
                    """,
                arguments: ["The body cannot be read any more.", now, delivery.due.deliveryID, delivery.token]
            )
        }
    }

    /// Extends a lease. `leaseLost` means: stop, another has the delivery.
    package func renew(_ lease: Lease, now: Int64) async throws(StoreError) -> LeaseUse {
        let end = now + self.configuration.lease.inMilliseconds
        return try await self.writer.write { database in
            try database.cachedStatement(
                sql: "UPDATE delivery SET dueAt = ? WHERE id = ? AND leaseToken = ? AND state = 'pending'"
            )
            .execute(arguments: [end, lease.deliveryID, lease.token])
            return database.changesCount > 0 ? .done : .leaseLost
        }
    }

    /// Keeps a note on the attempt, before an effect whose outcome may stay unknown.
    package func note(_ note: JSON, on lease: Lease) async throws(StoreError) -> LeaseUse {
        let text = note.encodedString
        return try await self.writer.write { database in
            guard try Self.isHeld(lease, in: database) else { return .leaseLost }
            try database.cachedStatement(sql: "UPDATE attempt SET note = ? WHERE deliveryID = ? AND number = ?")
                .execute(arguments: [text, lease.deliveryID, lease.attempt])
            return .done
        }
    }

    /// Ends an attempt: its record and the delivery's state change together, if the lease still holds.
    package func settle(
        _ lease: Lease,
        as settlement: Settlement,
        outcome: Outcome,
        now: Int64
    ) async throws(StoreError) -> LeaseUse {
        let row = SettlementRow(settlement, outcome: outcome, now: now)
        let detail = outcome.detail?.encodedString
        return try await self.writer.write(weight: 512) { database in
            guard try Self.isHeld(lease, in: database) else { return .leaseLost }
            try database.cachedStatement(
                sql: """
                    UPDATE delivery SET state = ?, dueAt = coalesce(?, dueAt), leaseToken = NULL,
                        failureCount = failureCount + ?, outcome = ?, failureClass = ?, summary = ?, settledAt = ?
                    WHERE id = ?
                    """
            )
            .execute(arguments: [
                row.state, row.dueAt, row.failures, row.outcome, outcome.failureClass?.rawValue, outcome.summary,
                row.settledAt, lease.deliveryID,
            ])
            try database.cachedStatement(
                sql: """
                    UPDATE attempt SET endedAt = ?, outcome = ?, failureClass = ?, summary = ?, detail = ?
                    WHERE deliveryID = ? AND number = ?
                    """
            )
            .execute(arguments: [
                now, row.outcome, outcome.failureClass?.rawValue, outcome.summary, detail, lease.deliveryID,
                lease.attempt,
            ])
            return .done
        }
    }

    private static func isHeld(_ lease: Lease, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM delivery WHERE id = ? AND leaseToken = ? AND state = 'pending')"
            ),
            arguments: [lease.deliveryID, lease.token]
        ) ?? false
    }

    private static func nextDueAt(_ handlerID: Int64, in database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database.cachedStatement(
                sql: "SELECT dueAt FROM delivery WHERE handlerID = ? AND state = 'pending' ORDER BY dueAt LIMIT 1"
            ),
            arguments: [handlerID]
        )
    }

    /// Puts the lease on one due delivery and begins its attempt.
    private static func take(
        _ due: DueDelivery,
        until end: Int64,
        now: Int64,
        in database: Database
    ) throws -> TakenDelivery {
        let token = Int64.random(in: 1 ... .max)
        let attempt = due.attemptCount + 1
        try database.cachedStatement(
            sql: "UPDATE delivery SET dueAt = ?, leaseToken = ?, attemptCount = ? WHERE id = ?"
        )
        .execute(arguments: [end, token, attempt, due.deliveryID])
        try database.cachedStatement(
            sql: "UPDATE attempt SET endedAt = ?, outcome = 'interrupted' WHERE deliveryID = ? AND endedAt IS NULL"
        )
        .execute(arguments: [now, due.deliveryID])
        try database.cachedStatement(sql: "INSERT INTO attempt (deliveryID, number, startedAt) VALUES (?, ?, ?)")
            .execute(arguments: [due.deliveryID, attempt, now])
        var notes: [String] = []
        if attempt > 1 {
            notes = try String.fetchAll(
                database.cachedStatement(
                    sql: "SELECT note FROM attempt WHERE deliveryID = ? AND note IS NOT NULL ORDER BY number"
                ),
                arguments: [due.deliveryID]
            )
        }
        return TakenDelivery(
            due: due,
            token: token,
            attempt: attempt,
            newerEvent: try Self.newerEvent(than: due, in: database),
            notes: notes
        )
    }

    /// The newest event of the same task whose state is later. A verdict on the same response does not supersede it:
    /// the response is still the task's.
    private static func newerEvent(than due: DueDelivery, in database: Database) throws -> Int64? {
        guard let taskID = due.taskID, let changedAt = due.changedAt else { return nil }
        return try Int64.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT id FROM event
                    WHERE subject = ? AND taskID = ? AND changedAt >= ? AND accountID = ? AND id <> ?
                        AND (changedAt > ? OR priorResponseCount > ?)
                        AND NOT (kind = 'audit' AND completedAt IS ? AND priorResponseCount = ?)
                    ORDER BY changedAt DESC, id DESC LIMIT 1
                    """
            ),
            arguments: [
                SubjectKey.value(ofTask: taskID), taskID, changedAt, due.accountID, due.eventID, changedAt,
                due.priorResponseCount, due.completedAt, due.priorResponseCount,
            ]
        )
    }
}

/// A delivery on which a lease was put, before its body is read.
private struct TakenDelivery: Sendable {
    let due: DueDelivery
    let token: Int64
    let attempt: Int
    let newerEvent: Int64?
    let notes: [String]
}

extension Lease {
    fileprivate init(_ taken: TakenDelivery, callback: Callback) {
        self.init(
            deliveryID: taken.due.deliveryID,
            token: taken.token,
            attempt: taken.attempt,
            failures: taken.due.failureCount,
            event: Event(
                id: taken.due.eventID,
                account: taken.due.account,
                receivedAt: taken.due.receivedAt,
                origin: taken.due.origin,
                callback: callback
            ),
            newerEvent: taken.newerEvent,
            earlierNotes: taken.notes.compactMap { try? JSON(parsing: $0) }
        )
    }
}

/// One delivery that may run, with its event.
private struct DueDelivery: Sendable, FetchableRecord {
    static let sql = """
        SELECT delivery.id, delivery.eventID, delivery.attemptCount, delivery.failureCount, event.accountID,
            account.name, event.receivedAt, event.origin, body.bytes, event.taskID, event.changedAt,
            event.completedAt, event.priorResponseCount, body.dictionaryID, event.bodySize
        FROM delivery
        JOIN event ON event.id = delivery.eventID
        JOIN account ON account.id = event.accountID
        LEFT JOIN body ON body.eventID = event.id
        WHERE delivery.handlerID = ?1 AND delivery.state = 'pending' AND delivery.dueAt <= ?2
            AND NOT EXISTS (
                SELECT 1 FROM delivery AS elder INDEXED BY deliveryInOrder
                WHERE elder.handlerID = ?1 AND elder.subject = delivery.subject AND elder.id < delivery.id
                    AND elder.state = 'pending'
            )
            -- Only a delivery that was settled and revived can have a younger one that runs: a fresh one blocks it.
            AND (delivery.attemptCount = 0 OR NOT EXISTS (
                SELECT 1 FROM delivery AS younger INDEXED BY deliveryInOrder
                WHERE younger.handlerID = ?1 AND younger.subject = delivery.subject AND younger.id > delivery.id
                    AND younger.state = 'pending' AND younger.leaseToken IS NOT NULL AND younger.dueAt > ?2
            ))
        ORDER BY delivery.dueAt, delivery.id
        LIMIT ?3
        """

    let deliveryID: Int64
    let eventID: Int64
    let attemptCount: Int
    let failureCount: Int
    let accountID: Int64
    let account: String
    let receivedAt: Int64
    let origin: Event.Origin
    let body: BodyCodec.StoredBody
    let bodySize: Int
    let taskID: String?
    let changedAt: Int64?
    let completedAt: Int64?
    let priorResponseCount: Int

    init(row: Row) {
        self.deliveryID = row[0]
        self.eventID = row[1]
        self.attemptCount = row[2]
        self.failureCount = row[3]
        self.accountID = row[4]
        self.account = row[5]
        self.receivedAt = row[6]
        self.origin = Event.Origin(rawValue: row[7]) ?? .callback
        self.body = BodyCodec.StoredBody(bytes: row[8] ?? Data(), dictionaryID: row[13])
        self.bodySize = row[14]
        self.taskID = row[9]
        self.changedAt = row[10]
        self.completedAt = row[11]
        self.priorResponseCount = row[12]
    }
}

/// A settlement as columns.
private struct SettlementRow: Sendable {
    let state: String
    /// Nil leaves the time as it is.
    let dueAt: Int64?
    let settledAt: Int64?
    let failures: Int
    let outcome: String

    init(_ settlement: Settlement, outcome: Outcome, now: Int64) {
        switch settlement {
        case .completed:
            (self.state, self.dueAt, self.settledAt, self.failures) = ("completed", nil, now, 0)
            self.outcome = outcome.disposition == .stale ? "stale" : "completed"
        case .retry(let dueAt):
            (self.state, self.dueAt, self.settledAt, self.failures) = ("pending", dueAt, nil, 1)
            self.outcome = "retry"
        case .dead:
            (self.state, self.dueAt, self.settledAt, self.failures) = ("dead", nil, now, 1)
            self.outcome = "dead"
        case .released:
            (self.state, self.dueAt, self.settledAt, self.failures) = ("pending", now, nil, 0)
            self.outcome = "released"
        }
    }
}
