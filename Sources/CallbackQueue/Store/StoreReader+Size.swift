internal import Foundation
internal import GRDB

/// How large a store is, and what of.
package struct StoreSize: Sendable, Hashable {
    /// One table or index.
    package struct Part: Sendable, Hashable {
        /// Its name in the schema.
        package let name: String
        /// Its pages in bytes, free space in them included.
        package let bytes: Int
    }

    /// The database file in bytes.
    package let fileBytes: Int
    /// The write-ahead log beside it.
    package let logBytes: Int
    /// Pages in the log that a checkpoint still has to copy into the database.
    package let logPagesLeft: Int
    /// What is kept back for a full disk.
    package let ballastBytes: Int
    /// What is free inside the file and will be used next.
    package let freeBytes: Int
    /// Events; their numbers have no gaps but those of pruning.
    package let events: Int
    /// Events that still have their body.
    package let bodies: Int
    /// When the oldest event was kept, in milliseconds since 1970; nil in an empty store.
    package let oldestAt: Int64?
    /// The largest tables and indexes first; empty when this SQLite cannot tell.
    package let parts: [Part]
}

extension StoreReader {
    /// Measures the store. Reads every page of it once, so it takes its time with a large one.
    package func size() async throws(StoreError) -> StoreSize {
        let path = self.database.path
        return try await self.read { database in
            func value(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
            let hasStatistics =
                try value("SELECT count(*) FROM pragma_module_list WHERE name = 'dbstat'") > 0
            let parts =
                hasStatistics
                ? try Row.fetchAll(
                    database,
                    // Not `pgsize`, which has 32 bits in older versions of SQLite and wraps at 2 GB.
                    sql: """
                        SELECT name, pageno * (SELECT page_size FROM pragma_page_size) AS bytes FROM dbstat
                        WHERE aggregate = TRUE ORDER BY bytes DESC, name
                        """
                )
                .map { StoreSize.Part(name: $0[0], bytes: $0[1]) } : []
            let pageSize = try value("PRAGMA page_size")
            return StoreSize(
                fileBytes: pageSize * (try value("PRAGMA page_count")),
                logBytes: StorePath.size(path + "-wal"),
                logPagesLeft: LogIndex(storePath: path)?.pagesLeft ?? 0,
                ballastBytes: StorePath.size(path + "-ballast"),
                freeBytes: pageSize * (try value("PRAGMA freelist_count")),
                events: try value("SELECT count(*) FROM event"),
                bodies: try value("SELECT count(*) FROM body"),
                oldestAt: try Int64.fetchOne(database, sql: "SELECT receivedAt FROM event ORDER BY id LIMIT 1"),
                parts: parts
            )
        }
    }

    /// What a walk would remove, bytes left out.
    package func prunable(_ pass: PrunePass) async throws(StoreError) -> PruneCounts {
        try await self.read { database in
            func count(_ sql: String, _ limit: Int64?) throws -> Int {
                try limit.flatMap { try Int.fetchOne(database, sql: sql, arguments: [$0]) } ?? 0
            }
            let isFree = """
                NOT EXISTS (SELECT 1 FROM delivery WHERE eventID = event.id AND delivery.state = 'pending')
                """
            // As pruning does, this leaves out the newest event.
            let aged = "FROM event WHERE receivedAt < ? AND \(isFree) AND id < (SELECT max(id) FROM event)"
            let agedBody = "FROM body CROSS JOIN event ON id = eventID WHERE receivedAt < ? AND \(isFree)"
            var counts = PruneCounts()
            counts.events = try count("SELECT count(*) \(aged)", pass.factsBefore)
            let ofEvents = try count(
                "SELECT count(*) \(aged) AND EXISTS (SELECT 1 FROM body WHERE eventID = event.id)",
                pass.factsBefore
            )
            let before = [pass.bodiesBefore, pass.factsBefore].compactMap(\.self).max()
            counts.bodies =
                try pass.bodiesBefore == nil ? 0 : count("SELECT count(*) \(agedBody)", before) - ofEvents
            counts.refusals = try count("SELECT count(*) FROM refusal WHERE at < ?", pass.refusedBefore)
            return counts
        }
    }
}
