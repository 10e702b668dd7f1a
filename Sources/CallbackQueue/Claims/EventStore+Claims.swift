package import Callbacks
internal import GRDB
internal import ScaleAPI

extension EventStore {
    /// The span in which claims count for the limit of an hour.
    static let claimHour: Int64 = 3_600_000
    /// How many claims of a task are looked at; no limit per task is above.
    package static let mostClaimsPerTask = 1000

    /// Decides about a claim under a lease and, when it is granted, puts it on record with its note, all in one
    /// transaction. Past a limit of the handler as a whole, the handler is held in it too.
    ///
    /// - Returns: Nil when the lease is lost.
    package func claim(
        _ claim: EffectClaim,
        on lease: Lease,
        now: Int64
    ) async throws(StoreError) -> EffectClaim.Answer? {
        let note = claim.note.encodedString
        let clock = self.clock
        return try await self.writer.write { database in
            guard let position = try ClaimPosition.fetch(of: lease, in: database) else { return nil }
            let answer = try position.answer(
                to: claim,
                under: lease,
                now: now,
                heldAt: clock.wallTime(now),
                in: database
            )
            guard answer == .granted else { return answer }
            try database.cachedStatement(sql: "UPDATE attempt SET note = ? WHERE deliveryID = ? AND number = ?")
                .execute(arguments: [note, lease.deliveryID, lease.attempt])
            return answer
        }
    }
}

/// Where a delivery and its handler stand when a claim is made.
private struct ClaimPosition: FetchableRecord {
    let handlerID: Int64
    let accountID: Int64
    let subject: Int64
    let taskID: String?
    let heldReason: String?
    let modeSwitch: ModeSwitch?
    let limitsFrom: Int64

    init(row: Row) {
        self.handlerID = row[0]
        self.accountID = row[1]
        self.subject = row[2]
        self.taskID = row[3]
        self.heldReason = row[4]
        self.modeSwitch = ModeSwitch(mode: row[5], digest: row[6])
        self.limitsFrom = row[7]
    }

    /// Nil when the lease is lost.
    static func fetch(of lease: Lease, in database: Database) throws -> ClaimPosition? {
        try ClaimPosition.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT delivery.handlerID, event.accountID, event.subject, event.taskID,
                        coalesce(handler.heldReason, (SELECT reason FROM hold WHERE id = 1)), handler.mode,
                        handler.modeDigest, handler.limitsFrom
                    FROM delivery
                    CROSS JOIN event ON event.id = delivery.eventID
                    CROSS JOIN handler ON handler.id = delivery.handlerID
                    WHERE delivery.id = ? AND delivery.leaseToken = ? AND delivery.state = 'pending'
                    """
            ),
            arguments: [lease.deliveryID, lease.token]
        )
    }

    /// Decides, and puts on record what was granted.
    func answer(
        to claim: EffectClaim,
        under lease: Lease,
        now: Int64,
        heldAt: Int64,
        in database: Database
    ) throws -> EffectClaim.Answer {
        if let heldReason { return .held(heldReason) }
        guard self.modeSwitch == lease.modeSwitch else {
            return .held("the handler was switched to another mode meanwhile")
        }
        let claims = try ClaimOfTask.fetchAll(
            database.cachedStatement(sql: ClaimOfTask.sql),
            arguments: [self.subject, self.accountID, self.taskID, EventStore.mostClaimsPerTask]
        )
        let ofEvent = claims.filter { $0.handlerID == self.handlerID && $0.eventID == lease.event.id }
        // An attempt before had claimed it, and this one has found out that there was no effect.
        if ofEvent.contains(where: { $0.deliveryID == lease.deliveryID }) { return .granted }
        if !ofEvent.isEmpty, !lease.repeatsEffects { return .repeated }
        if let perTask = claim.limits.perTask, claims.count >= perTask { return .taskLimit(claims.count) }
        let last = try self.row(0, in: database)
        if let excess = try self.excess(claim, after: last, now: now, in: database) {
            try database.cachedStatement(
                sql: "UPDATE handler SET heldAt = ?, heldReason = ?, isPastLimit = 1 WHERE id = ?"
            )
            .execute(arguments: [heldAt, excess, self.handlerID])
            return .held(excess)
        }
        try self.keep(claim, after: last, under: lease, now: now, in: database)
        return .granted
    }

    /// Which limit of the handler the claim would pass, in words; nil when none.
    private func excess(
        _ claim: EffectClaim,
        after last: ClaimRow?,
        now: Int64,
        in database: Database
    ) throws -> String? {
        guard let last, last.number > self.limitsFrom else {
            return claim.isReject && claim.limits.rejects?.most == 0
                ? Self.excess(ofRejects: 1, claim.limits.rejects) : nil
        }
        if let perHour = claim.limits.perHour, last.number - self.limitsFrom >= perHour,
            let first = try self.row(perHour - 1, in: database), first.claimedAt > now - EventStore.claimHour
        {
            return "limit per-hour: \(perHour) audits were sent within an hour, and \(perHour) are allowed"
        }
        if claim.isReject, let rejects = claim.limits.rejects {
            // The window without this one.
            let start = max(self.limitsFrom, last.number - Int64(rejects.window - 1))
            let before = start > 0 ? try self.row(Int(last.number - start), in: database)?.rejectCount ?? 0 : 0
            let count = last.rejectCount - before + 1
            if count > rejects.most { return Self.excess(ofRejects: count, rejects) }
        }
        return nil
    }

    private static func excess(ofRejects count: Int, _ limit: EffectClaim.RejectLimit?) -> String? {
        limit.map {
            "limit reject-ratio: this would be reject \(count) among the last \($0.window) audits, and \($0.most) are allowed"
        }
    }

    /// The claim of the handler that is so many before its last; nil when there is none, or it has aged out.
    private func row(_ distance: Int, in database: Database) throws -> ClaimRow? {
        try ClaimRow.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT number, rejectCount, claimedAt FROM claim WHERE handlerID = ?1
                        AND number = (SELECT max(number) FROM claim WHERE handlerID = ?1) - ?2
                    """
            ),
            arguments: [self.handlerID, distance]
        )
    }

    private func keep(
        _ claim: EffectClaim,
        after last: ClaimRow?,
        under lease: Lease,
        now: Int64,
        in database: Database
    ) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO claim (handlerID, number, rejectCount, accountID, subject, taskID, eventID, deliveryID, verdict,
                    claimedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        .execute(arguments: [
            self.handlerID, (last?.number ?? 0) + 1, (last?.rejectCount ?? 0) + (claim.isReject ? 1 : 0),
            self.accountID,
            self.subject, self.taskID, lease.event.id, lease.deliveryID, claim.verdict, now,
        ])
        try database.cachedStatement(sql: "UPDATE delivery SET hadEffect = 1 WHERE id = ?")
            .execute(arguments: [lease.deliveryID])
    }
}

/// One claim among those of its handler.
private struct ClaimRow: FetchableRecord {
    let number: Int64
    let rejectCount: Int
    let claimedAt: Int64

    init(row: Row) {
        self.number = row[0]
        self.rejectCount = row[1]
        self.claimedAt = row[2]
    }
}

/// One claim among those of a task.
private struct ClaimOfTask: FetchableRecord {
    static let sql = """
        SELECT handlerID, eventID, deliveryID FROM claim INDEXED BY claimBySubject
        WHERE subject = ? AND accountID = ? AND taskID IS ? LIMIT ?
        """

    let handlerID: Int64
    let eventID: Int64
    let deliveryID: Int64

    init(row: Row) {
        self.handlerID = row[0]
        self.eventID = row[1]
        self.deliveryID = row[2]
    }
}
