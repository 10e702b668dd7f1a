import Callbacks
import Foundation
import GRDB
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct EventStoreLeaseTests {
    private static let done = Outcome.completed("Done.")
    private static let failed = Outcome.retry(.unavailable, "Failed.")

    @Test func `the oldest is leased first and of one task only the oldest`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let first = try await fixture.keep(try makeCallback(task: "a"), at: 1, for: handler)
            try await fixture.keep(try makeCallback(task: "a", completedAt: 2000), at: 2, for: handler)
            let other = try await fixture.keep(try makeCallback(task: "b"), at: 3, for: handler)
            let third = try await fixture.keep(try makeCallback(task: "c"), at: 4, for: handler)

            let none = try await fixture.store.lease(handlerID: handler[0], limit: 10, now: 0)
            #expect(none.leases.isEmpty)
            #expect(none.nextDueAt == 1)
            let batch = try await fixture.store.lease(handlerID: handler[0], limit: 2, now: 10)
            #expect(batch.leases.map(\.event.id) == [first, other])
            #expect(batch.leases.map(\.attempt) == [1, 1])
            let rest = try await fixture.store.lease(handlerID: handler[0], limit: 10, now: 10)
            #expect(rest.leases.map(\.event.id) == [third])
        }
    }

    @Test func `an elder that waits for its retry blocks its task and no other`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let elder = try await fixture.keep(try makeCallback(task: "a"), for: handler)
            let younger = try await fixture.keep(try makeCallback(task: "a", completedAt: 2000), for: handler)
            let lease = try #require(try await fixture.leases(handler[0], now: 1).first)
            let retry = Settlement.retry(at: 100)
            #expect(try await fixture.store.settle(lease, as: retry, outcome: Self.failed, now: 2) == .done)
            let other = try await fixture.keep(try makeCallback(task: "b"), for: handler)

            #expect(try await fixture.leases(handler[0], now: 99).map(\.event.id) == [other])
            let again = try #require(try await fixture.leases(handler[0], now: 100).first)
            #expect(again.event.id == elder)
            #expect(again.attempt == 2)
            #expect(again.failures == 1)
            #expect(try await fixture.leases(handler[0], now: 101).isEmpty)
            #expect(try await fixture.store.settle(again, as: .completed, outcome: Self.done, now: 102) == .done)
            #expect(try await fixture.leases(handler[0], now: 103).map(\.event.id) == [younger])
        }
    }

    @Test func `handlers do not wait for each other`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            let id = try await fixture.keep(try makeCallback(), for: handlers)
            #expect(try await fixture.leases(handlers[0], now: 1).map(\.event.id) == [id])
            #expect(try await fixture.leases(handlers[1], now: 1).map(\.event.id) == [id])
        }
    }

    @Test func `batches, parked kinds and the same task of another account do not wait for each other`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let accounts = try await fixture.store.accountIDs(for: ["test"])
            let bodies = [
                #"{"batch":"a","status":"completed"}"#, #"{"task_id":"a","status":"completed"}"#, "[1]", "[2]",
            ]
            for body in bodies { try await fixture.keep(try Callback(body: Array(body.utf8)), for: handler) }
            let sameTask = try makeCallback(task: "a", completedAt: 5000)
            let test = try #require(accounts["test"])
            _ = try await fixture.store.keep(
                Arrival(callback: sameTask, accountID: test, receivedAt: 0, handlerIDs: handler)
            )
            let leases = try await fixture.leases(handler[0], now: 1)
            #expect(leases.map(\.event.id) == [1, 2, 3, 4, 5])
            #expect(leases.map(\.event.account) == ["live", "live", "live", "live", "test"])
            #expect(leases.compactMap(\.newerEvent).isEmpty)
        }
    }

    @Test func `whoever lost a lease can no longer change the delivery`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handler)
            let first = try #require(try await fixture.leases(handler[0], now: 0).first)
            #expect(try await fixture.leases(handler[0], now: 14_999).isEmpty)
            let second = try #require(try await fixture.leases(handler[0], now: 15_000).first)
            #expect(second.token != first.token)
            #expect(second.attempt == 2)
            #expect(second.failures == 0)

            let store = fixture.store
            #expect(try await store.renew(first, now: 15_001) == .leaseLost)
            #expect(try await store.note("late", on: first) == .leaseLost)
            for settlement in [Settlement.completed, .dead, .released, .retry(at: 1)] {
                #expect(try await store.settle(first, as: settlement, outcome: Self.done, now: 15_002) == .leaseLost)
            }
            #expect(try await store.note("mine", on: second) == .done)
            #expect(try await store.settle(second, as: .completed, outcome: Self.done, now: 15_003) == .done)
            #expect(try await store.settle(second, as: .dead, outcome: Self.failed, now: 15_004) == .leaseLost)
            #expect(try await store.renew(second, now: 15_004) == .leaseLost)

            let attempts = try await fixture.reader().attempts(ofDelivery: first.deliveryID)
            #expect(attempts.map(\.outcome) == ["interrupted", "completed"])
            #expect(attempts.map(\.endedAt) == [15_000, 15_003])
            #expect(attempts.map(\.note) == [nil, #""mine""#])
            #expect(try await fixture.deliveries().map(\.state) == ["completed"])
        }
    }

    @Test func `a lease that is renewed lasts and is what becomes due next`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handler)
            let batch = try await fixture.store.lease(handlerID: handler[0], limit: 1, now: 0)
            #expect(batch.nextDueAt == 15_000)
            let lease = try #require(batch.leases.first)
            #expect(try await fixture.store.renew(lease, now: 14_000) == .done)
            let later = try await fixture.store.lease(handlerID: handler[0], limit: 1, now: 28_999)
            #expect(later.leases.isEmpty)
            #expect(later.nextDueAt == 29_000)
            #expect(try await fixture.leases(handler[0], now: 29_000).count == 1)
        }
    }

    @Test func `what is released is due at once and did not fail`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handler)
            for attempt in 1...3 {
                let lease = try #require(try await fixture.leases(handler[0], now: 10).first)
                #expect(lease.attempt == attempt)
                #expect(lease.failures == 0)
                _ = try await fixture.store.note(.array([.number(.init(attempt))]), on: lease)
                #expect(lease.earlierNotes.count == attempt - 1)
                #expect(try await fixture.store.settle(lease, as: .released, outcome: Self.failed, now: 10) == .done)
            }
            let delivery = try #require(try await fixture.deliveries().first)
            #expect(delivery.failureCount == 0)
            #expect(delivery.attemptCount == 3)
            #expect(delivery.state == "pending")
            let attempts = try await fixture.reader().attempts(ofDelivery: delivery.id)
            #expect(attempts.map(\.outcome) == ["released", "released", "released"])
        }
    }

    @Test func `every end of an attempt is on record`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let ends: [(Settlement, Outcome, String, String, String?)] = [
                (.completed, .completed("Yes.", detail: ["rule": 1]), "completed", "completed", nil),
                (.completed, .stale("Old."), "completed", "stale", nil),
                (.dead, .dead(.refused, "No."), "dead", "dead", "refused"),
                (.retry(at: 900), .retry(.unavailable, "Later."), "pending", "retry", "unavailable"),
            ]
            for (index, end) in ends.enumerated() {
                try await fixture.keep(try makeCallback(task: "task-\(index)"), for: handler)
                let lease = try #require(try await fixture.leases(handler[0], now: 1).first)
                #expect(try await fixture.store.settle(lease, as: end.0, outcome: end.1, now: 5) == .done)
                let delivery = try #require(try await fixture.deliveries().last)
                #expect(delivery.state == end.2)
                #expect(delivery.outcome == end.3)
                #expect(delivery.failureClass == end.4)
                #expect(delivery.summary == end.1.summary)
                #expect(delivery.settledAt == (end.2 == "pending" ? nil : 5))
                #expect(!delivery.isLeased)
                let attempt = try #require(try await fixture.reader().attempts(ofDelivery: delivery.id).last)
                #expect(attempt.outcome == end.3)
                #expect(attempt.detail == end.1.detail?.encodedString)
                #expect(attempt.endedAt == 5)
            }
        }
    }

    @Test func `a held handler leases nothing until it is resumed`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            try await fixture.keep(try makeCallback(), for: handlers)
            #expect(try await fixture.store.holdHandler(named: "one", reason: "Key refused.", now: 5))
            #expect(try await fixture.store.holdHandler(named: "one", reason: "Still.", now: 9))
            #expect(try await fixture.store.holdHandler(named: "nobody", reason: "x", now: 5) == false)
            #expect(try await fixture.leases(handlers[0], now: 10).isEmpty)
            #expect(try await fixture.leases(handlers[1], now: 10).count == 1)
            let record = try #require(try await fixture.reader().handlers().first { $0.name == "one" })
            #expect(record.heldAt == 5)
            #expect(record.heldReason == "Still.")
            #expect(record.pendingCount == 1)
            // A restart asks for the numbers again and must not let it go on.
            _ = try await fixture.handlers("one")
            #expect(try await fixture.leases(handlers[0], now: 10).isEmpty)
            #expect(try await fixture.store.resumeHandler(named: "one"))
            #expect(try await fixture.store.resumeHandler(named: "nobody") == false)
            #expect(try await fixture.leases(handlers[0], now: 10).count == 1)
        }
    }

    @Test func `a body that is gone makes a dead letter, not a loop`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(task: "a"), for: handler)
            try await fixture.keep(try makeCallback(task: "b"), for: handler)
            try await fixture.execute("DELETE FROM body WHERE eventID = 1")
            #expect(try await fixture.leases(handler[0], now: 1).map(\.event.id) == [2])
            #expect(try await fixture.deliveries().map(\.state) == ["dead", "pending"])
            #expect(try await fixture.deliveries().first?.failureClass == "fault")
        }
    }
}

extension TemporaryStore {
    /// Leases as many as there are.
    func leases(_ handlerID: Int64, now: Int64) async throws -> [Lease] {
        try await self.store.lease(handlerID: handlerID, limit: 100, now: now).leases
    }
}
