import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct NewerEventTests {
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let isNewer: Bool
        let callback: @Sendable () throws -> Callback
    }

    static let cases: [Case] = [
        Case(description: "a later completion", isNewer: true) { try makeCallback(completedAt: 2000, response: 2) },
        Case(description: "a recall", isNewer: true) {
            try makeCallback(status: "pending", completedAt: nil, updatedAt: 1500, response: nil)
        },
        Case(description: "a fix by the customer", isNewer: true) {
            try makeCallback(review: "fixed", auditedAt: 1500, priorResponses: 1, response: 2)
        },
        Case(description: "a cancellation", isNewer: true) {
            try makeCallback(status: "canceled", completedAt: nil, updatedAt: 1500)
        },
        Case(description: "a verdict on the same response", isNewer: false) {
            try makeCallback(review: "accepted", auditedAt: 1500)
        },
        Case(description: "an earlier completion", isNewer: false) { try makeCallback(completedAt: 500, response: 2) },
        Case(description: "a recall before it", isNewer: false) {
            try makeCallback(status: "pending", completedAt: nil, updatedAt: 999, response: nil)
        },
        Case(description: "another task", isNewer: false) { try makeCallback(task: "b", completedAt: 2000) },
        Case(description: "an error without times", isNewer: false) {
            try makeCallback(status: "error", completedAt: nil)
        },
    ]

    @Test(arguments: Self.cases) func `an event knows what supersedes it`(newer: Case) async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let id = try await fixture.keep(try makeCallback(), for: handler)
            let other = try await fixture.keep(try newer.callback())
            let lease = try #require(try await fixture.leases(handler[0], now: 1).first)
            #expect(lease.event.id == id)
            #expect(lease.newerEvent == (newer.isNewer ? other : nil))
        }
    }

    @Test func `another account's task of the same id supersedes nothing`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            let test = try #require(try await fixture.store.accountIDs(for: ["test"])["test"])
            try await fixture.keep(try makeCallback(), for: handler)
            let later = try makeCallback(completedAt: 2000)
            _ = try await fixture.store.keep(
                Arrival(callback: later, accountID: test, receivedAt: 0, handlerIDs: [])
            )
            #expect(try await fixture.leases(handler[0], now: 1).first?.newerEvent == nil)
        }
    }

    @Test func `of several newer events the newest is told`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handler)
            let newest = try await fixture.keep(try makeCallback(completedAt: 9000))
            try await fixture.keep(try makeCallback(completedAt: 3000))
            #expect(try await fixture.leases(handler[0], now: 1).first?.newerEvent == newest)
        }
    }
}
