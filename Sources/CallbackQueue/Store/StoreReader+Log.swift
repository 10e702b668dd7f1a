package import Callbacks
internal import Foundation
internal import GRDB
internal import ScaleAPI

/// Which completed events are looked at again.
package struct LogSelection: Sendable, Hashable {
    /// In one of these projects; nil for any, also for none.
    package var projects: [String]?
    /// Kept at this time or later, in milliseconds since 1970.
    package var since: Int64?
    /// Kept before this time.
    package var until: Int64?

    package init(projects: [String]? = nil, since: Int64? = nil, until: Int64? = nil) {
        self.projects = projects
        self.since = since
        self.until = until
    }
}

/// A completed event, read again with what people decided about it later.
package struct LoggedEvent: Sendable {
    /// Its number.
    package let id: Int64
    /// The account's name.
    package let account: String
    /// Whether there is no other event of its task.
    package let isAlone: Bool
    /// What people decided about the response in the end; nil while they have not.
    package let decision: Decision?
    /// Its callback, without a fingerprint.
    package let body: Body

    /// What is left of its body.
    package enum Body: Sendable {
        case callback(Callback)
        /// It has aged out.
        case aged
        /// It cannot be read any more.
        case damaged
    }
}

extension StoreReader {
    /// The numbers between which all events of a selection lie; nil when there are none.
    package func bounds(of selection: LogSelection) async throws(StoreError) -> ClosedRange<Int64>? {
        try await self.read { database in
            guard let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM event"),
                var first = try Int64.fetchOne(database, sql: "SELECT min(id) FROM event")
            else { return nil }
            if let since = selection.since {
                // Stretches are few, and those without notes are the newest.
                let stretch =
                    try Int64.fetchOne(
                        database,
                        sql: "SELECT min(id) FROM stretch WHERE newestAt >= ?",
                        arguments: [since]
                    ) ?? Int64.fetchOne(database, sql: "SELECT max(id) + 1 FROM stretch")
                if let stretch { first = max(first, Stretch.events(of: stretch).lowerBound) }
            }
            return first <= last ? first...last : nil
        }
    }

    /// The completed events of a selection in a range of numbers, from its beginning on until there are enough of them.
    ///
    /// - Returns: The events, and from where to go on; nil when this was all.
    package func loggedEvents(
        _ selection: LogSelection,
        in range: ClosedRange<Int64>
    ) async throws(StoreError) -> (events: [LoggedEvent], next: Int64?) {
        let (rows, next) = try await self.read { database in
            try LoggedRow.fetch(selection, in: range, database)
        }
        var events: [LoggedEvent] = []
        events.reserveCapacity(rows.count)
        for row in rows { events.append(try await self.event(row)) }
        return (events, next)
    }

    private func event(_ row: LoggedRow) async throws(StoreError) -> LoggedEvent {
        let body: LoggedEvent.Body
        if let stored = row.body {
            if let bytes = try await self.body(BodyRecord(body: stored, size: row.bodySize)),
                let document = try? JSONDocument(bytes)
            {
                body = .callback(Callback(facts: row.facts, document: document))
            } else {
                body = .damaged
            }
        } else {
            body = .aged
        }
        return LoggedEvent(id: row.id, account: row.account, isAlone: row.isAlone, decision: row.decision, body: body)
    }
}

/// What one row holds, before its body is decoded outside of the transaction.
private struct LoggedRow: Sendable {
    /// After how many bytes of stored bodies, and how many events, a transaction ends.
    private static let byteLimit = 8 << 20
    private static let rowLimit = 512

    let id: Int64
    let account: String
    let facts: Callback.Facts
    let bodySize: Int
    let body: BodyCodec.StoredBody?
    let isAlone: Bool
    let decision: Decision?

    /// Reads events in one transaction, which ends soon.
    static func fetch(
        _ selection: LogSelection,
        in range: ClosedRange<Int64>,
        _ database: Database
    ) throws -> (rows: [LoggedRow], next: Int64?) {
        var terms = ""
        var arguments: StatementArguments = [range.lowerBound, range.upperBound]
        if let projects = selection.projects {
            terms += " AND event.project IN (\(databaseQuestionMarks(count: projects.count)))"
            arguments += StatementArguments(projects)
        }
        if let since = selection.since {
            terms += " AND event.receivedAt >= ?"
            arguments += [since]
        }
        if let until = selection.until {
            terms += " AND event.receivedAt < ?"
            arguments += [until]
        }
        let statement = try database.cachedStatement(
            sql: """
                SELECT event.id, account.name, event.taskID, event.taskType, event.status, event.project, event.batch,
                    event.reviewStatus, event.completedAt, event.changedAt, event.priorResponseCount, event.bodySize,
                    body.bytes, body.dictionaryID, event.accountID, event.subject,
                    -- Mostly it is the only event of its task, which the index alone tells.
                    EXISTS (
                        SELECT 1 FROM event AS other INDEXED BY eventBySubject
                        WHERE other.subject = event.subject AND other.id <> event.id
                    )
                FROM event NOT INDEXED
                CROSS JOIN account ON account.id = event.accountID
                LEFT JOIN body ON body.eventID = event.id
                WHERE event.id BETWEEN ? AND ? AND event.kind = 'completed' AND event.taskID IS NOT NULL\(terms)
                ORDER BY event.id
                """
        )
        var rows: [LoggedRow] = []
        var bytes = 0
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try cursor.next() {
            let logged = try LoggedRow(row, database)
            bytes += logged.body?.bytes.count ?? 0
            rows.append(logged)
            if rows.count >= Self.rowLimit || bytes >= Self.byteLimit {
                return (rows, logged.id < range.upperBound ? logged.id + 1 : nil)
            }
        }
        return (rows, nil)
    }

    private init(_ row: Row, _ database: Database) throws {
        let taskID: String = row[2]
        self.id = row[0]
        self.account = row[1]
        self.facts = Callback.Facts(
            kind: .completed,
            taskID: taskID,
            taskType: row[3],
            status: row[4],
            project: row[5],
            batch: row[6],
            reviewStatus: row[7],
            completedAt: row[8],
            changedAt: row[9],
            priorResponseCount: row[10]
        )
        self.bodySize = row[11]
        self.body = (row[12] as Data?).map { BodyCodec.StoredBody(bytes: $0, dictionaryID: row[13]) }
        self.isAlone = !(row[16] as Bool)
        self.decision =
            self.isAlone
            ? nil
            : try StoreReader.decision(
                about: .init(
                    eventID: row[0],
                    accountID: row[14],
                    subject: row[15],
                    taskID: taskID,
                    completedAt: row[8],
                    priorResponseCount: row[10]
                ),
                in: database
            )
    }
}
