import Callbacks
import ScaleAPI
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct ReplayTests {
    private func page(_ fixture: TemporaryStore, _ selection: ReplaySelection) async throws -> ReplayPage {
        var all = ReplayPage()
        var cursor: Int64?
        repeat {
            // Small pages, so that walking from one to the next is tried.
            let reader = try fixture.reader()
            let last = try await reader.newestEvent()
            let page = try await reader.replayPage(selection, from: cursor, through: last, limit: 2)
            all.ids += page.ids
            all.counts.add(page.counts)
            cursor = page.next
        } while cursor != nil
        return all
    }

    @Test func `events are told apart by what the handler had of them`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            var ids: [Int64] = []
            for number in 0..<6 {
                let takers = number < 5 ? handlers : [handlers[1]]
                ids.append(try await fixture.keep(try makeCallback(task: "t\(number)"), for: takers))
            }
            let outcomes: [Outcome] = [
                .completed("sent"), .completed("in shadow", hadEffect: false), .stale("older"), .dead(.refused, "no"),
            ]
            let leases = try await fixture.leases(handlers[0], now: 1)
            for (lease, outcome) in zip(leases, outcomes) {
                let settlement: Settlement = outcome.disposition == .dead ? .dead : .completed
                #expect(try await fixture.store.settle(lease, as: settlement, outcome: outcome, now: 2) == .done)
            }
            var selection = ReplaySelection(handler: "one", match: EventMatch())
            let found = try await self.page(fixture, selection)
            #expect(found.ids == [ids[1], ids[2], ids[3], ids[5]])
            var counts = ReplayCounts()
            (counts.new, counts.again, counts.withEffect, counts.waiting) = (1, 3, 1, 1)
            #expect(found.counts == counts)

            let answer = try await fixture.store.replay(
                ids + [99],
                forHandler: "one",
                repeatsEffects: false,
                now: 10
            )
            #expect(answer.created == 4)
            // Asked again, nothing is left to do.
            let again = try await fixture.store.replay(ids, forHandler: "one", repeatsEffects: false, now: 10)
            #expect(again.created == 0)
            selection.repeatsEffects = true
            #expect(try await self.page(fixture, selection).ids == [ids[0]])
            let repeated = try await fixture.store.replay(ids, forHandler: "one", repeatsEffects: true, now: 10)
            #expect(repeated.created == 1)
            let leased = try await fixture.leases(handlers[0], now: 20_000)
            #expect(leased.filter(\.repeatsEffects).map(\.event.id) == [ids[0]])
            #expect(try await fixture.store.replay(ids, forHandler: "x", repeatsEffects: true, now: 1).created == nil)
        }
    }

    @Test func `what is meant can be said in many ways, and what the handler does not take is left out`() async throws {
        try await withTemporaryStore { fixture in
            _ = try await fixture.handlers("one")
            let completed = try await fixture.keep(try makeCallback(task: "a"), at: 100)
            let audit = try await fixture.keep(
                try makeCallback(task: "a", review: "accepted", auditedAt: 2000),
                at: 200
            )
            let other = try await fixture.keep(try makeCallback(task: "b"), at: 300)
            let tagged = try Callback(
                body: Array(
                    #"{"task_id":"c","task":{"task_id":"c","status":"completed","type":"lidar","tags":["x"]},"response":{}}"#
                        .utf8
                )
            )
            let last = try await fixture.keep(tagged, at: 400)
            func ids(_ match: EventMatch = EventMatch(), _ change: (inout ReplaySelection) -> Void = { _ in })
                async throws
                -> [Int64]
            {
                var selection = ReplaySelection(handler: "one", match: match)
                change(&selection)
                return try await self.page(fixture, selection).ids
            }
            #expect(try await ids() == [completed, audit, other, last])
            #expect(try await ids(EventMatch(kinds: [.completed])) == [completed, other, last])
            #expect(try await ids(EventMatch(tags: ["x"])) == [last])
            #expect(try await ids { $0.events.taskID = "a" } == [completed, audit])
            #expect(try await ids { $0.events.since = 200 } == [audit, other, last])
            #expect(try await ids { $0.until = 300 } == [completed, audit])
            #expect(try await ids { $0.types = ["lidar"] } == [last])
            #expect(try await ids { $0.ids = [other, completed] } == [completed, other])
            #expect(try await ids { $0.events.kinds = ["audit"] } == [audit])
            #expect(try await ids { $0.events.isParked = true } == [completed, audit, other, last])
            try await fixture.execute("DELETE FROM body WHERE eventID = \(other)")
            #expect(try await ids() == [completed, audit, last])
            let without = try await self.page(fixture, ReplaySelection(handler: "one", match: EventMatch())).counts
            #expect(without.withoutBody == 1 && without.new == 3)
        }
    }

    @Test func `a claim of an earlier delivery stands in the way, unless effects are to be repeated`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let event = try await fixture.keep(try makeCallback(), for: handlers)
            let claim = EffectClaim(verdict: "accept", limits: .init(perTask: 2), note: 1)
            let first = try #require(try await fixture.leases(handlers[0], now: 1).first)
            #expect(try await fixture.store.claim(claim, on: first, now: 2) == .granted)
            // It ends as if nothing had happened, and then it counts as an effect all the same.
            let dead = Outcome.dead(.rejected, "no")
            #expect(try await fixture.store.settle(first, as: .dead, outcome: dead, now: 3) == .done)
            let refused = try await fixture.store.replay([event], forHandler: "one", repeatsEffects: false, now: 4)
            #expect(refused.created == 0)
            for (expected, isRepeat) in [(EffectClaim.Answer.granted, true), (.taskLimit(2), true), (.repeated, false)]
            {
                try await fixture.execute(
                    "INSERT INTO delivery (eventID, handlerID, subject, dueAt, repeatsEffects) "
                        + "SELECT id, \(handlers[0]), 1, 5, \(isRepeat) FROM event"
                )
                let lease = try #require(try await fixture.leases(handlers[0], now: 6).first)
                #expect(lease.repeatsEffects == isRepeat)
                #expect(try await fixture.store.claim(claim, on: lease, now: 7) == expected)
                _ = try await fixture.store.settle(lease, as: .completed, outcome: .completed("x"), now: 8)
            }
        }
    }

    @Test func `a replayed event of whose task something newer is known is told so, in the order of the replay`()
        async throws
    {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            let old = try await fixture.keep(try makeCallback(completedAt: 1000))
            let new = try await fixture.keep(try makeCallback(completedAt: 2000))
            _ = try await fixture.store.replay([old, new], forHandler: "one", repeatsEffects: false, now: 1)
            let first = try #require(try await fixture.leases(handlers[0], now: 2).first)
            #expect(first.event.id == old && first.newerEvent == new)
            _ = try await fixture.store.settle(first, as: .completed, outcome: .stale("older"), now: 3)
            let second = try #require(try await fixture.leases(handlers[0], now: 4).first)
            #expect(second.event.id == new && second.newerEvent == nil)
        }
    }

    @Test func `while all are held nothing is leased, also of handlers that come later, and lists say why`()
        async throws
    {
        try await withTemporaryStore { fixture in
            let first = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: first)
            try await fixture.store.holdAll(reason: "stop everything", now: 7)
            let later = try await fixture.handlers("late")
            try await fixture.keep(try makeCallback(task: "b"), for: later)
            #expect(try await fixture.leases(first[0], now: 9).isEmpty)
            #expect(try await fixture.leases(later[0], now: 9).isEmpty)
            let reader = try fixture.reader()
            #expect(
                try await reader.handlers().map(\.heldReason) == [
                    "all handlers: stop everything", "all handlers: stop everything",
                ]
            )
            #expect(try await reader.deliveries().rows.allSatisfy { $0.heldReason == "all handlers: stop everything" })
            #expect(try await reader.reasonOfHoldingAll() == "stop everything")
            // A hold of its own stays, and is what is told.
            _ = try await fixture.store.holdHandler(named: "one", reason: "a look", now: 8)
            #expect(try await reader.handlers().map(\.heldReason) == ["all handlers: stop everything", "a look"])
            #expect(try await fixture.store.resumeAll())
            #expect(try await fixture.leases(first[0], now: 9).isEmpty)
            #expect(try await fixture.leases(later[0], now: 9).count == 1)
        }
    }

    @Test func `a long summary is cut where it is stored, and a body that is gone ends its attempt`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(), for: handlers)
            try await fixture.keep(try makeCallback(task: "b"), for: handlers)
            let lease = try #require(try await fixture.leases(handlers[0], now: 1).first)
            let long = String(repeating: "é", count: 5000)
            _ = try await fixture.store.settle(lease, as: .completed, outcome: .completed(long), now: 2)
            let summary = try #require(try await fixture.deliveries().first?.summary)
            #expect(summary.utf8.count <= 2000 && summary.utf8.count > 1990 && summary.hasSuffix("é…"))
            try await fixture.execute("DELETE FROM body")
            #expect(try await fixture.leases(handlers[0], now: 20_000).isEmpty)
            let attempts = try await fixture.reader().attempts(ofDelivery: 2)
            #expect(attempts.map(\.outcome).last == "dead" && attempts.last?.endedAt != nil)
        }
    }
}
