internal import Callbacks
internal import Foundation
internal import GRDB

/// Proving that a store is whole, and copying it, both while the service runs.
extension StoreReader {
    /// What SQLite finds wrong with the file's structure, and references that lead nowhere; at most a hundred lines.
    package func structureProblems() async throws(StoreError) -> [String] {
        try await self.read { database in
            var problems = try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
            problems += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").prefix(100)
                .map {
                    "row \($0[1] as Int64? ?? 0) of \($0[0] as String) refers to a \($0[2] as String) that is not there"
                }
            return problems
        }
    }

    /// A stretch of bodies that was compared with the digests taken when they arrived.
    package struct BodyCheck: Sendable, Hashable {
        /// Bodies that were compared.
        package var count = 0
        /// Events whose body is not what arrived.
        package var damaged: [Int64] = []
        /// The last event of the stretch; nil at the end.
        package var next: Int64?
    }

    /// Compares the bodies of the next events with their digests.
    ///
    /// - Parameter cursor: The `next` of the stretch before; nil for the first.
    package func checkBodies(from cursor: Int64? = nil, limit: Int = 500) async throws(StoreError) -> BodyCheck {
        try await self.read { database in
            // With the dictionaries of the same moment as the bodies.
            let codec = try BodyCodec(database)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT eventID, bytes, dictionaryID, bodySize, bodySHA256 FROM body CROSS JOIN event ON event.id = body.eventID
                    WHERE body.eventID > ? ORDER BY body.eventID LIMIT ?
                    """,
                arguments: [cursor ?? .min, limit]
            )
            var check = BodyCheck()
            while let row = try rows.next() {
                check.count += 1
                check.next = row[0]
                let body = codec.decode(.init(bytes: row[1], dictionaryID: row[2]), size: row[3])
                if body.map({ Data(Digest.sha256($0)) }) != row[4] as Data { check.damaged.append(row[0]) }
            }
            if check.count < limit { check.next = nil }
            return check
        }
    }

    /// How many bodies there are, and so how long checking them takes.
    package func bodyCount() async throws(StoreError) -> Int {
        try await self.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM body") ?? 0 }
    }

    /// Copies the store as it is at this moment into a new file, while the service goes on writing.
    ///
    /// One read transaction lasts for the whole copy: the copy is of one moment, and a busy writer does not start it
    /// anew. The write-ahead log cannot shrink meanwhile.
    ///
    /// - Parameters:
    ///   - path: A file that must not exist. It is complete and synced when this returns, and gone when it throws.
    ///   - progress: Told the share that is copied, 0 to 1.
    package func backUp(to path: String, progress: @escaping @Sendable (Double) -> Void) async throws(StoreError) {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw .unusable("\(path) exists already; nothing was written. Choose a new name.")
        }
        do {
            var configuration = GRDB.Configuration()
            configuration.label = "scale-callbacks.backup"
            let copy = try DatabaseQueue(path: path, configuration: configuration)
            try await self.database.read { source in
                // Fixes the moment: from the first read on the transaction sees one state.
                _ = try Int.fetchOne(source, sql: "SELECT count(*) FROM sqlite_master")
                try copy.writeWithoutTransaction { destination in
                    try source.backup(to: destination, pagesPerStep: 512) { step in
                        guard step.totalPageCount > 0 else { return }
                        progress(Double(step.completedPageCount) / Double(step.totalPageCount))
                    }
                }
            }
            try copy.close()
            try StorePath.sync(path)
            try StorePath.sync(StorePath.folder(of: path))
        } catch {
            for file in [path, path + "-wal", path + "-journal", path + "-shm"] {
                try? FileManager.default.removeItem(atPath: file)
            }
            throw StoreError(error)
        }
    }
}
