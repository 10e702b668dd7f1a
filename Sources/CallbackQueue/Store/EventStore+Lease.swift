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
    /// Whether effects of an earlier delivery of the event are to be had again.
    package let repeatsEffects: Bool
    /// What the handler was switched to when this was leased; nil for what it is configured as.
    package let modeSwitch: ModeSwitch?
}

/// What leasing found.
package struct LeaseBatch: Sendable {
    /// The leases, oldest event first.
    package var leases: [Lease]
    /// When the next delivery of this handler becomes due, in milliseconds since 1970; nil when none waits.
    package var nextDueAt: Int64?
}

/// Leases whose bodies nobody has read yet.
struct TakenBatch: Sendable {
    /// What was leased, oldest event first.
    var deliveries: [TakenDelivery] = []
    /// When the next delivery of this handler becomes due; nil when none waits.
    var nextDueAt: Int64?
    /// When time alone can make another delivery leasable; nil when it cannot.
    ///
    /// What is due and was not leased waits for another of its subject, and is told of when that is settled.
    var nextLookAt: Int64?
    /// Whether the handler is held, so that nothing was leased.
    var isHeld = false
    /// Whether large bodies ended the batch early, so that there may be more.
    var isCut = false
}

/// A delivery on which a lease was put, before its body is read.
struct TakenDelivery: Sendable {
    /// The delivery's number.
    var id: Int64 { self.due.deliveryID }
    /// Fences the lease.
    let token: Int64
    /// The number of this attempt, from 1.
    let attempt: Int
    /// The size of its body in bytes.
    var bodySize: Int { self.due.bodySize }
    fileprivate let due: DueDelivery
    fileprivate let newerEvent: Int64?
    fileprivate let notes: [String]
    fileprivate let modeSwitch: ModeSwitch?
}

extension EventStore {
    /// Leases due deliveries of one handler: the oldest first, and per subject only the oldest that is unsettled.
    ///
    /// Because an unsettled delivery blocks the later ones of its subject, leased or waiting for a retry, no two events
    /// of a task are ever with the same handler at a time, and order is kept. A dead letter that was revived waits for a
    /// later one of its subject that runs already.
    package func lease(handlerID: Int64, limit: Int, now: Int64) async throws(StoreError) -> LeaseBatch {
        let batch = try await self.take(handlerID: handlerID, limit: limit, now: now)
        var leases: [Lease] = []
        for delivery in batch.deliveries {
            if let lease = try await self.read(delivery, now: now) { leases.append(lease) }
        }
        return LeaseBatch(leases: leases, nextDueAt: batch.nextDueAt)
    }

    /// As `lease`, but bodies are left for `read`.
    ///
    /// - Parameter bytes: After how many bytes of bodies no more is leased.
    func take(
        handlerID: Int64,
        limit: Int,
        bytes: Int = .max,
        now: Int64
    ) async throws(StoreError) -> TakenBatch {
        // What could perhaps not be settled is not begun.
        guard self.hasRoom else { return TakenBatch(nextDueAt: now + 1000, nextLookAt: now + 1000) }
        let end = now + self.configuration.lease.inMilliseconds
        let clock = self.clock
        return try await self.writer.write { database in
            let state = try HandlerState.fetchOne(
                database.cachedStatement(sql: HandlerState.sql),
                arguments: [handlerID]
            )
            guard let state, !state.isHeld else { return TakenBatch(isHeld: true) }
            let due = limit > 0 ? try Self.due(handlerID, limit: limit, bytes: bytes, now: now, in: database) : []
            if !due.isEmpty { try clock.keepTime(in: database) }
            let deliveries = try Self.take(due, until: end, beganAt: clock.wallTime(now), state, in: database)
            return TakenBatch(
                deliveries: deliveries,
                nextDueAt: try Self.nextDueAt(handlerID, after: .min, in: database),
                nextLookAt: try Self.nextDueAt(handlerID, after: now, in: database),
                isCut: due.count < limit && due.reduce(0) { $0 + $1.bodySize } >= bytes
            )
        }
    }

    /// Reads the body of what was taken: the work of whoever runs it, for the writer has callbacks to keep.
    ///
    /// - Returns: Nil when the body is gone or damaged; the delivery is a dead letter then.
    func read(_ delivery: TakenDelivery, now: Int64) async throws(StoreError) -> Lease? {
        if let body = self.codec.decode(delivery.due.body, size: delivery.due.bodySize),
            let callback = try? Callback(body: body)
        {
            return Lease(delivery, callback: callback)
        }
        // If the lease still holds.
        let outcome = Outcome.dead(.fault, "The body cannot be read any more.")
        _ = try await self.settle(LeaseKey(delivery), as: .dead, outcome: outcome, now: now)
        return nil
    }

    /// The deliveries that may run now.
    private static func due(
        _ handlerID: Int64,
        limit: Int,
        bytes: Int,
        now: Int64,
        in database: Database
    ) throws -> [DueDelivery] {
        let statement = try database.cachedStatement(sql: DueDelivery.sql)
        let rows = try DueDelivery.fetchCursor(statement, arguments: [handlerID, now, limit])
        var due: [DueDelivery] = []
        var size = 0
        while size < bytes, let next = try rows.next() {
            due.append(next)
            size += next.bodySize
        }
        return due
    }

    private static func nextDueAt(_ handlerID: Int64, after time: Int64, in database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT dueAt FROM delivery WHERE handlerID = ? AND state = 'pending' AND dueAt > ?
                    ORDER BY dueAt LIMIT 1
                    """
            ),
            arguments: [handlerID, time]
        )
    }

    /// Puts leases on due deliveries and begins their attempts.
    private static func take(
        _ due: [DueDelivery],
        until end: Int64,
        beganAt: Int64,
        _ state: HandlerState,
        in database: Database
    ) throws -> [TakenDelivery] {
        guard !due.isEmpty else { return [] }
        let lease = try database.cachedStatement(
            sql: "UPDATE delivery SET dueAt = ?, leaseToken = ?, attemptCount = ? WHERE id = ?"
        )
        let interrupt = try database.cachedStatement(
            sql: "UPDATE attempt SET endedAt = ?, outcome = 'interrupted' WHERE deliveryID = ? AND endedAt IS NULL"
        )
        let begin = try database.cachedStatement(
            sql: "INSERT INTO attempt (deliveryID, number, startedAt) VALUES (?, ?, ?)"
        )
        return try due.map { due in
            let token = Int64.random(in: 1 ... .max)
            let attempt = due.attemptCount + 1
            var notes: [String] = []
            var values = RowValues(count: 4)
            values.append(end)
            values.append(token)
            values.append(Int64(attempt))
            values.append(due.deliveryID)
            try values.run(lease, in: database)
            if attempt > 1 {
                try interrupt.execute(arguments: [beganAt, due.deliveryID])
                notes = try String.fetchAll(
                    database.cachedStatement(
                        sql: "SELECT note FROM attempt WHERE deliveryID = ? AND note IS NOT NULL ORDER BY number"
                    ),
                    arguments: [due.deliveryID]
                )
            }
            values = RowValues(count: 3)
            values.append(due.deliveryID)
            values.append(Int64(attempt))
            values.append(beganAt)
            try values.run(begin, in: database)
            return TakenDelivery(
                token: token,
                attempt: attempt,
                due: due,
                newerEvent: due.isAlone ? nil : try Self.newerEvent(than: due, in: database),
                notes: notes,
                modeSwitch: state.modeSwitch
            )
        }
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

extension Lease {
    fileprivate init(_ taken: TakenDelivery, callback: Callback) {
        self.init(
            deliveryID: taken.id,
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
            earlierNotes: taken.notes.compactMap { try? JSON(parsing: $0) },
            repeatsEffects: taken.due.repeatsEffects,
            modeSwitch: taken.modeSwitch
        )
    }
}

/// What a handler's row says about leasing.
private struct HandlerState: FetchableRecord {
    static let sql = """
        SELECT heldAt IS NOT NULL OR EXISTS (SELECT 1 FROM hold WHERE id = 1), mode, modeDigest FROM handler WHERE id = ?
        """

    let isHeld: Bool
    let modeSwitch: ModeSwitch?

    init(row: Row) {
        self.isHeld = row[0]
        self.modeSwitch = ModeSwitch(mode: row[1], digest: row[2])
    }
}

/// One delivery that may run, with its event.
private struct DueDelivery: Sendable, FetchableRecord {
    static let sql = """
        SELECT delivery.id, delivery.eventID, delivery.attemptCount, delivery.failureCount, event.accountID,
            account.name, event.receivedAt, event.origin, body.bytes, event.taskID, event.changedAt,
            event.completedAt, event.priorResponseCount, body.dictionaryID, event.bodySize,
            delivery.repeatsEffects,
            -- Mostly it is the only event of its subject, which the index alone tells.
            NOT EXISTS (
                SELECT 1 FROM event AS other INDEXED BY eventBySubject
                WHERE other.subject = event.subject AND other.id <> event.id
            )
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
    let repeatsEffects: Bool
    let isAlone: Bool

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
        self.repeatsEffects = row[15]
        self.isAlone = row[16]
    }
}
