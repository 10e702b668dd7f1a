internal import GRDB

/// Removing what is past its time, in steps so small that callbacks do not wait for them.
extension EventStore {
    /// How many events one step looks at.
    static let pruneStepRows = 200
    /// After how many bytes of bodies a step ends early.
    static let pruneStepBytes = 4 << 20
    /// How many pages one step gives back.
    static let pruneStepPages = 128
    /// How old a claim must be, in milliseconds, until it may go.
    static let claimAge: Int64 = 90 * 86_400_000
    /// How many claims of each handler stay, however old: no window of a limit is longer.
    package static let keptClaims: Int64 = 10_000
    /// Free pages that stay in the file for what comes next: these, or a twentieth of the file if that is more.
    static let keptFreePages = 256

    /// Takes one step of a walk; call again until the walk is finished.
    ///
    /// Each step is one transaction: what is told of as removed is gone for good, and a step that fails removed nothing.
    package func prune(_ pass: PrunePass) async throws(StoreError) -> PrunePass {
        // Removing a body writes little but frees pages, giving pages back moves others: both fill the WAL.
        try await self.writer.write(weight: Self.pruneStepPages * 4096) { database in
            var pass = pass
            switch pass.stage {
            case .facts:
                let ids = try Self.agedEvents(&pass, before: pass.factsBefore, withBody: false, then: .bodies, database)
                let statement = try database.cachedStatement(sql: "DELETE FROM event WHERE id = ?")
                for id in ids { try statement.execute(arguments: [id]) }
                pass.counts.events += ids.count
            case .bodies:
                let ids = try Self.agedEvents(
                    &pass,
                    before: pass.bodiesBefore,
                    withBody: true,
                    then: .refused,
                    database
                )
                let statement = try database.cachedStatement(sql: "DELETE FROM body WHERE eventID = ?")
                for id in ids { try statement.execute(arguments: [id]) }
                pass.counts.bodies += ids.count
            case .refused: try Self.pruneRefusals(&pass, in: database)
            case .claims: try Self.pruneClaims(&pass, in: database)
            case .space: try Self.giveBackPages(&pass, in: database)
            case .finished: break
            }
            return pass
        }
    }

    /// The next events of a stage that may go; moves the walk on.
    ///
    /// Events come in the order of their numbers, which is the order of their arrival, so the stage ends at the first
    /// that is too young. One from the future, kept while the clock was wrong, is passed over. An event with a pending
    /// delivery keeps everything.
    private static func agedEvents(
        _ pass: inout PrunePass,
        before limit: Int64?,
        withBody: Bool,
        then next: PrunePass.Stage,
        _ database: Database
    ) throws -> [Int64] {
        guard let limit else {
            pass.enter(next)
            return []
        }
        let statement = try database.cachedStatement(sql: withBody ? AgedEvent.sqlWithBody : AgedEvent.sql)
        let rows = try AgedEvent.fetchAll(statement, arguments: [pass.after, Self.pruneStepRows])
        var ids: [Int64] = []
        var bytes = 0
        for row in rows {
            if row.receivedAt >= limit, row.receivedAt <= pass.startedAt {
                pass.enter(next)
                return ids
            }
            pass.after = row.id
            guard row.receivedAt < limit, !row.isPending else { continue }
            ids.append(row.id)
            bytes += row.bodySize
            if bytes >= Self.pruneStepBytes { return ids }
        }
        if rows.count < Self.pruneStepRows { pass.enter(next) }
        return ids
    }

    /// The ring is short, so this is one step.
    private static func pruneRefusals(_ pass: inout PrunePass, in database: Database) throws {
        defer { pass.enter(.claims) }
        guard let limit = pass.refusedBefore else { return }
        try database.execute(sql: "DELETE FROM refusal WHERE at < ?", arguments: [limit])
        pass.counts.refusals += database.changesCount
        try database.execute(sql: "DELETE FROM refusalCount WHERE hour < ?", arguments: [limit / 3_600_000])
    }

    /// Removes claims of events that are gone, but none that a limit may still ask for: those of the last 90 days, and the
    /// last of each handler.
    private static func pruneClaims(_ pass: inout PrunePass, in database: Database) throws {
        guard let limit = pass.factsBefore.map({ min($0, pass.startedAt - Self.claimAge) }) else {
            return pass.enter(.space)
        }
        let rows = try AgedClaim.fetchAll(
            database.cachedStatement(sql: AgedClaim.sql),
            arguments: [pass.after, Self.pruneStepRows]
        )
        let statement = try database.cachedStatement(sql: "DELETE FROM claim WHERE id = ?")
        for row in rows {
            // As with events: they come in the order of their time.
            if row.claimedAt >= limit, row.claimedAt <= pass.startedAt { return pass.enter(.space) }
            pass.after = row.id
            if row.claimedAt < limit, row.isOfGoneEvent, row.distance >= Self.keptClaims {
                try statement.execute(arguments: [row.id])
            }
        }
        if rows.count < Self.pruneStepRows { pass.enter(.space) }
    }

    /// Moves pages from the end of the file into free ones, so that the file gets shorter at the next checkpoint.
    private static func giveBackPages(_ pass: inout PrunePass, in database: Database) throws {
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let surplus = free - max(Self.keptFreePages, pages / 20)
        guard surplus > 0 else { return pass.enter(.finished) }
        // The number is ours; a pragma takes no bound values.
        try database.execute(sql: "PRAGMA incremental_vacuum(\(min(surplus, Self.pruneStepPages)))")
        let left = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? pages
        pass.counts.freedBytes += (pages - left) * (try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
        // A file made without auto_vacuum gives nothing back.
        if left == pages { pass.enter(.finished) }
    }
}

/// What decides whether a claim may go.
private struct AgedClaim: FetchableRecord {
    static let sql = """
        SELECT id, claimedAt, NOT EXISTS (SELECT 1 FROM event WHERE id = claim.eventID),
            (SELECT max(number) FROM claim AS last WHERE last.handlerID = claim.handlerID) - number
        FROM claim WHERE id > ? ORDER BY id LIMIT ?
        """

    let id: Int64
    let claimedAt: Int64
    let isOfGoneEvent: Bool
    let distance: Int64

    init(row: Row) {
        self.id = row[0]
        self.claimedAt = row[1]
        self.isOfGoneEvent = row[2]
        self.distance = row[3]
    }
}

/// What decides whether an event may go.
private struct AgedEvent: FetchableRecord {
    /// The newest event is left alone: SQLite would give its number away again.
    static let sql = """
        SELECT id, receivedAt, bodySize, EXISTS (
            SELECT 1 FROM delivery INDEXED BY deliveryByEvent WHERE eventID = event.id AND state = 'pending'
        )
        FROM event WHERE id > ? AND id < (SELECT max(id) FROM event) ORDER BY id LIMIT ?
        """
    static let sqlWithBody = """
        SELECT event.id, receivedAt, bodySize, EXISTS (
            SELECT 1 FROM delivery INDEXED BY deliveryByEvent WHERE eventID = event.id AND state = 'pending'
        )
        FROM body CROSS JOIN event ON event.id = body.eventID
        WHERE body.eventID > ? ORDER BY body.eventID LIMIT ?
        """

    let id: Int64
    let receivedAt: Int64
    let bodySize: Int
    let isPending: Bool

    init(row: Row) {
        self.id = row[0]
        self.receivedAt = row[1]
        self.bodySize = row[2]
        self.isPending = row[3]
    }
}
