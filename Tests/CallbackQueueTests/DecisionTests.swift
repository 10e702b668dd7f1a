import Callbacks
import GRDB
import ScaleAPI
import Synchronization
import Testing

@testable import CallbackQueue

/// What people decided, read from logs whose truth is known.
@Suite(.timeLimit(.minutes(1))) struct DecisionTests {
    /// One callback about the task `a` after its completion.
    struct Later: Sendable, CustomStringConvertible {
        var review: String?
        var at: Int64
        var priorResponses = 0
        var completedAt: Int64 = 1000
        var task = "a"

        var description: String { "\(self.review ?? "completed") at \(self.at), \(self.priorResponses) before" }

        func callback() throws -> Callback {
            try makeCallback(
                task: self.task,
                completedAt: self.completedAt,
                review: self.review,
                auditedAt: self.review.map { _ in self.at },
                priorResponses: self.priorResponses,
                response: .number(JSON.Number(self.priorResponses))
            )
        }
    }

    @Test(
        arguments: [
            ([], nil),
            ([Later(review: "accepted", at: 2000)], .accepted),
            ([Later(review: "rejected", at: 2000)], .rejected),
            // A fix replaces the response, mostly.
            ([Later(review: "fixed", at: 2000, priorResponses: 1)], .fixed),
            ([Later(review: "fixed", at: 2000)], .fixed),
            // A comment is no decision.
            ([Later(review: "commented", at: 2000)], nil),
            // The last one counts, also when it comes first.
            ([Later(review: "accepted", at: 2000), Later(review: "rejected", at: 3000)], .rejected),
            ([Later(review: "rejected", at: 3000), Later(review: "accepted", at: 2000)], .rejected),
            ([Later(review: "rejected", at: 2000), Later(review: "fixed", at: 3000, priorResponses: 1)], .fixed),
            // Who accepts a fix says that the response before it was wrong.
            ([Later(review: "accepted", at: 4000, priorResponses: 1)], .fixed),
            (
                [
                    Later(review: "fixed", at: 3000, priorResponses: 1),
                    Later(review: "fixed", at: 4000, priorResponses: 2),
                ], .fixed
            ),
            // What is said of a redo says nothing of the response before.
            (
                [
                    Later(review: "rejected", at: 2000), Later(at: 5000, priorResponses: 1, completedAt: 5000),
                    Later(review: "accepted", at: 6000, priorResponses: 1, completedAt: 5000),
                ], .rejected
            ),
            ([Later(review: "accepted", at: 6000, priorResponses: 1, completedAt: 5000)], nil),
            ([Later(review: "accepted", at: 2000, task: "b")], nil),
        ] as [([Later], Decision?)]
    )
    func `the last audit of the same response decides`(later: [Later], decision: Decision?) async throws {
        try await withTemporaryStore { fixture in
            let id = try await fixture.keep(try makeCallback())
            for event in later { try await fixture.keep(try event.callback()) }
            let events = try await fixture.reader().loggedEvents(LogSelection(), in: 1...100).events
            #expect(events.first?.id == id)
            #expect(events.first?.decision == decision)
            #expect(events.first?.isAlone == !later.contains { $0.task == "a" })
        }
    }

    @Test func `an audit that comes before its completion counts`() async throws {
        try await withTemporaryStore { fixture in
            try await fixture.keep(try Later(review: "accepted", at: 2000).callback())
            try await fixture.keep(try makeCallback())
            let events = try await fixture.reader().loggedEvents(LogSelection(), in: 1...100).events
            #expect(events.map(\.id) == [2])
            #expect(events.first?.decision == .accepted)
        }
    }

    @Test(
        arguments: [
            // What we sent comes back and is nobody's decision.
            ("accept", "live", "audited", ["accepted"], nil),
            ("reject", "live", "audited", ["rejected"], nil),
            ("accept", "live", "the earlier audit did arrive", ["accepted"], nil),
            // What people say afterwards is one, also when they repeat it.
            ("accept", "live", "audited", ["accepted", "rejected"], .rejected),
            ("accept", "live", "audited", ["accepted", "accepted"], .accepted),
            // The echo may be lost.
            ("accept", "live", "audited", ["rejected"], .rejected),
            // Nothing was sent.
            ("accept", "shadow", "Scale was not asked", ["accepted"], .accepted),
            ("accept", "live", "status 503", ["accepted"], .accepted),
        ] as [(String, String, String, [String], Decision?)]
    )
    func `our own audits are not people's`(
        verdict: String,
        mode: String,
        answer: String,
        reviews: [String],
        decision: Decision?
    ) async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("check")
            try await fixture.keep(try makeCallback(), for: handler)
            let lease = try #require(
                try await fixture.store.lease(handlerID: handler[0], limit: 1, now: 5).leases.first
            )
            let outcome = Outcome.completed(
                "judged",
                detail: ["verdict": .string(verdict), "mode": .string(mode), "answer": .string(answer)]
            )
            _ = try await fixture.store.settle(lease, as: .completed, outcome: outcome, now: 6)
            for (index, review) in reviews.enumerated() {
                try await fixture.keep(try Later(review: review, at: Int64(2000 + index)).callback())
            }
            let events = try await fixture.reader().loggedEvents(LogSelection(), in: 1...100).events
            #expect(events.first?.decision == decision)
        }
    }

    @Test(
        arguments: [
            (1, ["accepted"], nil), (1, ["accepted", "accepted"], .accepted), (2, ["accepted", "accepted"], nil),
            (2, ["accepted", "accepted", "rejected"], .rejected),
        ] as [(Int, [String], Decision?)]
    )
    func `an audit that was claimed is ours, although its answer is not known`(
        times: Int,
        reviews: [String],
        decision: Decision?
    ) async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("check", "other")
            try await fixture.keep(try makeCallback(), for: handlers)
            for handler in handlers.prefix(times) {
                let lease = try #require(
                    try await fixture.store.lease(handlerID: handler, limit: 1, now: 5).leases.first
                )
                let limits = EffectClaim.Limits(perTask: 5)
                let claim = EffectClaim(verdict: "accept", limits: limits, note: ["auditing": "accept"])
                #expect(try await fixture.store.claim(claim, on: lease, now: 6) == .granted)
            }
            for (index, review) in reviews.enumerated() {
                try await fixture.keep(try Later(review: review, at: Int64(2000 + index)).callback())
            }
            let events = try await fixture.reader().loggedEvents(LogSelection(), in: 1...100).events
            #expect(events.first?.decision == decision)
        }
    }

    @Test func `verdicts of a handler are compared with what people decided`() async throws {
        try await withTemporaryStore { fixture in
            let ids = try await fixture.store.handlerIDs(for: [("check", "audit"), ("file", "file")], now: 0)
            let handlers = try [#require(ids["check"]), #require(ids["file"])]
            let truth: [(verdict: String, review: String?)] = [
                ("accept", "accepted"), ("accept", "rejected"), ("reject", "fixed"), ("reject", "accepted"),
                ("reject", "rejected"), ("accept", nil), ("leave", "accepted"), ("accept", "fixed"),
            ]
            for (index, (verdict, review)) in truth.enumerated() {
                try await fixture.keep(try makeCallback(task: "task-\(index)"), for: handlers)
                for handler in handlers {
                    let leases = try await fixture.store.lease(handlerID: handler, limit: 1, now: 5).leases
                    let detail: JSON = ["verdict": .string(verdict), "mode": "shadow", "answer": "Scale was not asked"]
                    let outcome = Outcome.completed("judged", detail: detail)
                    _ = try await fixture.store.settle(#require(leases.first), as: .completed, outcome: outcome, now: 6)
                }
                guard let review else { continue }
                try await fixture.keep(try Later(review: review, at: 2000, task: "task-\(index)").callback())
            }
            var agreement = Agreement()
            (agreement.agreed, agreement.disagreed, agreement.undecided, agreement.left) = (3, 3, 1, 1)
            #expect(try await fixture.reader().agreements() == ["check": agreement])
        }
    }

    @Test func `a range is read in steps, and selections find what they name`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<1200 {
                try await fixture.keep(try makeCallback(task: "task-\(number)"), at: Int64(number))
            }
            let reader = try fixture.reader()
            var seen: [Int64] = []
            var rest: ClosedRange<Int64>? = 1...1150
            while let range = rest {
                let (events, next) = try await reader.loggedEvents(LogSelection(), in: range)
                #expect(events.count <= 512)
                seen += events.map(\.id)
                rest = next.map { $0...range.upperBound }
            }
            #expect(seen == Array(1...1150))
            let some = try await reader.loggedEvents(LogSelection(since: 10, until: 20), in: 1...1200).events
            #expect(some.map(\.id) == Array(11...20))
            #expect(try await reader.loggedEvents(LogSelection(projects: ["x"]), in: 1...1200).events.isEmpty)
            #expect(try await reader.bounds(of: LogSelection()) == 1...1200)
        }
    }

    @Test func `a log is read by its numbers, and decisions are found by an index`() async throws {
        try await withTemporaryStore { fixture in
            try await fixture.keep(try makeCallback())
            try await fixture.keep(try Later(review: "accepted", at: 2000).callback())
            let reader = try fixture.reader()
            let statements = Mutex<Set<String>>([])
            try await reader.read { database in
                database.trace { event in
                    if case .statement(let statement) = event {
                        statements.withLock { _ = $0.insert(statement.sql) }
                    }
                }
            }
            _ = try await reader.loggedEvents(LogSelection(since: 0), in: 1...10)
            _ = try await reader.agreements()
            try await reader.read { $0.trace(options: []) }
            let queries = statements.withLock { $0 }.filter { $0.hasPrefix("SELECT") }
            #expect(queries.count >= 3)
            for sql in queries {
                let plan = try await reader.read { database in
                    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                    let count = sql.filter { $0 == "?" }.count
                    statement.setUncheckedArguments(StatementArguments(Array(repeating: Int?.none, count: count)))
                    return try Row.fetchAll(statement).map { $0["detail"] as String }
                }
                for step in plan {
                    #expect(!step.hasPrefix("SCAN") || step == "SCAN handler", "\(step) in \(sql)")
                    #expect(!step.contains("AUTOMATIC"), "\(step) in \(sql)")
                }
            }
        }
    }
}
