package import Callbacks
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
        guard self.hasRoom else { return completion(.failure(Self.noRoom)) }
        // Hashing and reading happen here, on the caller's thread, so that the writer only writes.
        let row = EventRow(arrival, codec: self.codec, clock: self.clock)
        self.writer.submit(weight: row.weight, { try row.keep(in: $0) }, completion: completion)
    }

    /// As above, for callers with a task.
    package func keep(_ arrival: Arrival) async throws(StoreError) -> KeepResult {
        let result = await withCheckedContinuation { continuation in
            self.keep(arrival) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}

/// The rows of one arrival, ready to be bound.
private struct EventRow: Sendable {
    private let key: RowValues
    private let event: RowValues
    private let body: RowValues
    private let subject: Int64
    private let accountID: Int64
    private let receivedAt: Int64
    private let dueAt: Int64
    private let handlerIDs: [Int64]
    /// About how many bytes it adds to a transaction.
    let weight: Int

    init(_ arrival: Arrival, codec: BodyCodec, clock: QueueClock) {
        let callback = arrival.callback
        self.accountID = arrival.accountID
        self.receivedAt = arrival.receivedAt
        self.dueAt = clock.dueTime(arrival.receivedAt)
        self.handlerIDs = arrival.handlerIDs
        self.subject = SubjectKey.value(of: callback)
        let fingerprint = SubjectKey.leadingInteger(of: callback.fingerprint)

        var key = RowValues(count: 4, size: callback.fingerprint.count)
        key.append(self.subject)
        key.append(fingerprint)
        key.append(arrival.accountID)
        key.append(blob: callback.fingerprint)
        self.key = key

        var event = RowValues(count: 19, size: 300)
        event.append(arrival.accountID)
        event.append(callback.kind.rawValue)
        event.append(callback.taskID)
        event.append(callback.taskType)
        event.append(callback.status)
        event.append(callback.reviewStatus)
        event.append(callback.project)
        event.append(callback.batch)
        event.append(callback.completedAt)
        event.append(callback.changedAt)
        event.append(Int64(callback.priorResponseCount))
        event.append(arrival.origin.rawValue)
        event.append(arrival.receivedAt)
        event.append(arrival.receivedAt)
        event.append(self.subject)
        event.append(fingerprint)
        event.append(blob: callback.fingerprint)
        event.append(Int64(callback.document.bytes.count))
        event.append(blob: Digest.sha256(callback.document.bytes))
        self.event = event

        let stored = codec.encode(callback.document.bytes)
        var body = RowValues(count: 2, size: stored?.bytes.count ?? 0)
        if let stored {
            body.append(blob: stored.bytes)
        } else {
            // May be large, and is in memory already.
            body.append(sharing: callback.document.bytes)
        }
        body.append(stored?.dictionaryID)
        self.body = body
        self.weight = (stored?.bytes.count ?? callback.document.bytes.count) + 512
    }

    func keep(in batch: StoreWriter.Batch) throws -> KeepResult {
        let database = batch.database
        let find = try batch.statement(
            """
            SELECT id FROM event
            WHERE subject = ? AND fingerprint = ? AND accountID = ? AND fingerprintDigest = ?
            """
        )
        if let id = try self.key.run(find, in: database) {
            try database.cachedStatement(
                sql: "UPDATE event SET seen = seen + 1, lastSeenAt = max(lastSeenAt, ?) WHERE id = ?"
            )
            .execute(arguments: [self.receivedAt, id])
            return .repeated(eventID: id)
        }
        let insertEvent = try batch.statement(
            """
            INSERT INTO event (accountID, kind, taskID, taskType, status, reviewStatus, project, batch, completedAt,
                changedAt, priorResponseCount, origin, receivedAt, lastSeenAt, subject, fingerprint, fingerprintDigest,
                bodySize, bodySHA256)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        try self.event.run(insertEvent, in: database)
        let id = database.lastInsertedRowID
        let insertBody = try batch.statement(
            "INSERT INTO body (eventID, bytes, dictionaryID) VALUES (last_insert_rowid(), ?, ?)"
        )
        try self.body.run(insertBody, in: database)
        for handlerID in self.handlerIDs {
            let insertDelivery = try batch.statement(
                "INSERT INTO delivery (eventID, handlerID, subject, dueAt) VALUES (?, ?, ?, ?)"
            )
            var delivery = RowValues(count: 4)
            delivery.append(id)
            delivery.append(handlerID)
            // Equal ids in two accounts are two tasks: with the account added, the one does not wait for the other.
            delivery.append(self.subject &+ self.accountID)
            delivery.append(self.dueAt)
            try delivery.run(insertDelivery, in: database)
        }
        return .kept(eventID: id)
    }
}
