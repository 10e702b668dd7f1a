import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct RetryDeliveriesTests {
    /// Three tasks for two handlers: all dead but the last task's, which waits in `one` and is leased in `two`.
    private func withDeadLetters(_ body: (TemporaryStore, [Int64]) async throws -> Void) async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            for task in ["a", "b"] { try await fixture.keep(try makeCallback(task: task), for: handlers) }
            for handler in handlers {
                for lease in try await fixture.leases(handler, now: 1) {
                    _ = try await fixture.store.settle(lease, as: .dead, outcome: .dead(.rejected, "No."), now: 2)
                }
            }
            try await fixture.keep(try makeCallback(task: "c"), at: 3, for: handlers)
            let waiting = try #require(try await fixture.leases(handlers[0], now: 4).first)
            let failed = Outcome.retry(.unavailable, "Later.")
            _ = try await fixture.store.settle(waiting, as: .retry(at: 9000), outcome: failed, now: 5)
            _ = try await fixture.leases(handlers[1], now: 4)
            try await body(fixture, handlers)
        }
    }

    @Test(
        arguments: [
            (DeliverySelection(), 5), (DeliverySelection(handlers: ["one"]), 3),
            (DeliverySelection(states: ["dead"]), 4),
            (DeliverySelection(ids: [1]), 1), (DeliverySelection(ids: []), 0), (DeliverySelection(ids: [1, 1, 99]), 1),
            (DeliverySelection(eventID: 2), 2), (DeliverySelection(taskID: "c"), 1),
            (DeliverySelection(handlers: ["two"], taskID: "c"), 0), (DeliverySelection(states: ["completed"]), 0),
            (DeliverySelection(handlers: ["one' OR 1=1 --"]), 0), (DeliverySelection(taskID: "' OR ''='"), 0),
        ]
    )
    func `dead and waiting deliveries of the selection become due, leased ones never`(
        selection: DeliverySelection,
        count: Int
    ) async throws {
        try await self.withDeadLetters { fixture, _ in
            let before = try await fixture.deliveries()
            #expect(try await fixture.store.retryDeliveries(selection, now: 100) == count)
            let changed = zip(before, try await fixture.deliveries()).filter { $0 != $1 }.map(\.1)
            #expect(changed.count == count)
            for delivery in changed {
                #expect(delivery.state == "pending")
                #expect(delivery.dueAt == 100)
                #expect(delivery.failureCount == 0)
                #expect(delivery.settledAt == nil)
                #expect(delivery.attemptCount == 1, "the attempts stay on record")
            }
        }
    }

    @Test func `a completed delivery is never run again`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handler)
            let lease = try #require(try await fixture.leases(handler[0], now: 1).first)
            _ = try await fixture.store.settle(lease, as: .completed, outcome: .completed("Done."), now: 2)
            #expect(try await fixture.store.retryDeliveries(DeliverySelection(), now: 3) == 0)
            #expect(try await fixture.leases(handler[0], now: 4).isEmpty)
        }
    }

    @Test func `a revived elder waits for the younger one that runs`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let elder = try await fixture.keep(try makeCallback(), for: handler)
            try await fixture.keep(try makeCallback(completedAt: 2000), for: handler)
            let dead = try #require(try await fixture.leases(handler[0], now: 1).first)
            _ = try await fixture.store.settle(dead, as: .dead, outcome: .dead(.rejected, "No."), now: 2)
            let younger = try #require(try await fixture.leases(handler[0], now: 3).first)
            #expect(try await fixture.store.retryDeliveries(DeliverySelection(ids: [dead.deliveryID]), now: 4) == 1)

            #expect(try await fixture.leases(handler[0], now: 5).isEmpty, "two of one task at a time")
            _ = try await fixture.store.settle(younger, as: .completed, outcome: .completed("Done."), now: 6)
            #expect(try await fixture.leases(handler[0], now: 7).map(\.event.id) == [elder])
        }
    }

    @Test func `a long list of numbers does not break the store`() async throws {
        try await self.withDeadLetters { fixture, _ in
            let selection = DeliverySelection(ids: Array(1...300_000))
            let count = try await fixture.store.retryDeliveries(selection, now: 100)
            #expect(count == 5)
            #expect(try await fixture.reader().deliveries(selection).rows.count == 6)
            try await fixture.keep(try makeCallback(task: "d"))
        }
    }
}
