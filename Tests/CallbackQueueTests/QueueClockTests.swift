import Callbacks
import Foundation
import Synchronization
import Testing

@testable import CallbackQueue

/// The wall clock is set while deliveries wait and run.
@Suite(.timeLimit(.minutes(1))) struct QueueClockTests {
    private static let hours: Int64 = 3_600_000

    @Test func `the queue's time goes on when the wall clock is set`() {
        let clocks = Clocks()
        let clock = QueueClock(clocks.sources)
        let start = clock.now
        #expect(start == clocks.wall)
        for jump in [5 * Self.hours, -20 * Self.hours, 1] {
            clocks.setWall(by: jump)
            #expect(clock.now == start)
        }
        clocks.pass(700)
        #expect(clock.now == start + 700)
        // What people read is by the wall clock.
        #expect(clock.wallTime(start + 700) == clocks.wall)
        #expect(clock.dueTime(.max) == start + 700)
        #expect(clock.dueTime(5) == 5)
    }

    @Test(arguments: [5, -5] as [Int64])
    func `a jump neither ends a lease nor holds up what is due`(jump: Int64) async throws {
        let clocks = Clocks()
        try await withStore(clocks) { fixture in
            let handler = try await fixture.handlers("one")
            let store = fixture.store
            try await fixture.keep(try makeCallback(task: "a"), at: clocks.wall, for: handler)
            let running = try #require(try await fixture.leases(handler[0], now: store.clock.now).first)
            try await fixture.keep(try makeCallback(task: "b"), at: clocks.wall, for: handler)
            let failed = try #require(try await fixture.leases(handler[0], now: store.clock.now).first)
            let retry = Settlement.retry(at: store.clock.now + 2000)
            let outcome = Outcome.retry(.unavailable, "Later.")
            #expect(try await store.settle(failed, as: retry, outcome: outcome, now: store.clock.now) == .done)

            clocks.setWall(by: jump * Self.hours)
            #expect(try await fixture.leases(handler[0], now: store.clock.now).isEmpty, "one runs, one waits")
            // What comes now is due now, whatever the time of its arrival is said to be.
            try await fixture.keep(try makeCallback(task: "c"), at: clocks.wall, for: handler)
            #expect(try await fixture.leases(handler[0], now: store.clock.now).map(\.event.id) == [3])
            clocks.pass(1999)
            #expect(try await fixture.leases(handler[0], now: store.clock.now).isEmpty)
            clocks.pass(1)
            #expect(try await fixture.leases(handler[0], now: store.clock.now).map(\.event.id) == [2])
            #expect(try await store.renew(running, now: store.clock.now) == .done)
            #expect(try await store.settle(running, as: .completed, outcome: outcome, now: store.clock.now) == .done)
            let settled = try #require(try await fixture.deliveries().first)
            #expect(settled.settledAt == clocks.wall)
            // A person's "now" is by the wall clock, and means now.
            try await fixture.execute("UPDATE delivery SET state = 'dead', leaseToken = NULL WHERE id = 3")
            let selection = DeliverySelection(ids: [3])
            #expect(try await store.retryDeliveries(selection, now: clocks.wall) == 1)
            #expect(try await fixture.leases(handler[0], now: store.clock.now).map(\.event.id) == [3])
        }
    }

    @Test(arguments: [5, -5, -100_000] as [Int64])
    func `a start after a jump waits no longer than was meant`(jump: Int64) async throws {
        let clocks = Clocks()
        try await withTemporaryFolder { folder in
            var configuration = EventStore.Configuration(path: folder + "/store.sqlite")
            configuration.clocks = clocks.sources
            let first = try EventStore.open(configuration, logger: quietLogger)
            let handlers = try await first.handlerIDs(for: [("one", "test")], now: clocks.wall)
            let handler = try #require(handlers["one"])
            let accounts = try await first.accountIDs(for: ["live"])
            for task in ["retried", "leased", "fresh"] {
                let arrival = Arrival(
                    callback: try makeCallback(task: task),
                    accountID: try #require(accounts["live"]),
                    receivedAt: clocks.wall,
                    handlerIDs: [handler]
                )
                _ = try await first.keep(arrival)
            }
            let leases = try await first.lease(handlerID: handler, limit: 2, now: first.clock.now).leases
            let retry = Settlement.retry(at: first.clock.now + 60_000)
            let outcome = Outcome.retry(.unavailable, "Later.")
            #expect(try await first.settle(leases[0], as: retry, outcome: outcome, now: first.clock.now) == .done)
            try await first.close()

            clocks.setWall(by: jump * Self.hours)
            let second = try EventStore.open(configuration, logger: quietLogger)
            #expect(second.clock.now == clocks.wall)
            var found: [Int64: Int64] = [:]
            for passed in 0...61 where found.count < 3 {
                for lease in try await second.lease(handlerID: handler, limit: 9, now: second.clock.now).leases {
                    found[lease.event.id] = found[lease.event.id] ?? Int64(passed)
                }
                clocks.pass(1000)
            }
            // Ahead of them all, everything is due at once; behind, it waits as long as it had to before.
            #expect(found == (jump > 0 ? [1: 0, 2: 0, 3: 0] : [1: 60, 2: 15, 3: 0]))
            try await second.close()
        }
    }

    private func withStore(_ clocks: Clocks, _ body: (TemporaryStore) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            var configuration = EventStore.Configuration(path: folder + "/store.sqlite")
            configuration.clocks = clocks.sources
            let store = try EventStore.open(configuration, logger: quietLogger)
            let accounts = try await store.accountIDs(for: ["live"])
            try await body(
                TemporaryStore(store: store, path: configuration.path, accountID: try #require(accounts["live"]))
            )
            try await store.close()
        }
    }
}

/// Clocks that a test turns.
private final class Clocks: Sendable {
    private let state = Mutex<(wall: Int64, steady: Int64)>((1_700_000_000_000, 50_000))

    var wall: Int64 { self.state.withLock { $0.wall } }

    var sources: QueueClock.Sources {
        .init(wall: { self.wall }, steady: { self.state.withLock { $0.steady } })
    }

    func pass(_ milliseconds: Int64) {
        self.state.withLock { state in
            state.wall += milliseconds
            state.steady += milliseconds
        }
    }

    func setWall(by milliseconds: Int64) { self.state.withLock { $0.wall += milliseconds } }
}
