import CallbackQueue
import Callbacks
import Logging
import ScaleAPI
import Testing

@testable import CallbackService
@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct BacktestTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    /// What the tests keep: task `number` of a project by turns, with a box of a label by turns.
    private static func body(_ number: Int, review: String? = nil) -> [UInt8] {
        let id = JSON.string("task-\(number)")
        let labels: [JSON] = ["truck", "van", "person"]
        var task: JSON.Object = [
            "task_id": id, "type": "imageannotation", "status": "completed",
            "completed_at": "2026-03-01T10:00:00.000Z",
            "response": ["annotations": [["type": "box", "label": labels[number % 3], "width": 1, "height": 1]]],
        ]
        task["project"] = number % 10 == 0 ? "other" : "dock"
        if let review {
            task["customer_review_status"] = .string(review)
            task["customer_audited_at"] = "2026-03-02T10:00:00.000Z"
        }
        return JSON.object(["task_id": id, "task": .object(task)]).encoded
    }

    private static func rules(_ rules: Rule..., projects: [String]? = ["dock"]) throws -> BacktestRun.Rules {
        BacktestRun.Rules(
            handler: try AuditHandler(configuration: .init(rules: rules)),
            match: EventMatch(projects: projects)
        )
    }

    private static func withLog(_ count: Int, _ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.db"
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let store = try EventStore.open(.init(path: path), logger: logger)
            let account = try #require(try await store.accountIDs(for: ["live"])["live"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    let callback = try Callback(body: Self.body(number))
                    let arrival = Arrival(callback: callback, accountID: account, receivedAt: 5, handlerIDs: [])
                    group.addTask { _ = try await store.keep(arrival) }
                }
                try await group.waitForAll()
            }
            for number in stride(from: 0, to: count, by: 7) {
                let callback = try Callback(body: Self.body(number, review: number % 2 == 0 ? "accepted" : "rejected"))
                _ = try await store.keep(
                    Arrival(callback: callback, accountID: account, receivedAt: 9, handlerIDs: [])
                )
            }
            try await store.close()
            try await body(path)
        }
    }

    private static func run(
        _ path: String,
        _ rules: BacktestRun.Rules,
        other: BacktestRun.Rules? = nil,
        workers: Int = 2,
        limit: Int = 10
    ) async throws -> BacktestTally {
        let run = BacktestRun(
            storePath: path,
            rules: rules,
            other: other,
            selection: LogSelection(),
            urls: [:],
            limit: limit,
            workers: workers
        )
        return try await run.run {
            #expect($0 > 0 && $0 <= 1)
        } found: { _ in
        }
    }

    @Test(arguments: [1, 3]) func `however many work side by side, the counts are the truth`(workers: Int)
        async throws
    {
        let count = 2500
        try await Self.withLog(count) { path in
            let rules = try Self.rules(
                Rule(
                    verdict: .reject,
                    reason: "van",
                    condition: .find("SELECT label FROM annotations WHERE label = 'van'")
                ),
                Rule(verdict: .leave, reason: "?", condition: .when("json_extract(batch, '$.x') AND 0")),
                Rule(
                    verdict: .leave,
                    reason: "?",
                    condition: .find("SELECT json_extract(label, '$') FROM annotations WHERE label = 'person'")
                ),
                Rule(verdict: .accept, reason: "fine", condition: .always)
            )
            let tally = try await Self.run(path, rules, workers: workers)
            let taken = (0..<count).filter { $0 % 10 != 0 }
            #expect(tally.events == count)
            #expect(tally.notTaken == count - taken.count)
            #expect(tally.judged == taken.count)
            let vans = taken.filter { $0 % 3 == 1 }
            let persons = taken.filter { $0 % 3 == 2 }
            #expect(tally.rules[1] == .init(applied: vans.count))
            #expect(tally.rules[3] == .init(undecided: persons.count, reasons: ["malformed JSON": persons.count]))
            #expect(tally.rules[4]?.applied == taken.count - vans.count - persons.count)
            let truth: (Int) -> Decision? = { $0 % 7 != 0 ? nil : $0 % 2 == 0 ? .accepted : .rejected }
            for decision in [Decision.accepted, .rejected, .fixed, nil] {
                #expect(tally.count(.reject, decision) == vans.filter { truth($0) == decision }.count)
                #expect(tally.count(.leave, decision) == persons.filter { truth($0) == decision }.count)
            }
            let wrong = taken.filter { number in
                number % 3 == 1 ? truth(number) == .accepted : number % 3 == 0 && truth(number) == .rejected
            }
            #expect(tally.agreement.disagreed == wrong.count)
            #expect(tally.disagreements.count == 10)
            #expect(tally.disagreements.map(\.eventID) == tally.disagreements.map(\.eventID).sorted(by: >))
            // The newest ones, by the number under which the store has them.
            let numbers = Set(tally.disagreements.compactMap { Int($0.taskID.dropFirst(5)) })
            #expect(numbers.isSubset(of: wrong))
        }
    }

    @Test func `what other rules would change is counted, also where one of both does not take an event`() async throws
    {
        try await Self.withLog(300) { path in
            let accept = Rule(verdict: .accept, reason: "fine", condition: .always)
            let van = Rule(
                verdict: .reject,
                reason: "van",
                condition: .find("SELECT 1 FROM annotations WHERE label = 'van'")
            )
            let same = try await Self.run(path, Self.rules(accept), other: Self.rules(accept))
            #expect(same.changes == 0)
            let stricter = try await Self.run(path, Self.rules(van, accept), other: Self.rules(accept), limit: 1000)
            let vans = (0..<300).filter { $0 % 10 != 0 && $0 % 3 == 1 }
            #expect(stricter.changes == vans.count)
            #expect(Set(stricter.changed.map(\.taskID)) == Set(vans.map { "task-\($0)" }))
            #expect(stricter.changed.allSatisfy { $0.opinion?.verdict == .reject && $0.other?.verdict == .accept })
            let wider = try await Self.run(
                path,
                Self.rules(accept, projects: nil),
                other: Self.rules(accept),
                limit: 1000
            )
            #expect(wider.changes == 30)
            #expect(wider.changed.allSatisfy { $0.other == nil && $0.opinion?.verdict == .accept })
        }
    }

    @Test func `rules about earlier events see them`() async throws {
        try await Self.withLog(20) { path in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let store = try EventStore.open(.init(path: path), logger: logger)
            let account = try #require(try await store.accountIDs(for: ["live"])["live"])
            let redone = String(decoding: Self.body(3), as: UTF8.self).replacing("2026-03-01", with: "2026-03-05")
            let arrival = Arrival(
                callback: try Callback(body: Array(redone.utf8)),
                accountID: account,
                receivedAt: 12,
                handlerIDs: []
            )
            _ = try await store.keep(arrival)
            try await store.close()
            let again = Rule(
                verdict: .reject,
                reason: "again",
                condition: .when("EXISTS (SELECT 1 FROM history WHERE kind = 'response')")
            )
            let tally = try await Self.run(path, Self.rules(again))
            #expect(tally.rules[1]?.applied == 1)
            #expect(tally.withoutRule == 18)
        }
    }

    @Test func `reasons that differ from event to event are not collected without end`() {
        var tally = BacktestTally(limit: 1)
        for number in 0..<1000 {
            let failure = Judgement(failure: .sql("reason \(number % 200)"), rule: nil)
            tally.count(failure, decision: nil)
        }
        #expect(tally.notLoaded.undecided == 1000)
        #expect(tally.notLoaded.reasons.count == 50)
        #expect(tally.notLoaded.mostFrequentReason == "reason 0")
    }
}
