import Foundation
import GRDB
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct StoreWriterTests {
    /// A writer that copies its log into the database after every hundred pages.
    private func withWriter(_ body: (StoreWriter, _ path: String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let database = try DatabaseQueue(path: path)
            try await database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
                try database.execute(sql: "CREATE TABLE item (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
            }
            var limits = StoreWriter.Limits()
            limits.checkpointPages = 100
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
