import Callbacks
import GRDB
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import CallbackQueue

/// A quick handler is handed many deliveries at a time, and gives back what it did not begin.
@Suite(.timeLimit(.minutes(1))) struct LeaseAheadTests {
    @Test func `many deliveries share a lease and a sync`() async throws {
        try await withTemporaryStore { fixture in
            let events = Mutex<[Int64]>([])
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                concurrency: 2,
                handler: ClosureHandler { event, _ in
                    events.withLock { $0.append(event.id) }
                    return .completed("Done.")
                }
            )
            let id = try await fixture.handlers("one")
            try await fixture.keepMany(1500, tasks: 500, for: id)
            let looks = Mutex(0)
            let commits = Mutex(0)
            try await fixture.store.writer.write { database in
                database.trace { event in
                    guard case .statement(let statement) = event else { return }
                    if statement.sql.contains("AS elder") { looks.withLock { $0 += 1 } }
                    if statement.sql.hasPrefix("COMMIT") { commits.withLock { $0 += 1 } }
                }
            }
            try await withDispatcher(fixture, [handler]) { dispatcher in
                dispatcher.wakeAll()
                try await eventually("all completed") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 1500
                }
            }
            try await fixture.store.writer.write { $0.trace(options: []) }
            #expect(events.withLock { $0.count } == 1500)
            for task in 0..<500 {
                let ofTask = events.withLock { $0 }.filter { Int($0 - 1) % 500 == task }
                #expect(ofTask == ofTask.sorted())
            }
            #expect(looks.withLock { $0 } < 300, "one by one it would be 750 and more")
            #expect(commits.withLock { $0 } < 750, "one by one it would be 2250 and more")
            #expect(try await fixture.value("SELECT max(attemptCount) FROM delivery") == 1)
            #expect(try await fixture.value("SELECT count(*) FROM delivery WHERE leaseToken IS NOT NULL") == 0)
        }
    }

    @Test(arguments: [false, true])
    func `a pause or a stop gives back what was leased and not begun`(isStop: Bool) async throws {
        try await withTemporaryStore { fixture in
            let calls = Mutex(0)
            let mayEnd = Mutex(false)
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                concurrency: 2,
                handler: ClosureHandler { _, _ in
                    // Quick for long enough that much is leased ahead.
                    if calls.withLock({
                        $0 += 1
                        return $0
                    }) > 300 {
                        try await eventually("allowed to end") { mayEnd.withLock { $0 } }
                    }
                    return .completed("Done.")
                }
            )
            let id = try await fixture.handlers("one")
            try await fixture.keepMany(1500, tasks: 1500, for: id)
            let leased = "SELECT count(*) FROM delivery WHERE leaseToken IS NOT NULL AND state = 'pending'"
            let dispatcher = try await makeDispatcher(fixture, [handler], drain: .seconds(30))
            let group = ServiceGroup(services: [dispatcher], logger: quietLogger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                dispatcher.wakeAll()
                try await eventually("the places are taken") { calls.withLock { $0 } == 302 }
                try await eventually("the quick ones are settled") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 300
                }
                let count = try await fixture.value(leased) ?? 0
                #expect(count > 2, "some wait for a place")
                if isStop {
                    await group.triggerGracefulShutdown()
                } else {
                    #expect(try await fixture.store.holdHandler(named: "one", reason: "Paused.", now: 1))
                    dispatcher.wakeAll()
                }
                try await eventually("the others are given back") { try await fixture.value(leased) == 2 }
                mayEnd.withLock { $0 = true }
                try await eventually("those that ran are settled") { try await fixture.value(leased) == 0 }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(calls.withLock { $0 } == 302)
            #expect(try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 302)
            #expect(try await fixture.value("SELECT sum(failureCount) FROM delivery") == 0)
        }
    }

    @Test func `what waits for an elder of its task is no reason to look again`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")[0]
            for time in [1, 2] as [Int64] {
                try await fixture.keep(try makeCallback(completedAt: time * 1000), at: time, for: [handler])
            }
            let lease = try #require(try await fixture.leases(handler, now: 10).first)
            #expect(
                try await fixture.store.settle(
                    lease,
                    as: .retry(at: 5000),
                    outcome: .retry(.unavailable, "Later."),
                    now: 11
                ) == .done
            )
            let batch = try await fixture.store.take(handlerID: handler, limit: 10, now: 12)
            #expect(batch.deliveries.isEmpty)
            #expect(batch.nextDueAt == 2)
            #expect(batch.nextLookAt == 5000)
            let last = try await fixture.store.take(handlerID: handler, limit: 10, now: 5000)
            #expect(last.deliveries.map(\.id) == [1])
            #expect(last.nextLookAt == 20_000, "the end of the lease")
        }
    }

    @Test func `large bodies are leased a few at a time and bound what is in hand`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")[0]
            for number in 0..<5 {
                let callback = try makeCallback(task: "t\(number)", response: makeNoise(1000, seed: UInt64(number)))
                try await fixture.keep(callback, at: Int64(number), for: [handler])
            }
            // As if they had 100 MB each.
            try await fixture.execute("UPDATE event SET bodySize = 100 << 20")
            let hand = Hand(concurrency: 32)
            var taken: [TakenDelivery] = []
            while case let room = hand.room, room > 0 {
                let batch = try await fixture.store.take(handlerID: handler, limit: room, bytes: Hand.fewBytes, now: 9)
                #expect(batch.deliveries.count == 1)
                #expect(batch.isCut)
                #expect(hand.add(batch, limit: room, now: 9) == 1)
                taken.append(try #require(hand.next(after: nil, elapsed: nil, now: 9).delivery))
            }
            #expect(taken.map(\.id) == [1, 2, 3], "with 300 MB in hand there is no room")
            _ = hand.next(after: taken[0], elapsed: 1, now: 10)
            #expect(hand.room > 0)
            let rest = try await fixture.store.take(handlerID: handler, limit: 2, now: 9)
            #expect(rest.deliveries.map(\.id) == [4, 5])
            #expect(!rest.isCut)
        }
    }

    @Test func `nothing is leased ahead for a slow handler`() {
        let hand = Hand(concurrency: 3)
        #expect(hand.room == 3)
        // As many as there was room for, so there may be more.
        #expect(hand.add(TakenBatch(), limit: 0, now: 0) == 0)
        // Each gives up a place, because nothing is left: after a slow attempt, and after a quick one.
        _ = hand.next(after: nil, elapsed: 500, now: 500)
        #expect(hand.room == 4, "its place and no more")
        _ = hand.next(after: nil, elapsed: 1, now: 501)
        #expect(hand.room == 8, "its place, and three to wait")
    }
}

extension TemporaryStore {
    /// Keeps many callbacks side by side, in the order of their tasks' turns.
    func keepMany(_ count: Int, tasks: Int, for handlers: [Int64]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let callback = try makeCallback(task: "task-\(number % tasks)", completedAt: Int64(number) * 1000)
                let arrival = Arrival(
                    callback: callback,
                    accountID: self.accountID,
                    receivedAt: Int64(number),
                    handlerIDs: handlers
                )
                // Without waiting in between, so that they are kept in this order and many at a time.
                let kept = Kept()
                self.store.keep(arrival) { kept.end($0) }
                group.addTask { try await kept.wait() }
            }
            try await group.waitForAll()
        }
    }
}

/// One result that is waited for.
private final class Kept: Sendable {
    private let results: AsyncStream<Result<KeepResult, StoreError>>
    private let continuation: AsyncStream<Result<KeepResult, StoreError>>.Continuation

    init() { (self.results, self.continuation) = AsyncStream.makeStream() }

    func end(_ result: Result<KeepResult, StoreError>) {
        self.continuation.yield(result)
        self.continuation.finish()
    }

    func wait() async throws {
        for await result in self.results { _ = try result.get() }
    }
}
