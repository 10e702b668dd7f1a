import Callbacks
import Foundation
import GRDB
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct ClaimTests {
    private static let hour: Int64 = 3_600_000

    private func claim(_ verdict: String = "reject", _ limits: EffectClaim.Limits = .init()) -> EffectClaim {
        EffectClaim(
            verdict: verdict,
            isReject: verdict == "reject",
            limits: limits,
            note: ["auditing": .string(verdict)]
        )
    }

    /// Keeps an event and leases it.
    private func lease(
        _ fixture: TemporaryStore,
        _ handlers: [Int64],
        task: String,
        completedAt: Int64 = 1000,
        now: Int64 = 10
    ) async throws -> Lease {
        try await fixture.keep(try makeCallback(task: task, completedAt: completedAt), for: handlers)
        return try #require(try await fixture.leases(handlers[0], now: now).first)
    }

    private func settle(_ fixture: TemporaryStore, _ lease: Lease, hadEffect: Bool = true, now: Int64) async throws {
        let outcome = Outcome.completed("Done.", hadEffect: hadEffect)
        #expect(try await fixture.store.settle(lease, as: .completed, outcome: outcome, now: now) == .done)
    }

    @Test func `a claim keeps its note, and a later attempt is granted it again without being counted`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let first = try await self.lease(fixture, handlers, task: "a")
            let limits = EffectClaim.Limits(perTask: 1, perHour: 1, rejects: .init(share: 0.5, window: 2))
            #expect(try await fixture.store.claim(self.claim("reject", limits), on: first, now: 20) == .granted)
            #expect(try await fixture.value("SELECT hadEffect FROM delivery") == 1)
            // The process dies, or the answer stays unclear.
            let second = try #require(try await fixture.leases(handlers[0], now: 20_000).first)
            #expect(second.attempt == 2 && second.earlierNotes == [["auditing": "reject"]])
            #expect(try await fixture.store.claim(self.claim(), on: first, now: 20_001) == nil, "its lease is lost")
            #expect(try await fixture.store.claim(self.claim("reject", limits), on: second, now: 20_002) == .granted)
            #expect(try await fixture.value("SELECT count(*) FROM claim") == 1)
        }
    }

    @Test func `so many claims of a task are granted, by whatever handler, and no other task is touched`() async throws
    {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            let limits = EffectClaim.Limits(perTask: 2)
            for number in 0..<4 {
                let lease = try await self.lease(
                    fixture,
                    [handlers[number % 2]],
                    task: "a",
                    completedAt: Int64(number) * 1000
                )
                let answer = try await fixture.store.claim(self.claim("reject", limits), on: lease, now: 20)
                #expect(answer == (number < 2 ? .granted : .taskLimit(2)))
                try await self.settle(fixture, lease, now: 21)
            }
            let other = try await self.lease(fixture, handlers, task: "b")
            #expect(try await fixture.store.claim(self.claim("reject", limits), on: other, now: 20) == .granted)
            // Equal ids in two accounts are two tasks.
            let account = try #require(try await fixture.store.accountIDs(for: ["test"])["test"])
            let arrival = Arrival(
                callback: try makeCallback(task: "a"),
                accountID: account,
                receivedAt: 0,
                handlerIDs: handlers
            )
            _ = try await fixture.store.keep(arrival)
            let foreign = try #require(try await fixture.leases(handlers[0], now: 20).first)
            #expect(try await fixture.store.claim(self.claim("reject", limits), on: foreign, now: 20) == .granted)
            #expect(try await fixture.reader().handlers().allSatisfy { $0.heldAt == nil })
        }
    }

    @Test func `past the limit of an hour the handler is held, and after a resume it counts anew`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let limits = EffectClaim.Limits(perHour: 3)
            var number = 0
            func claim(at now: Int64) async throws -> EffectClaim.Answer? {
                number += 1
                let lease = try await self.lease(fixture, handlers, task: "t\(number)", now: now)
                let answer = try await fixture.store.claim(self.claim("accept", limits), on: lease, now: now)
                if answer == .granted { try await self.settle(fixture, lease, now: now) }
                return answer
            }
            for now in [1000, 2000, 3000] { #expect(try await claim(at: Int64(now)) == .granted) }
            // The first is an hour old.
            #expect(try await claim(at: 1000 + Self.hour) == .granted)
            let reason = "limit per-hour: 3 audits were sent within an hour, and 3 are allowed"
            #expect(try await claim(at: 1001 + Self.hour) == .held(reason))
            let held = try #require(try await fixture.reader().handlers().first)
            #expect(held.heldReason == reason && held.heldAt != nil)
            #expect(try await fixture.leases(handlers[0], now: 2 * Self.hour).isEmpty)

            _ = try await fixture.store.resumeHandler(named: "one")
            // It has to be leased again; the window has no claims from before.
            let lease = try #require(try await fixture.leases(handlers[0], now: 1002 + 2 * Self.hour).first)
            for now in 0..<3 {
                let answer =
                    now == 0
                    ? try await fixture.store.claim(self.claim("accept", limits), on: lease, now: 1003 + Self.hour)
                    : try await claim(at: 1003 + 2 * Self.hour)
                #expect(answer == .granted, "\(now)")
            }
        }
    }

    @Test func `an operator's hold that is lifted forgets no limit`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let limits = EffectClaim.Limits(perHour: 1)
            let first = try await self.lease(fixture, handlers, task: "a")
            #expect(try await fixture.store.claim(self.claim("accept", limits), on: first, now: 20) == .granted)
            _ = try await fixture.store.holdHandler(named: "one", reason: "a look", now: 20)
            _ = try await fixture.store.resumeHandler(named: "one")
            let second = try await self.lease(fixture, handlers, task: "b")
            guard case .held = try await fixture.store.claim(self.claim("accept", limits), on: second, now: 30) else {
                Issue.record("the limit was forgotten")
                return
            }
        }
    }

    @Test(
        arguments: [
            // share, window, verdicts (r and a), the first that is refused
            (0.2, 10, "rrr", 2), (0.2, 10, "rarar", 4), (0.2, 10, "rraaaaaaaar", nil), (0.2, 10, "rraaaaaaar", 9),
            (0, 5, "aar", 2), (1, 2, "rrrrr", nil), (0.5, 4, "rraarraarr", nil), (0.07, 100, "rrrrrrrr", 7),
            (0.29, 100, String(repeating: "r", count: 30), 29),
        ] as [(Double, Int, String, Int?)]
    )
    func `a reject that would pass the share is not sent, and the handler is held`(
        share: Double,
        window: Int,
        verdicts: String,
        refused: Int?
    ) async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let limits = EffectClaim.Limits(rejects: .init(share: share, window: window))
            var found: Int?
            for (index, verdict) in verdicts.enumerated() {
                let lease = try await self.lease(fixture, handlers, task: "t\(index)")
                let claim = self.claim(verdict == "r" ? "reject" : "accept", limits)
                guard try await fixture.store.claim(claim, on: lease, now: 20) == .granted else {
                    found = index
                    break
                }
            }
            #expect(found == refused)
            let held = try #require(try await fixture.reader().handlers().first)
            #expect((held.heldAt != nil) == (refused != nil))
            guard found != nil, share > 0 else { return }
            #expect(held.heldReason?.hasPrefix("limit reject-ratio: ") == true)
            // After a resume the run of so many begins anew.
            _ = try await fixture.store.resumeHandler(named: "one")
            let again = try #require(try await fixture.leases(handlers[0], now: 100_000).last)
            #expect(try await fixture.store.claim(self.claim("reject", limits), on: again, now: 100_001) == .granted)
        }
    }

    @Test func `nothing is granted while the handler or everything is held`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let lease = try await self.lease(fixture, handlers, task: "a")
            _ = try await fixture.store.holdHandler(named: "one", reason: "a look", now: 1)
            #expect(try await fixture.store.claim(self.claim(), on: lease, now: 20) == .held("a look"))
            _ = try await fixture.store.resumeHandler(named: "one")
            try await fixture.store.holdAll(reason: "stop", now: 1)
            #expect(try await fixture.store.claim(self.claim(), on: lease, now: 20) == .held("stop"))
            #expect(try await fixture.store.resumeAll())
            #expect(try await fixture.store.resumeAll() == false)
            #expect(try await fixture.value("SELECT count(*) FROM claim") == 0)
            #expect(try await fixture.store.claim(self.claim(), on: lease, now: 20) == .granted)
        }
    }

    @Test func `a handler that was switched after the lease does not act under it`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let lease = try await self.lease(fixture, handlers, task: "a")
            #expect(lease.modeSwitch == nil)
            #expect(try await fixture.store.setMode(.shadow, for: [1], ofHandler: "one", now: 5))
            guard case .held = try await fixture.store.claim(self.claim(), on: lease, now: 20) else {
                Issue.record("it acted")
                return
            }
            let settlement = try await fixture.store.settle(lease, as: .released, outcome: .released("x"), now: 21)
            #expect(settlement == .done)
            let again = try #require(try await fixture.leases(handlers[0], now: 22).first)
            #expect(again.modeSwitch?.mode(for: [2]) == .shadow)
            #expect(try await fixture.store.setMode(.live, for: [1], ofHandler: "one", now: 5))
            #expect(try await fixture.store.setMode(.live, for: [1], ofHandler: "nobody", now: 5) == false)
            let record = try #require(try await fixture.reader().handlers().first)
            #expect(record.modeSwitch?.mode(for: [1]) == .live)
            #expect(record.modeSwitch?.mode(for: [2]) == nil && record.modeSwitch?.mode(for: nil) == nil)
            #expect(record.isPromotedForOthers, "the service did not say yet what it runs")
        }
    }

    @Test func `limits last across starts, and the clock that is set back makes no claim younger`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let limits = EffectClaim.Limits(perTask: 1, perHour: 2)
            func run(wall: Int64, _ task: String, completedAt: Int64, at now: Int64) async throws -> EffectClaim.Answer?
            {
                var configuration = EventStore.Configuration(path: path)
                configuration.clocks = .init(wall: { wall }, steady: { 0 })
                let store = try EventStore.open(configuration, logger: quietLogger)
                let account = try #require(try await store.accountIDs(for: ["live"])["live"])
                let handlers = try await store.handlerIDs(for: [("one", "test")], now: 0)
                let id = try #require(handlers["one"])
                let callback = try makeCallback(task: task, completedAt: completedAt)
                _ = try await store.keep(.init(callback: callback, accountID: account, receivedAt: 0, handlerIDs: [id]))
                let lease = try #require(try await store.lease(handlerID: id, limit: 9, now: now).leases.last)
                let answer = try await store.claim(self.claim("reject", limits), on: lease, now: now)
                _ = try await store.settle(lease, as: .completed, outcome: .completed("Done."), now: now)
                try await store.close()
                return answer
            }
            let start: Int64 = 1_000_000_000
            #expect(try await run(wall: start, "a", completedAt: 1, at: start) == .granted)
            #expect(try await run(wall: start + 60_000, "a", completedAt: 2, at: start + 60_000) == .taskLimit(1))
            #expect(try await run(wall: start + 60_000, "b", completedAt: 1, at: start + 60_000) == .granted)
            // A day back: the claims are as old as they were, so an hour later there is room.
            let back = start - 86_400_000
            guard case .held = try await run(wall: back, "c", completedAt: 1, at: back + 1) else {
                Issue.record("it was granted")
                return
            }
            let store = try EventStore.open(.init(path: path), logger: quietLogger)
            _ = try await store.resumeHandler(named: "one")
            let newest = try await store.writer.write {
                try Int64.fetchOne($0, sql: "SELECT max(claimedAt) FROM claim")
            }
            #expect(newest == back)
            try await store.close()
        }
    }

    @Test func `claims go long after their events, and those that limits ask for stay`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            for number in 0..<3 {
                let lease = try await self.lease(fixture, handlers, task: "t\(number)")
                _ = try await fixture.store.claim(self.claim(), on: lease, now: 20)
                try await self.settle(fixture, lease, now: 21)
            }
            func prune(at now: Int64) async throws -> Int64? {
                var pass = PrunePass(Retention(bodies: .seconds(1), facts: .seconds(1), refused: nil), now: now)
                while !pass.isFinished { pass = try await fixture.store.prune(pass) }
                return try await fixture.value("SELECT count(*) FROM claim")
            }
            #expect(try await prune(at: 86_400_000) == 3)
            #expect(try await fixture.value("SELECT count(*) FROM event") == 1)
            let old = EventStore.claimAge + 100_000_000
            // They are the last of the handler.
            #expect(try await prune(at: old) == 3)
            try await fixture.execute("UPDATE claim SET number = number + \(EventStore.keptClaims) WHERE number = 3")
            // The newest event is still there.
            #expect(try await prune(at: old) == 1)
            #expect(try await fixture.value("SELECT eventID FROM claim") == 3)
        }
    }
}
