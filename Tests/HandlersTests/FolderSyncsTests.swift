import Foundation
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct FolderSyncsTests {
    @Test func `one sync serves all who came before it began, and no one who came later`() async throws {
        try await self.withFolder { number in
            let gate = DispatchSemaphore(value: 0)
            let calls = Mutex(0)
            let syncs = FolderSyncs { _ in
                let call = calls.withLock {
                    $0 += 1
                    return $0
                }
                if call == 1 { gate.wait() }
                return 0
            }
            let done = Mutex(0)
            Thread.detachNewThread { syncs.sync(number) { _ in done.withLock { $0 += 1 } } }
            try await self.eventually { calls.withLock { $0 } == 1 }
            // They come while the first is being synced, so they need another.
            for _ in 0..<20 { syncs.sync(number) { _ in done.withLock { $0 += 1 } } }
            #expect(syncs.waitingCount == 20)
            #expect(done.withLock { $0 } == 0)
            gate.signal()
            try await self.eventually { done.withLock { $0 } == 21 }
            #expect(calls.withLock { $0 } == 2)
            try await self.eventually { syncs.waitingCount == 0 }
        }
    }

    @Test func `a sync that fails fails for all it was for, and is not repeated for them`() async throws {
        try await self.withFolder { number in
            let gate = DispatchSemaphore(value: 0)
            let calls = Mutex(0)
            let syncs = FolderSyncs { _ in
                let call = calls.withLock {
                    $0 += 1
                    return $0
                }
                if call == 1 { gate.wait() }
                if call == 2 { errno = EIO }
                return call == 2 ? -1 : 0
            }
            let errors = Mutex<[FileError?]>([])
            let note: FolderSyncs.Completion = { result in
                errors.withLock { errors in
                    if case .failure(let error) = result { errors.append(error) } else { errors.append(nil) }
                }
            }
            Thread.detachNewThread { syncs.sync(number, completion: note) }
            try await self.eventually { calls.withLock { $0 } == 1 }
            for _ in 0..<5 { syncs.sync(number, completion: note) }
            gate.signal()
            try await self.eventually { errors.withLock { $0.count } == 6 }
            let failure = FileError(operation: "syncing the folder", code: EIO)
            #expect(errors.withLock { $0 } == [nil, failure, failure, failure, failure, failure])
            try await self.eventually { syncs.waitingCount == 0 }
            syncs.sync(number, completion: note)
            #expect(calls.withLock { $0 } == 3)
            #expect(errors.withLock { $0.last } == .some(nil))
        }
    }

    @Test func `folders do not wait for each other, and one that is gone says so`() async throws {
        try await self.withFolder { first in
            try await self.withFolder { second in
                let gate = DispatchSemaphore(value: 0)
                let syncs = FolderSyncs { number in
                    var status = stat()
                    fstat(number, &status)
                    var blocked = stat()
                    fstat(first, &blocked)
                    if status.st_ino == blocked.st_ino { gate.wait() }
                    return 0
                }
                let done = Mutex(0)
                Thread.detachNewThread { syncs.sync(first) { _ in done.withLock { $0 += 1 } } }
                let other = Mutex(false)
                syncs.sync(second) { _ in other.withLock { $0 = true } }
                #expect(other.withLock { $0 })
                gate.signal()
                try await self.eventually { done.withLock { $0 } == 1 }
                let error = Mutex<FileError?>(nil)
                syncs.sync(-1) { result in
                    if case .failure(let found) = result { error.withLock { $0 = found } }
                }
                #expect(error.withLock { $0?.code } == EBADF)
            }
        }
    }

    private func withFolder(_ body: (Int32) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("syncs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let number = open(folder.path, O_RDONLY | O_DIRECTORY)
        defer {
            close(number)
            try? FileManager.default.removeItem(at: folder)
        }
        try await body(number)
    }

    private func eventually(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while !condition() {
            try #require(ContinuousClock.now < end, "never happened")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
