import Callbacks
import Foundation
import GRDB
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct UpgradeTests {
    /// Every table of the first version with at least a row in each state; later versions may only add to it.
    private static let content = """
        INSERT INTO account (id, name) VALUES (1, 'live'), (2, 'test');
        INSERT INTO keyUse VALUES (1, 0, 1700000000000), (2, -1, 1700000000001);
        INSERT INTO handler (id, name, type, createdAt, heldAt, heldReason)
        VALUES (1, 'audit', 'audit', 5, NULL, NULL), (2, 'dump', 'file', 6, 7, 'under review');
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 300)
        INSERT INTO event (id, accountID, kind, taskID, taskType, status, reviewStatus, project, batch, completedAt,
            changedAt, priorResponseCount, origin, receivedAt, seen, lastSeenAt, subject, fingerprint,
            fingerprintDigest, bodySize, bodySHA256)
        SELECT n, 1 + n % 2, iif(n % 3, 'completed', 'audit'), 'task-' || (n / 2), 'imageannotation', 'completed',
            iif(n % 3, NULL, 'accepted'), 'dockyard', iif(n % 5, NULL, 'a'), 1700000000000 + n, 1700000000000 + n,
            n % 4, 'callback', 1700000000000 + n, 1 + n % 7, 1700000001000 + n, n / 2, -n, randomblob(32), 9 + n,
            randomblob(32)
        FROM number;
        INSERT INTO body (eventID, bytes) SELECT id, randomblob(bodySize) FROM event WHERE id > 50;
        INSERT INTO delivery (id, eventID, handlerID, subject, state, dueAt, leaseToken, attemptCount, failureCount,
            outcome, failureClass, summary, settledAt)
        SELECT id * 2 + handler, id, handler, subject,
            CASE id % 4 WHEN 0 THEN 'pending' WHEN 1 THEN 'completed' WHEN 2 THEN 'dead' ELSE 'pending' END,
            receivedAt + 500, iif(id % 4 = 3, id * 11, NULL), id % 4, iif(id % 4 = 2, 1, 0),
            CASE id % 4 WHEN 1 THEN 'completed' WHEN 2 THEN 'dead' END, iif(id % 4 = 2, 'rejected', NULL),
            iif(id % 4 IN (1, 2), 'because of ' || id, NULL), iif(id % 4 IN (1, 2), receivedAt + 900, NULL)
        FROM event, (SELECT 1 AS handler UNION SELECT 2);
        INSERT INTO attempt (deliveryID, number, startedAt, endedAt, outcome, failureClass, summary, note, detail)
        SELECT id, 1, dueAt, settledAt, outcome, failureClass, summary, iif(id % 7, NULL, '{"verdict":"accept"}'),
            iif(id % 5, NULL, '{"rule":1}')
        FROM delivery WHERE attemptCount > 0;
        INSERT INTO refusal (id, at, reason, remote, request, bodySize, bodySHA256, firstBytes)
        VALUES (1, 1700000000000, 'wrong-key', '127.0.0.1', 'POST /callbacks', NULL, NULL, NULL),
            (2, 1700000000001, 'not-json', '::1', 'POST /callbacks', 3, zeroblob(32), x'7B7B7B');
        INSERT INTO refusalCount VALUES (472222, 'wrong-key', 7), (472223, 'not-json', 1);
        """

    /// What later versions have added, by the table it begins with.
    private static let additions = [
        "stretch": """
        INSERT INTO stretch VALUES (0, 1700000000300);
        INSERT INTO stretchValue VALUES ('kind', 'audit', 0), ('account', 1, 0);
        """
    ]

    /// All rows of the tables of a version, by its own columns, as text.
    private func rows(_ database: Database, _ columns: [String: [String]]) throws -> [String: [String]] {
        try columns.reduce(into: [:]) { rows, table in
            let list = table.value.map { "quote(\($0))" }.joined(separator: " || ',' || ")
            rows[table.key] = try String.fetchAll(database, sql: "SELECT \(list) FROM \(table.key) ORDER BY 1")
        }
    }

    @Test(arguments: Schema.migrator.migrations.dropLast())
    func `a store of each earlier version opens with everything in it`(version: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let old = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(old, upTo: version)
            let (columns, before) = try await old.write { database in
                try database.execute(sql: Self.content)
                let tables = try String.fetchAll(
                    database,
                    sql:
                        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'grdb%' AND name <> 'dictionary'"
                )
                for (table, content) in Self.additions where tables.contains(table) {
                    try database.execute(sql: content)
                }
                let columns = try tables.reduce(into: [String: [String]]()) {
                    $0[$1] = try database.columns(in: $1).map(\.name)
                }
                return (columns, try self.rows(database, columns))
            }
            try old.close()
            #expect(before.count >= 9 && before.values.allSatisfy { !$0.isEmpty }, "a table is not tried")
            #expect(before["delivery"]?.count == 600)

            let store = try EventStore.open(.init(path: path), logger: quietLogger)
            let after = try await store.writer.write { try self.rows($0, columns) }
            for (table, rows) in before { #expect(after[table] == rows, "\(table) is not what it was") }
            // It works on: what was leased when it ended is due again, and a dead letter can be revived.
            let now: Int64 = 1_700_000_100_000
            #expect(
                try await store.retryDeliveries(.init(ids: nil, handlers: ["audit"], states: ["dead"]), now: now) == 75
            )
            let kept = try await store.keep(
                Arrival(callback: try makeCallback(task: "new"), accountID: 1, receivedAt: now, handlerIDs: [1])
            )
            #expect(kept == .kept(eventID: 301))
            let reader = try StoreReader(path: path)
            #expect(try await reader.structureProblems().isEmpty)
            #expect(try await reader.events(limit: 1000).rows.count == 301)
            #expect(try await reader.bodyCount() == 251)
            // What the new version knows of old deliveries: that what was completed had its effect.
            let selection = ReplaySelection(handler: "dump", match: EventMatch())
            let page = try await reader.replayPage(selection, from: nil, through: 300)
            #expect(page.counts.withEffect == 62 && page.counts.again == 62 && page.counts.waiting == 150)
            #expect(page.counts.withoutBody == 26)
            try await store.close()
        }
    }
}
