import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct AuditHandlerTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    private func handler(_ rules: Rule...) throws -> AuditHandler {
        try AuditHandler(configuration: .init(rules: rules))
    }

    @Test func `the first rule that applies decides`() throws {
        let handler = try self.handler(
            Rule(verdict: .reject, reason: "a", condition: .when("type = 'categorization'"), line: 3),
            Rule(verdict: .leave, reason: "b", condition: .when("project LIKE 'dockyard%'"), line: 5),
            Rule(verdict: .reject, reason: "c", condition: .find("SELECT uuid FROM annotations"), line: 7),
            Rule(verdict: .accept, reason: "d", condition: .always, line: 9)
        )
        let judgement = handler.judgement(of: try Example.callback("01-"))
        #expect(judgement.verdict == .leave)
        #expect((judgement.rule, judgement.line) == (2, 5))
        #expect(judgement.reason == "b")
        #expect(judgement.comment == nil)
    }

    @Test func `without a rule that applies the task is left for people`() throws {
        let handler = try self.handler(Rule(verdict: .accept, reason: "a", condition: .when("0")))
        let judgement = handler.judgement(of: try Example.callback("01-"))
        #expect(judgement.verdict == .leave)
        #expect(judgement.rule == nil)
        #expect(judgement.reason == "no rule applied")
    }

    @Test func `NULL is not true`() throws {
        let handler = try self.handler(Rule(verdict: .accept, reason: "a", condition: .when("image_width > 5")))
        #expect(handler.judgement(of: try Example.callback("01-")).verdict == .leave)
    }

    @Test func `an undecidable rule ends the judgement, although a later one would apply`() throws {
        let handler = try self.handler(
            Rule(verdict: .reject, reason: "a", condition: .when("json_extract(batch, '$.x') = 1"), line: 4),
            Rule(verdict: .accept, reason: "b", condition: .always)
        )
        let judgement = handler.judgement(of: try Example.callback("01-"))
        #expect(judgement.verdict == .leave)
        #expect((judgement.rule, judgement.line) == (1, 4))
        #expect(judgement.error == "malformed JSON")
    }

    @Test(arguments: [
        ("{label} at {left}", "truck at 412"),
        ("Task {task_id} of {project}", "Task 65c5704c6bf306f6b6e3422f of dockyard_vision"),
        ("{{label}}", "{label}"), ("{missing_value}", "(none)"), ("no placeholder", "no placeholder"),
        ("{top}", "288.5"),
    ]) func `the comment quotes the first finding`(_ reason: String, _ expected: String) throws {
        let sql = "SELECT label, left, top, NULL AS missing_value FROM annotations ORDER BY left DESC"
        let handler = try self.handler(Rule(verdict: .reject, reason: reason, condition: .find(sql)))
        let judgement = handler.judgement(of: try Example.callback("01-"))
        #expect(judgement.comment == expected)
        #expect(judgement.evidence.count == 2)
    }

    @Test(arguments: ["{lable}", "{label", "{}", "{label:x}"])
    func `a comment with a placeholder that has no value is refused`(_ reason: String) throws {
        #expect(throws: RuleError.self) {
            _ = try self.handler(
                Rule(verdict: .reject, reason: reason, condition: .find("SELECT label FROM annotations"))
            )
        }
    }

    @Test(arguments: [0, -0.1, 1.01, .nan]) func `a share that is none is refused`(_ share: Double) throws {
        #expect(throws: RuleError.self) {
            _ = try self.handler(Rule(verdict: .leave, reason: "sampled", condition: .sample(share)))
        }
    }

    @Test func `a sample takes its share, and always the same tasks`() throws {
        let handler = try self.handler(Rule(verdict: .reject, reason: "sampled", condition: .sample(0.3)))
        let again = try self.handler(Rule(verdict: .reject, reason: "sampled", condition: .sample(0.3)))
        var count = 0
        for number in 0..<1000 {
            let body = #"{"task_id":"task-\#(number)","task":{"status":"completed","response":{}}}"#
            let callback = try Callback(body: Array(body.utf8))
            let verdict = handler.judgement(of: callback).verdict
            if verdict == .reject { count += 1 }
            #expect(verdict == again.judgement(of: callback).verdict)
        }
        #expect((250...350).contains(count))
    }

    @Test func `shadow records the verdict with its reason, and needs nobody`() async throws {
        let handler = try self.handler(
            Rule(
                verdict: .reject,
                reason: "Wide: {label}",
                condition: .find("SELECT label, width FROM annotations WHERE width > 200"),
                line: 8
            )
        )
        let book = NoteBook()
        let outcome = try await handler.handle(Example.event(Example.callback("01-")), in: book.context())
        #expect(outcome.disposition == .completed)
        #expect(outcome.summary == "reject by rule 1: Wide: truck")
        #expect(
            outcome.detail == [
                "verdict": "reject", "rule": 1, "line": 8, "condition": "find", "reason": "Wide: truck",
                "comment": "Wide: truck", "evidence": [["label": "truck", "width": 266]], "mode": "shadow",
                "answer": "Scale was not asked",
            ]
        )
        #expect(book.notes.isEmpty)
    }

    @Test(arguments: ["40-", "50-"]) func `only completed tasks are judged`(_ name: String) async throws {
        let handler = try self.handler(Rule(verdict: .accept, reason: "all", condition: .always))
        let outcome = try await handler.handle(Example.event(Example.callback(name)), in: NoteBook().context())
        #expect(outcome == .completed("not a completed task", hadEffect: false))
    }

    @Test func `what is superseded is stale`() async throws {
        let handler = try self.handler(Rule(verdict: .accept, reason: "all", condition: .always))
        let context = NoteBook().context(newerEvent: 12)
        let outcome = try await handler.handle(Example.event(Example.callback("01-")), in: context)
        #expect(outcome.disposition == .stale)
    }

    @Test func `live without an API key holds the handler`() async throws {
        let handler = try AuditHandler(
            configuration: .init(mode: .live, rules: [Rule(verdict: .accept, reason: "all", condition: .always)])
        )
        let outcome = try await handler.handle(Example.event(Example.callback("01-")), in: NoteBook().context())
        #expect(outcome.disposition == .hold)
        #expect(outcome.summary.contains("has no API key"))
    }

    @Test func `many events are judged at the same time, each by itself`() async throws {
        let handler = try self.handler(
            Rule(verdict: .reject, reason: "{n}", condition: .find("SELECT count(*) AS n FROM annotations"))
        )
        let reasons = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for count in 0..<40 {
                let callback = try Example.boxes(Array(repeating: Example.box(), count: count))
                group.addTask { (count, handler.judgement(of: callback).reason) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reasons.count == 40)
        #expect(reasons.allSatisfy { String($0.0) == $0.1 })
    }

    @Test func `an ordinary event is judged by six checks in a few milliseconds`() throws {
        let handler = try AuditHandler(
            configuration: .init(
                rules: [
                    "below-minimum-size", "empty", "label-not-asked-for", "near-duplicate", "too-few", "too-many",
                ]
                .map {
                    Rule(
                        verdict: .reject,
                        reason: $0,
                        condition: .check($0, parameters: Example.parameters(of: $0))
                    )
                }
            )
        )
        let callback = try Example.callback("01-")
        #expect(handler.judgement(of: callback).verdict == .leave)
        let time = ContinuousClock().measure { for _ in 0..<200 { _ = handler.judgement(of: callback) } }
        // It takes about half of one; the bound is for a debug build on a machine with much else to do.
        #expect(time / 200 < .milliseconds(20))
    }
}
