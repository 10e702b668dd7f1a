import Callbacks
import GRDB
import ScaleAPI
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct QueryPlanTests {
    @Test func `every statement on the way of a callback, and of its end, finds its rows by an index`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one", "two")
            let statements = Mutex<Set<String>>([])
            try await fixture.store.writer.write { database in
                database.trace { event in
                    if case .statement(let statement) = event {
                        statements.withLock { _ = $0.insert(statement.sql) }
                    }
                }
            }
            // The whole way, with a repeat, a retry, notes, claims and every settlement.
            let settlements: [Settlement] = [.retry(at: 50), .released, .completed]
            for number in 0..<2 { try await fixture.keep(try makeCallback(completedAt: Int64(number)), for: handlers) }
            try await fixture.keep(try makeCallback(completedAt: 0), for: handlers)
            let limits = EffectClaim.Limits(perTask: 9, perHour: 9, rejects: .init(share: 1, window: 9))
            let claim = EffectClaim(verdict: "reject", isReject: true, limits: limits, note: 1)
            for (index, settlement) in settlements.enumerated() {
                let now = Int64(100 * (index + 1))
                let lease = try #require(try await fixture.leases(handlers[0], now: now).first)
                _ = try await fixture.store.renew(lease, now: now)
                _ = try await fixture.store.note(1, on: lease)
                #expect(try await fixture.store.claim(claim, on: lease, now: now) == .granted)
                let outcome = Outcome.completed("Done.")
                #expect(try await fixture.store.settle(lease, as: settlement, outcome: outcome, now: now) == .done)
            }
            var pass = PrunePass(Retention(bodies: .zero, facts: .zero, refused: nil), now: 1000)
            while !pass.isFinished { pass = try await fixture.store.prune(pass) }
            try await fixture.store.writer.write { $0.trace(options: []) }

            let queries = statements.withLock { $0 }
                .filter { sql in ["SELECT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) } }
            #expect(queries.count >= 24, "all of them were seen")
            var plans: [String: [String]] = [:]
            for sql in queries {
                plans[sql] = try await fixture.store.writer.write { database in
                    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                    // Plans do not depend on values here; unbound parameters are null.
                    let count = statement.sql.filter { $0 == "?" }.count
                    statement.setUncheckedArguments(StatementArguments(Array(repeating: Int?.none, count: count)))
                    return try Row.fetchAll(statement).map { $0["detail"] as String }
                }
            }
            for (sql, plan) in plans {
                for step in plan {
                    #expect(!step.hasPrefix("SCAN") || step.hasPrefix("SCAN CONSTANT"), "\(step) in \(sql)")
                    // The few events of one task may be sorted.
                    let isOneTask = plan.contains { $0.contains("eventBySubject (subject=?)") }
                    #expect(isOneTask || !step.contains("TEMP B-TREE"), "\(step) in \(sql)")
                    #expect(!step.contains("AUTOMATIC"), "\(step) in \(sql)")
                }
            }
            let due = try #require(plans.first { $0.key.contains("AS elder") }).value.joined(separator: "\n")
            #expect(due.contains("SEARCH delivery USING INDEX deliveryDue (handlerID=? AND dueAt<?)"))
            #expect(due.contains("deliveryInOrder (handlerID=? AND subject=? AND id<?)"))
            let newer = try #require(plans.first { $0.key.contains("changedAt >= ?") }).value.joined(separator: "\n")
            #expect(newer.contains("eventBySubject (subject=?)"))
        }
    }
}
