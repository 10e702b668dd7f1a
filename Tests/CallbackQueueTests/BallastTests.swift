import Callbacks
import Foundation
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct BallastTests {
    private let size = 2 << 20

    private func blocks(_ path: String) throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return Int(status.st_blocks) * 512
    }

    @Test func `it reserves room, gives it up once and takes it again`() async throws {
        try await withTemporaryFolder { folder in
            let ballast = Ballast(storePath: folder + "/store")
            #expect(!ballast.isGivenUp && !ballast.giveUp() && !ballast.takeAgain())
            try ballast.make(size: self.size)
            #expect(StorePath.size(ballast.path) == self.size)
            #expect(try self.blocks(ballast.path) >= self.size)
            #expect(ballast.giveUp() && !ballast.giveUp())
            #expect(ballast.isGivenUp)
            #expect(try self.blocks(ballast.path) == 0)
            #expect(ballast.hasRoom(for: self.size))
            // More than any disk has.
            #expect(!ballast.hasRoom(for: 1 << 60))
            #expect(try self.blocks(ballast.path) == 0)
            #expect(ballast.takeAgain() && !ballast.takeAgain())
            #expect(!ballast.isGivenUp)
            #expect(StorePath.size(ballast.path) == self.size)
        }
    }

    @Test func `what an earlier process left is found as it was left`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store"
            try Ballast(storePath: path).make(size: self.size)
            let held = Ballast(storePath: path)
            #expect(!held.isGivenUp && held.giveUp())
            let empty = Ballast(storePath: path)
            #expect(empty.isGivenUp)
            try empty.make(size: self.size)
            #expect(!empty.isGivenUp)
            // A size without blocks reserves nothing.
            truncate(path + "-ballast", 0)
            truncate(path + "-ballast", off_t(self.size))
            #expect(Ballast(storePath: path).isGivenUp)
        }
    }

    @Test func `it follows the configured size and goes when none is wanted`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store"
            try Ballast(storePath: path).make(size: self.size)
            for size in [self.size * 2, self.size / 2] {
                try Ballast(storePath: path).make(size: size)
                #expect(StorePath.size(path + "-ballast") == size)
            }
            try Ballast(storePath: path).make(size: 0)
            #expect(!FileManager.default.fileExists(atPath: path + "-ballast"))
        }
    }

    @Test func `without room for it there is none, and no half of one`() async throws {
        try await withTemporaryFolder { folder in
            let ballast = Ballast(storePath: folder + "/store")
            #expect(throws: StoreError.self) { try ballast.make(size: 1 << 60) }
            #expect(!ballast.isGivenUp)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
    }

    @Test func `a link is not followed`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: folder + "/precious"))
            try FileManager.default.createSymbolicLink(atPath: path + "-ballast", withDestinationPath: "precious")
            #expect(throws: StoreError.self) { try Ballast(storePath: path).make(size: self.size) }
            #expect(StorePath.size(folder + "/precious") == 8)
        }
    }

    @Test func `while it is given up callbacks and leases wait, and all else is written`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(task: "a"), for: handlers)
            let lease = try #require(
                try await fixture.store.lease(handlerID: handlers[0], limit: 1, now: 1).leases.first
            )
            try await fixture.keep(try makeCallback(task: "b"), for: handlers)
            let ballast = try #require(fixture.store.writer.ballast)
            try ballast.make(size: self.size)
            #expect(fixture.store.hasRoom)
            #expect(ballast.giveUp())
            #expect(!fixture.store.hasRoom)
            let error = await #expect(throws: StoreError.self) { try await fixture.keep(try makeCallback(task: "c")) }
            guard case .full = error else {
                Issue.record("not full: \(String(describing: error))")
                return
            }
            let batch = try await fixture.store.lease(handlerID: handlers[0], limit: 1, now: 5)
            #expect(batch.leases.isEmpty)
            #expect(batch.nextDueAt == 1005)
            #expect(try await fixture.store.settle(lease, as: .completed, outcome: .completed("done"), now: 6) == .done)

            #expect(await fixture.store.regainRoom())
            #expect(await !fixture.store.regainRoom())
            #expect(fixture.store.hasRoom)
            #expect(StorePath.size(fixture.path + "-wal") == 0)
            try await fixture.keep(try makeCallback(task: "c"))
            #expect(try await fixture.store.lease(handlerID: handlers[0], limit: 1, now: 7).leases.count == 1)
        }
    }
}
