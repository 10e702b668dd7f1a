import Foundation
import GRDB
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct StoreWriterTests {
    /// A writer whose log holds a hundred pages at most, or so many.
    private func withWriter(pages: Int = 100, _ body: (StoreWriter, _ path: String) async throws -> Void)
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
            limits.copyPages = pages / 2
            limits.checkpointPages = pages
            let writer = try StoreWriter(database: database, limits: limits, logger: quietLogger, onBroken: { _ in })
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

    @Test func `a copy of the log goes on with what was committed meanwhile`() async throws {
        try await self.withWriter(pages: 1_000_000) { writer, path in
            for _ in 0..<200 { try await self.add(10_000, to: writer) }
            let counts = Mutex<[Int]>([])
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                // Asked between two rounds of one copy.
                let pages: @Sendable () -> Int = {
                    let count = try? writer.database.write { database in
                        for _ in 0..<100 {
                            try database.execute(sql: "INSERT INTO item (bytes) VALUES (zeroblob(10000))")
                        }
                        return try Int.fetchOne(database, sql: "SELECT count(*) FROM item")
                    }
                    counts.withLock { $0.append(count ?? 0) }
                    return .max
                }
                writer.copier.copy(pages: pages) { continuation.resume(with: $0.map { _ in }) }
            }
            #expect(counts.withLock(\.self) == [300, 400])
            // The rest, and all is in the database.
            let rest = try await writer.database.writeWithoutTransaction { try $0.checkpoint(.passive) }
            #expect(rest.walFrameCount == rest.checkpointedFrameCount)
            #expect(rest.walFrameCount > 0)
        }
    }

    @Test func `a copy of the log that may not look at it goes on with the next round`() async throws {
        try await self.withWriter(pages: 1_000_000) { writer, path in
            for _ in 0..<200 { try await self.add(10_000, to: writer) }
            let lock = try CheckpointLock(path)
            let rounds = Mutex(0)
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let pages: @Sendable () -> Int = {
                    rounds.withLock { $0 += 1 }
                    lock.release()
                    return 600
                }
                writer.copier.copy(pages: pages) { continuation.resume(with: $0.map { _ in }) }
            }
            #expect(rounds.withLock(\.self) == 2, "the second round found and copied all")
            let database = try Data(contentsOf: URL(filePath: path))
            #expect(database.count > 200 * 10_000)
            lock.close()
        }
    }

    @Test func `no page is lost while the log is copied and begins anew all the time`() async throws {
        try await self.withWriter(pages: 20) { writer, path in
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { for size in 0..<500 { try await self.add(size, to: writer) } } }
                try await group.waitForAll()
            }
            #expect(writer.checkpoints.status.checkpoints > 50)
            #expect(writer.checkpoints.status.failedCheckpoints == 0)
            try await writer.close()
            let database = try DatabaseQueue(path: path)
            #expect(try await database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
            #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM item") } == 4000)
            let lengths = "SELECT sum(length(bytes)) FROM item"
            let expected = 8 * 499 * 500 / 2
            #expect(try await database.read { try Int.fetchOne($0, sql: lengths) } == expected)
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

/// Holds the lock that SQLite takes for a checkpoint, as another process would: byte 121 of the log's index.
private final class CheckpointLock: Sendable {
    /// `F_OFD_SETLK`, which Glibc's module does not show: a lock of the descriptor, not of the process.
    private static let setOwnLock: Int32 = 37

    private let descriptor: Int32

    init(_ path: String) throws {
        self.descriptor = open(path + "-shm", O_RDWR | O_CLOEXEC)
        try #require(self.descriptor >= 0)
        try #require(self.set(F_WRLCK) == 0)
    }

    func release() { #expect(self.set(F_UNLCK) == 0) }

    /// POSIX lets go of SQLite's own locks too, with any descriptor of the file; here nobody else has it open.
    func close() { Foundation.close(self.descriptor) }

    private func set(_ type: Int32) -> Int32 {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 121
        lock.l_len = 1
        return fcntl(self.descriptor, Self.setOwnLock, &lock)
    }
}
