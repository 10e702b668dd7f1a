package import Callbacks
internal import GRDB
package import ScaleAPI

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

/// What identifies a lease to the store.
struct LeaseKey: Sendable, Hashable {
    /// The delivery.
    let deliveryID: Int64
    /// Fences the lease.
    let token: Int64
    /// The number of its attempt.
    let attempt: Int

    init(_ lease: Lease) {
        self.deliveryID = lease.deliveryID
        self.token = lease.token
        self.attempt = lease.attempt
    }

    init(_ delivery: TakenDelivery) {
        self.deliveryID = delivery.id
        self.token = delivery.token
        self.attempt = delivery.attempt
    }
}

/// The end of one attempt, on its way into the store.
struct AttemptEnd: Sendable {
    /// Under which lease it was made.
    let lease: LeaseKey
    /// What becomes of the delivery.
    let settlement: Settlement
    /// How it went.
    let outcome: Outcome
    /// When it ended, by the queue's clock.
    let at: Int64
}

extension EventStore {
    /// Ends an attempt: its record and the delivery's state change together, if the lease still holds.
    package func settle(
        _ lease: Lease,
        as settlement: Settlement,
        outcome: Outcome,
        now: Int64
    ) async throws(StoreError) -> LeaseUse {
        try await self.settle(LeaseKey(lease), as: settlement, outcome: outcome, now: now)
    }

    /// As above.
    func settle(
        _ lease: LeaseKey,
        as settlement: Settlement,
        outcome: Outcome,
        now: Int64
    ) async throws(StoreError) -> LeaseUse {
        let end = AttemptEnd(lease: lease, settlement: settlement, outcome: outcome, at: now)
        let row = SettlementRow(end, endedAt: self.clock.wallTime(now))
        let result: Result<LeaseUse, StoreError> = await withCheckedContinuation { continuation in
            self.writer.submit(weight: SettlementRow.weight, { try row.write(in: $0) }) {
                continuation.resume(returning: $0)
            }
        }
        return try result.get()
    }

    /// Ends many attempts in one transaction. `completion` comes on the writer's thread after the sync, with what
    /// became of each.
    func settle(_ ends: [AttemptEnd], completion: @escaping @Sendable (Result<[LeaseUse], StoreError>) -> Void) {
        let rows = ends.map { SettlementRow($0, endedAt: self.clock.wallTime($0.at)) }
        self.writer.submit(
            weight: SettlementRow.weight * rows.count,
            { batch in try rows.map { try $0.write(in: batch) } },
            completion: completion
        )
    }

    /// Extends a lease. `leaseLost` means: stop, another has the delivery.
    package func renew(_ lease: Lease, now: Int64) async throws(StoreError) -> LeaseUse {
        try await self.renew([LeaseKey(lease)], now: now).isEmpty ? .done : .leaseLost
    }

    /// Extends leases.
    ///
    /// - Returns: Those that are lost.
    func renew(_ leases: [LeaseKey], now: Int64) async throws(StoreError) -> [LeaseKey] {
        let end = now + self.configuration.lease.inMilliseconds
        return try await self.writer.write { database in
            let statement = try database.cachedStatement(
                sql: "UPDATE delivery SET dueAt = ? WHERE id = ? AND leaseToken = ? AND state = 'pending'"
            )
            return try leases.filter { lease in
                try statement.execute(arguments: [end, lease.deliveryID, lease.token])
                return database.changesCount == 0
            }
        }
    }

    /// Keeps a note on the attempt, before an effect whose outcome may stay unknown.
    package func note(_ note: JSON, on lease: Lease) async throws(StoreError) -> LeaseUse {
        let text = note.encodedString
        return try await self.writer.write { database in
            try database.cachedStatement(
                sql: """
                    UPDATE attempt SET note = ? WHERE deliveryID = ? AND number = ? AND EXISTS (
                        SELECT 1 FROM delivery WHERE id = attempt.deliveryID AND leaseToken = ? AND state = 'pending'
                    )
                    """
            )
            .execute(arguments: [text, lease.deliveryID, lease.attempt, lease.token])
            return database.changesCount > 0 ? .done : .leaseLost
        }
    }
}

/// The rows of one settlement, ready to be bound.
private struct SettlementRow: Sendable {
    /// About how many bytes of the log it takes.
    static let weight = 512
    /// The longest summary that is kept, in bytes.
    static let mostSummaryBytes = 2000

    private let delivery: RowValues
    private let attempt: RowValues

    init(_ end: AttemptEnd, endedAt: Int64) {
        let state: String
        var dueAt: Int64?
        var settledAt: Int64?
        var failures: Int64 = 0
        let word: String
        switch end.settlement {
        case .completed:
            (state, settledAt) = ("completed", endedAt)
            word = end.outcome.disposition == .stale ? "stale" : "completed"
        case .retry(let time):
            (state, dueAt, failures) = ("pending", time, 1)
            word = "retry"
        case .dead:
            (state, settledAt, failures) = ("dead", endedAt, 1)
            word = "dead"
        case .released:
            (state, dueAt) = ("pending", end.at)
            word = "released"
        }
        let outcome = end.outcome
        let summary = outcome.summary.cut(toBytes: Self.mostSummaryBytes)

        var delivery = RowValues(count: 10, size: summary.utf8.count + 32)
        delivery.append(state)
        // Null leaves the time as it is.
        delivery.append(dueAt)
        delivery.append(failures)
        delivery.append(word)
        delivery.append(outcome.failureClass?.rawValue)
        delivery.append(summary)
        delivery.append(settledAt)
        delivery.append(outcome.hadEffect ? 1 : 0)
        delivery.append(end.lease.deliveryID)
        delivery.append(end.lease.token)
        self.delivery = delivery

        let detail = outcome.detail?.encodedString
        var attempt = RowValues(count: 7, size: summary.utf8.count + (detail?.utf8.count ?? 0) + 32)
        attempt.append(endedAt)
        attempt.append(word)
        attempt.append(outcome.failureClass?.rawValue)
        attempt.append(summary)
        attempt.append(detail)
        attempt.append(end.lease.deliveryID)
        attempt.append(Int64(end.lease.attempt))
        self.attempt = attempt
    }

    func write(in batch: StoreWriter.Batch) throws -> LeaseUse {
        let settle = try batch.statement(
            """
            UPDATE delivery SET state = ?, dueAt = coalesce(?, dueAt), leaseToken = NULL,
                failureCount = failureCount + ?, outcome = ?, failureClass = ?, summary = ?, settledAt = ?,
                hadEffect = coalesce(hadEffect, 0) | ?
            WHERE id = ? AND leaseToken = ? AND state = 'pending'
            """
        )
        try self.delivery.run(settle, in: batch.database)
        guard batch.database.changesCount > 0 else { return .leaseLost }
        let end = try batch.statement(
            """
            UPDATE attempt SET endedAt = ?, outcome = ?, failureClass = ?, summary = ?, detail = ?
            WHERE deliveryID = ? AND number = ?
            """
        )
        try self.attempt.run(end, in: batch.database)
        return .done
    }
}

extension String {
    /// The text when it is short enough, else its beginning with an ellipsis, `limit` bytes in all.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard self.utf8.count > limit else { return self }
        let end = self.utf8.index(self.utf8.startIndex, offsetBy: limit - 3)
        var text = String(self[..<(self.unicodeScalars.index(before: self.unicodeScalars.index(after: end)))])
        text.append("…")
        return text
    }
}
