import Foundation
import GRDB
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct StoreWriterTests {
    /// A writer that copies its log into the database after every hundred pages, or these when little is going on.
    private func withWriter(quietPages: Int = 100, _ body: (StoreWriter, _ path: String) async throws -> Void)
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let database = try DatabaseQueue(path: path)
            try await database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
                try database.execute(sql: "CREATE TABLE item (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
            }
            var limits = StoreWriter.Limits()
            limits.checkpointPages = 100
            limits.quietCheckpointPages = quietPages
            let writer = StoreWriter(database: database, limits: limits, logger: quietLogger, onBroken: { _ in })
            try await body(writer, path)
            try await writer.close()
        }
    }

    private func add(_ size: Int, to writer: StoreWriter) async throws {
        try await writer.write {
            try $0.execute(sql: "INSERT INTO item (bytes) VALUES (zeroblob(?))", arguments: [size])
        }
    }

    private func logSize(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
    }

    @Test func `the log stays short, whatever a piece of work says it weighs`() async throws {
        try await self.withWriter { writer, path in
            for _ in 0..<1000 { try await self.add(10_000, to: writer) }
            // A hundred pages of 4 KB and what one transaction adds.
            let size = try self.logSize(path)
            #expect(size < 110 * 4200, "\(size) bytes")
            #expect(try await writer.write { try Int.fetchOne($0, sql: "SELECT count(*) FROM item") } == 1000)
        }
    }

    @Test func `the log is copied sooner while little is going on than under load`() async throws {
        try await self.withWriter(quietPages: 10) { writer, path in
            for _ in 0..<100 { try await self.add(10_000, to: writer) }
            let quiet = try self.logSize(path)
            #expect(quiet < 20 * 4200, "\(quiet) bytes")
            // Each time a few pages; together fewer than a hundred.
            for _ in 0..<6 { try await self.addTogether(20, of: 1000, to: writer) }
            let loaded = try self.logSize(path)
            #expect(loaded > 25 * 4200, "\(loaded) bytes")
        }
    }

    /// Adds items in one transaction: holds the writer until all of them wait.
    private func addTogether(_ count: Int, of size: Int, to writer: StoreWriter) async throws {
        let (isHeld, continuation) = AsyncStream<Void>.makeStream()
        async let hold: Void = writer.write { _ in
            continuation.finish()
            for _ in 0..<100_000 where writer.waitingCount < count { usleep(100) }
        }
        for await _ in isHeld {}
        try await withThrowingTaskGroup { group in
            for _ in 0..<count { group.addTask { try await self.add(size, to: writer) } }
            try await group.waitForAll()
        }
        try await hold
    }

    @Test func `a reader that holds the log back does not make every commit copy it`() async throws {
        try await self.withWriter { writer, path in
            try await self.add(10, to: writer)
            var configuration = Configuration()
            configuration.readonly = true
            configuration.allowsUnsafeTransactions = true
            let reader = try DatabaseQueue(path: path, configuration: configuration)
            try await reader.writeWithoutTransaction { database in
                try database.execute(sql: "BEGIN")
                #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM item") == 1)
            }
            for _ in 0..<300 { try await self.add(10_000, to: writer) }
            let held = try self.logSize(path)
            #expect(held > 500 * 4096, "nothing can be given back before the reader ends")
            try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            for _ in 0..<300 { try await self.add(10_000, to: writer) }
            // Up to the next hundred pages, then the log begins anew in the space it has.
            let after = try self.logSize(path)
            #expect(after <= held + 110 * 4200, "\(held) bytes became \(after)")
        }
    }
}
