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
    /// The values of all rows, in one place: each allocation here is freed on the writer's thread.
    private let values: RowValues
    private let key: Range<Int>
    private let event: Range<Int>
    private let body: Range<Int>
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

        let stored = codec.encode(callback.document.bytes)

        var values = RowValues(count: 25, size: 332 + (stored?.bytes.count ?? 0))
        values.append(self.subject)
        values.append(fingerprint)
        values.append(arrival.accountID)
        values.append(blob: callback.fingerprint)
        self.key = 0..<values.count

        values.append(arrival.accountID)
        values.append(callback.kind.rawValue)
        values.append(callback.taskID)
        values.append(callback.taskType)
        values.append(callback.status)
        values.append(callback.reviewStatus)
        values.append(callback.project)
        values.append(callback.batch)
        values.append(callback.completedAt)
        values.append(callback.changedAt)
        values.append(Int64(callback.priorResponseCount))
        values.append(arrival.origin.rawValue)
        values.append(arrival.receivedAt)
        values.append(arrival.receivedAt)
        values.append(self.subject)
        values.append(fingerprint)
        values.append(blob: callback.fingerprint)
        values.append(Int64(callback.document.bytes.count))
        values.append(blob: Digest.sha256(callback.document.bytes))
        self.event = self.key.upperBound..<values.count

        if let stored {
            values.append(blob: stored.bytes)
        } else {
            // May be large, and is in memory already.
            values.append(sharing: callback.document.bytes)
        }
        values.append(stored?.dictionaryID)
        self.body = self.event.upperBound..<values.count
        self.values = values
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
        if let id = try self.values.run(find, in: database, row: self.key) {
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
        try self.values.run(insertEvent, in: database, row: self.event)
        let id = database.lastInsertedRowID
        let insertBody = try batch.statement(
            "INSERT INTO body (eventID, bytes, dictionaryID) VALUES (last_insert_rowid(), ?, ?)"
        )
        try self.values.run(insertBody, in: database, row: self.body)
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
