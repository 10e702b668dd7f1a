internal import Callbacks
internal import GRDB

extension StoreReader {
    /// The number of the newest event; 0 in an empty store.
    package func newestEvent() async throws(StoreError) -> Int64 {
        try await self.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM event") ?? 0 }
    }

    /// Looks at the next events of a selection, in the order of their arrival.
    ///
    /// - Parameters:
    ///   - cursor: The `next` of the page before; nil for the first.
    ///   - last: The last event that is meant.
    ///   - limit: How many events of the selection are looked at.
    package func replayPage(
        _ selection: ReplaySelection,
        from cursor: Int64?,
        through last: Int64,
        limit: Int = 1000
    ) async throws(StoreError) -> ReplayPage {
        let first = max(cursor ?? .min, selection.ids?.min() ?? .min)
        let end = min(last, selection.ids?.max() ?? .max)
        guard first <= end else { return ReplayPage() }
        var candidates = try await self.read { database in
            var rows: [ReplayCandidate] = []
            try Self.forEachRange(of: selection.events, in: first...end, order: .oldestFirst, database) { range in
                rows += try ReplayCandidate.fetch(selection, in: range, limit: limit + 1 - rows.count, database)
                return rows.count <= limit
            }
            return rows
        }
        var page = ReplayPage()
        page.next = candidates.count > limit ? candidates.removeLast().id : nil
        for candidate in candidates where selection.match.accepts(candidate.facts) {
            if candidate.hasBody, selection.match.needsBody {
                guard let body = try await self.body(ofEvent: candidate.id), let callback = try? Callback(body: body),
                    selection.match.accepts(callback, account: candidate.facts.account)
                else { continue }
            }
            if candidate.isPending {
                page.counts.waiting += 1
            } else if !candidate.hasBody {
                page.counts.withoutBody += 1
            } else {
                if candidate.hadEffect {
                    page.counts.withEffect += 1
                } else if candidate.hasDelivery {
                    page.counts.again += 1
                } else {
                    page.counts.new += 1
                }
                if selection.repeatsEffects || !candidate.hadEffect { page.ids.append(candidate.id) }
            }
        }
        return page
    }
}

/// One event that may be replayed, with what the handler had of it.
private struct ReplayCandidate: Sendable, FetchableRecord {
    let id: Int64
    let facts: EventMatch.Facts
    let hasBody: Bool
    let hasDelivery: Bool
    let isPending: Bool
    let hadEffect: Bool

    init(row: Row) {
        self.id = row[0]
        self.facts = EventMatch.Facts(
            account: row[1],
            kind: Callback.Kind(rawValue: row[2]) ?? .unrecognised,
            taskType: row[3],
            status: row[4],
            project: row[5],
            batch: row[6]
        )
        self.hasBody = row[7]
        self.hasDelivery = row[8]
        self.isPending = row[9]
        self.hadEffect = row[10]
    }

    static func fetch(
        _ selection: ReplaySelection,
        in range: ClosedRange<Int64>,
        limit: Int,
        _ database: Database
    ) throws -> [ReplayCandidate] {
        let condition = selection.condition
        let index = selection.events.taskID == nil ? "NOT INDEXED" : "INDEXED BY eventBySubject"
        let ofHandler = """
            FROM delivery INDEXED BY deliveryByEvent WHERE eventID = event.id
                AND handlerID = (SELECT id FROM handler WHERE name = ?1)
            """
        return try ReplayCandidate.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT event.id, account.name, event.kind, event.taskType, event.status, event.project, event.batch,
                        EXISTS (SELECT 1 FROM body WHERE eventID = event.id),
                        EXISTS (SELECT 1 \(ofHandler)),
                        EXISTS (SELECT 1 \(ofHandler) AND state = 'pending'),
                        EXISTS (SELECT 1 \(ofHandler) AND \(ReplaySelection.hadEffect))
                    FROM event \(index) CROSS JOIN account ON account.id = event.accountID
                    WHERE event.id BETWEEN ?2 AND ?3 AND \(condition.sql)
                    ORDER BY event.id LIMIT \(limit)
                    """
            ),
            arguments: [selection.handler, range.lowerBound, range.upperBound] + condition.arguments
        )
    }
}

extension ReplaySelection {
    /// Whether a delivery had an effect, as SQL: when that was not noted yet, what is completed counts as one.
    static let hadEffect = "coalesce(hadEffect, outcome = 'completed')"

    /// The selection as SQL over `event` and `account`. Values are bound, never spliced.
    fileprivate var condition: (sql: String, arguments: StatementArguments) {
        var (sql, arguments) = self.events.condition
        if let until = self.until {
            sql += " AND event.receivedAt < ?"
            arguments += [until]
        }
        if let types = self.types {
            sql += " AND event.taskType IN (\(databaseQuestionMarks(count: types.count)))"
            arguments += StatementArguments(types)
        }
        if let ids = self.ids {
            sql += " AND event.id IN (\(databaseQuestionMarks(count: ids.count)))"
            arguments += StatementArguments(ids)
        }
        return (sql, arguments)
    }
}
