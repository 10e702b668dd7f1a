import Callbacks
import Foundation
import GRDB
import ScaleAPI
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct EventStoreKeepTests {
    @Test func `a callback is kept once and its repeats are counted`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two", "three")
            let callback = try makeCallback()
            let arrival = Arrival(
                callback: callback,
                accountID: fixture.accountID,
                receivedAt: 10,
                handlerIDs: [handlers[0], handlers[2]]
            )
            let id = try await fixture.keep(callback, at: 10, for: [handlers[0], handlers[2]])
            #expect(try await fixture.store.keep(arrival) == .repeated(eventID: id))
            try await fixture.keep(callback, at: 30, for: handlers)
            // A clock that was set back does not take back when it came last.
            try await fixture.keep(callback, at: 20, for: handlers)

            let event = try #require(try await fixture.reader().event(id))
            #expect(event.seen == 4)
            #expect(event.receivedAt == 10)
            #expect(event.lastSeenAt == 30)
            #expect(event.account == "live")
            #expect(try await fixture.deliveries().map(\.handler) == ["one", "three"])
        }
    }

    @Test(
        arguments: [
            " {\"task_id\" :\t\"a\" , \"status\":\"completed\",\"response\":1.00e0,\"x\":\"\\u00e9é😀\"}\r\n",
            "{\"task_id\":\"a\",\"task_id\":\"b\"}", "null",
            "{\"task_id\":\"a\",\"x\":\"\(String(repeating: "0123456789", count: 200_000))\"}",
        ]
    )
    func `a body is kept byte for byte with its digest`(text: String) async throws {
        try await withTemporaryStore { fixture in
            let body = Array(text.utf8)
            let id = try await fixture.keep(try Callback(body: body))
            let reader = try fixture.reader()
            #expect(try await reader.body(ofEvent: id) == body)
            let event = try #require(try await reader.event(id))
            #expect(event.bodySize == body.count)
            #expect(event.bodySHA256 == Digest.sha256(body))
            #expect(try await reader.body(ofEvent: id + 1) == nil)
        }
    }

    @Test func `the same callback to two accounts is two events`() async throws {
        try await withTemporaryStore { fixture in
            let accounts = try await fixture.store.accountIDs(for: ["live", "test"])
            let callback = try makeCallback()
            var results: [KeepResult] = []
            for account in ["live", "test", "live"] {
                let id = try #require(accounts[account])
                results.append(
                    try await fixture.store.keep(
                        Arrival(callback: callback, accountID: id, receivedAt: 0, handlerIDs: [])
                    )
                )
            }
            #expect(results == [.kept(eventID: 1), .kept(eventID: 2), .repeated(eventID: 1)])
        }
    }

    @Test func `callbacks whose short fingerprints collide are both kept`() async throws {
        try await withTemporaryStore { fixture in
            let first = try await fixture.keep(try makeCallback(response: "first"))
            let second = try makeCallback(response: "second")
            let short = second.fingerprint.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            try await fixture.execute("UPDATE event SET fingerprint = \(short) WHERE id = \(first)")

            let id = try await fixture.keep(second)
            #expect(id != first)
            #expect(try await fixture.keep(second) == id)
            #expect(try await fixture.value("SELECT count(DISTINCT fingerprint) FROM event") == 1)
            #expect(try await fixture.value("SELECT count(*) FROM event") == 2)
        }
    }

    @Test func `event, body and deliveries are kept together or not at all`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            // No handler has this number, so the last of the three inserts fails.
            await #expect(throws: StoreError.self) {
                try await fixture.keep(try makeCallback(), for: handlers + [999])
            }
            let reader = try fixture.reader()
            #expect(try await reader.events().rows.isEmpty)
            #expect(try await reader.deliveries().rows.isEmpty)
            #expect(try await reader.body(ofEvent: 1) == nil)
        }
    }

    @Test func `what waits while the disk is busy becomes one transaction`() async throws {
        try await withTemporaryStore { fixture in
            let callbacks = try (0..<300).map { try makeCallback(task: "task-\($0)") }
            let before = try WriteAheadLog.commitCount(ofStore: fixture.path)
            let results = await Self.keepTogether(
                callbacks.map { Arrival(callback: $0, accountID: fixture.accountID, receivedAt: 0, handlerIDs: []) },
                in: fixture.store
            )
            #expect(results.compactMap { try? $0.get() }.count == 300)
            #expect(try WriteAheadLog.commitCount(ofStore: fixture.path) == before + 1)
            #expect(try await fixture.value("SELECT count(*) FROM body") == 300)
        }
    }

    @Test func `a change that contradicts the schema fails alone`() async throws {
        try await withTemporaryStore { fixture in
            let nobody: Int64 = 999
            let arrivals = try (0..<10)
                .map { number in
                    Arrival(
                        callback: try makeCallback(task: "task-\(number)"),
                        accountID: number == 4 ? nobody : fixture.accountID,
                        receivedAt: 0,
                        handlerIDs: []
                    )
                }
            let results = await Self.keepTogether(arrivals, in: fixture.store)
            #expect(results.compactMap { try? $0.get() }.count == 9)
            #expect(
                results.contains { result in
                    if case .failure(.contradicted) = result { true } else { false }
                }
            )
            #expect(try await fixture.value("SELECT count(*) FROM body") == 9)
            // The store goes on.
            try await fixture.keep(try makeCallback(task: "task-4"))
        }
    }

    /// Keeps arrivals that have all come while the writer was busy.
    private static func keepTogether(
        _ arrivals: [Arrival],
        in store: EventStore
    ) async -> [Result<KeepResult, StoreError>] {
        let gate = DispatchSemaphore(value: 0)
        return await withCheckedContinuation { continuation in
            // Holds the writer inside a transaction that writes nothing, until all callbacks wait.
            let isHeld = DispatchSemaphore(value: 0)
            store.writer.submit(
                weight: 1,
                { _ in
                    isHeld.signal()
                    gate.wait()
                },
                completion: { _ in }
            )
            isHeld.wait()
            let collected = Collected(expected: arrivals.count) { continuation.resume(returning: $0) }
            for arrival in arrivals { store.keep(arrival) { collected.add($0) } }
            gate.signal()
        }
    }

    @Test func `callbacks that come at the same time share transactions and none is lost`() async throws {
        try await withTemporaryStore { fixture in
            let before = try WriteAheadLog.commitCount(ofStore: fixture.path)
            let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<400 {
                    // Every second one is a repeat of the one before.
                    let callback = try makeCallback(task: "task-\(number / 2)")
                    group.addTask { try await fixture.keep(callback) }
                }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect(ids.count == 200)
            let commits = try WriteAheadLog.commitCount(ofStore: fixture.path) - before
            #expect(commits < 400, "\(commits) transactions")
            #expect(try await fixture.value("SELECT sum(seen) FROM event") == 400)
        }
    }
}

/// Collects results that come on the writer's thread.
private final class Collected: Sendable {
    private let results = Mutex<[Result<KeepResult, StoreError>]>([])
    private let expected: Int
    private let completion: @Sendable ([Result<KeepResult, StoreError>]) -> Void

    init(expected: Int, completion: @escaping @Sendable ([Result<KeepResult, StoreError>]) -> Void) {
        self.expected = expected
        self.completion = completion
    }

    func add(_ result: Result<KeepResult, StoreError>) {
        let all = self.results.withLock { results in
            results.append(result)
            return results
        }
        if all.count == self.expected { self.completion(all) }
    }
}
