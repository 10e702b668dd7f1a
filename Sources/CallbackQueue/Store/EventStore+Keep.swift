package import Callbacks
internal import Foundation
internal import GRDB
internal import ScaleAPI

/// A verified callback on its way into the store.
package struct Arrival: Sendable {
    /// What came.
    package var callback: Callback
    /// The number of the account whose key came with it.
    package var accountID: Int64
    /// When it came, in milliseconds since 1970.
    package var receivedAt: Int64
    /// The handlers that take it.
    package var handlerIDs: [Int64]
    /// How it came.
    package var origin: Event.Origin

    package init(
        callback: Callback,
        accountID: Int64,
        receivedAt: Int64,
        handlerIDs: [Int64],
        origin: Event.Origin = .callback
    ) {
        self.callback = callback
        self.accountID = accountID
        self.receivedAt = receivedAt
        self.handlerIDs = handlerIDs
        self.origin = origin
    }
}

/// What became of an arrival. Either way it is on the disk.
package enum KeepResult: Sendable, Equatable {
    /// It is new and has this event number.
    case kept(eventID: Int64)
    /// It repeats this event; nothing runs again.
    case repeated(eventID: Int64)
}

extension EventStore {
    /// Keeps one callback with a delivery for each handler that takes it, or counts it as a repeat.
    ///
    /// Event, body and deliveries are one transaction. `completion` comes on the writer's thread after the sync.
    package func keep(_ arrival: Arrival, completion: @escaping @Sendable (Result<KeepResult, StoreError>) -> Void) {
        // Hashing and reading happen here, on the caller's thread, so that the writer only writes.
        let row = EventRow(arrival, codec: self.codec)
        self.writer.submit(weight: row.body.bytes.count + 512, { try Self.keep(row, in: $0) }, completion: completion)
    }

    /// As above, for callers with a task.
    package func keep(_ arrival: Arrival) async throws(StoreError) -> KeepResult {
        let row = EventRow(arrival, codec: self.codec)
        return try await self.writer.write(weight: row.body.bytes.count + 512) { try Self.keep(row, in: $0) }
    }

    private static func keep(_ row: EventRow, in database: Database) throws -> KeepResult {
        let find = try database.cachedStatement(
            sql: """
                SELECT id FROM event
                WHERE subject = ? AND fingerprint = ? AND accountID = ? AND fingerprintDigest = ?
                """
        )
        if let id = try Int64.fetchOne(
            find,
            arguments: [row.subject, row.fingerprint, row.accountID, row.fingerprintDigest]
        ) {
            try database.cachedStatement(
                sql: "UPDATE event SET seen = seen + 1, lastSeenAt = max(lastSeenAt, ?) WHERE id = ?"
            )
            .execute(arguments: [row.receivedAt, id])
            return .repeated(eventID: id)
        }
        try database.cachedStatement(
            sql: """
                INSERT INTO event (accountID, kind, taskID, taskType, status, reviewStatus, project, batch, completedAt,
                    changedAt, priorResponseCount, origin, receivedAt, lastSeenAt, subject, fingerprint, fingerprintDigest,
                    bodySize, bodySHA256)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        .execute(arguments: row.eventArguments)
        let id = database.lastInsertedRowID
        try database.cachedStatement(sql: "INSERT INTO body (eventID, bytes, dictionaryID) VALUES (?, ?, ?)")
            .execute(arguments: [id, row.body.bytes, row.body.dictionaryID])
        // Equal ids in two accounts are two tasks: with the account added, the one does not wait for the other.
        for handlerID in row.handlerIDs {
            try database.cachedStatement(
                sql: "INSERT INTO delivery (eventID, handlerID, subject, dueAt) VALUES (?, ?, ?, ?)"
            )
            .execute(arguments: [id, handlerID, row.subject &+ row.accountID, row.receivedAt])
        }
        return .kept(eventID: id)
    }
}

/// The columns of one arrival, ready to be bound.
private struct EventRow: Sendable {
    let accountID: Int64
    let receivedAt: Int64
    let handlerIDs: [Int64]
    let callback: Callback
    let origin: Event.Origin
    let fingerprint: Int64
    let fingerprintDigest: Data
    let subject: Int64
    let body: BodyCodec.StoredBody
    let bodySHA256: Data

    init(_ arrival: Arrival, codec: BodyCodec) {
        let callback = arrival.callback
        self.accountID = arrival.accountID
        self.receivedAt = arrival.receivedAt
        self.handlerIDs = arrival.handlerIDs
        self.callback = callback
        self.origin = arrival.origin
        self.fingerprint = SubjectKey.leadingInteger(of: callback.fingerprint)
        self.fingerprintDigest = Data(callback.fingerprint)
        self.subject = SubjectKey.value(of: callback)
        self.body = codec.encode(callback.document.bytes)
        self.bodySHA256 = Data(Digest.sha256(callback.document.bytes))
    }

    var eventArguments: StatementArguments {
        [
            self.accountID, self.callback.kind.rawValue, self.callback.taskID, self.callback.taskType,
            self.callback.status, self.callback.reviewStatus, self.callback.project, self.callback.batch,
            self.callback.completedAt, self.callback.changedAt, self.callback.priorResponseCount, self.origin.rawValue,
            self.receivedAt, self.receivedAt, self.subject, self.fingerprint, self.fingerprintDigest,
            self.callback.document.bytes.count,
            self.bodySHA256,
        ]
    }
}
