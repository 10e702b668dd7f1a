import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct RuleTraceTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    private static let nothing = "SELECT uuid FROM annotations WHERE label = 'nobody'"

    private func trace(_ rules: [Rule], of callback: Callback) throws -> (judgement: Judgement, rules: [RuleTrace]) {
        try AuditHandler(configuration: .init(rules: rules)).trace(of: callback, after: [])
    }

    @Test func `every rule is told of in its order, with what became of it`() throws {
        let rules = [
            Rule(verdict: .leave, reason: "a", condition: .find(Self.nothing), line: 3),
            Rule(verdict: .reject, reason: "b", condition: .find("SELECT uuid FROM annotations"), line: 5),
            Rule(verdict: .accept, reason: "c", condition: .always, line: 9),
        ]
        let trace = try self.trace(rules, of: try Example.callback("01-"))
        #expect(trace.rules.map(\.result) == [.passed, .applied, .notAsked])
        #expect(trace.rules.map(\.number) == [1, 2, 3])
        #expect(trace.rules.map(\.line) == [3, 5, 9])
        #expect(trace.rules.map(\.verdict) == [.leave, .reject, .accept])
        #expect(trace.rules.map(\.condition) == ["find", "find", "always"])
        #expect(trace.rules.map(\.rows) == [0, 2, 0])
        #expect(trace.judgement.rule == 2)
        #expect(trace.rules[2].time == .zero)
        #expect(trace.rules[0].time > .zero)
    }

    @Test func `a rule that cannot be decided says why, and those behind it are not asked`() throws {
        let rules = [
            Rule(verdict: .reject, reason: "a", condition: .check("empty", parameters: [:])),
            Rule(verdict: .reject, reason: "b", condition: .when("json_extract(batch, '$.x') = 1")),
            Rule(verdict: .accept, reason: "c", condition: .always),
        ]
        let trace = try self.trace(rules, of: try Example.callback("01-"))
        #expect(trace.rules.map(\.result) == [.passed, .undecided("malformed JSON"), .notAsked])
        #expect(trace.rules[0].check == "empty")
        #expect(trace.judgement.verdict == .leave)
    }

    @Test func `a rule that runs away shows what it took of its budget`() throws {
        let endless =
            "WITH RECURSIVE n(x) AS (SELECT 1 FROM annotations UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
        let trace = try self.trace(
            [Rule(verdict: .reject, reason: "a", condition: .find(endless))],
            of: try Example.callback("01-")
        )
        let rule = try #require(trace.rules.first)
        #expect(rule.result == .undecided(RuleFailure.outOfBudget.description))
        #expect(rule.steps > 100_000)
        #expect(rule.time >= .milliseconds(50))
    }

    @Test func `an event of every shape is judged the same with a trace and without`() throws {
        let rules =
            AuditHandler.checkNames.map { name in
                Rule(
                    verdict: .reject,
                    reason: name,
                    condition: .check(name, parameters: Example.parameters(of: name))
                )
            } + [Rule(verdict: .accept, reason: "fine", condition: .always)]
        var verdicts: Set<String> = []
        for prefix in ["01-", "02-", "04-", "05-", "07-", "09-", "10-", "13-", "16-", "20-", "22-"] {
            let callback = try Example.callback(prefix)
            // One by one, so that every check is asked of every shape.
            for rule in rules {
                let handler = try AuditHandler(configuration: .init(rules: [rule]))
                let trace = handler.trace(of: callback, after: [])
                #expect(trace.judgement == handler.judgement(of: callback, after: []))
                #expect(trace.rules.count == 1)
                verdicts.insert(trace.rules.first?.result.text ?? "")
            }
        }
        #expect(verdicts == ["applied", "did not apply", "cannot be decided"])
    }

    @Test func `earlier events count in a trace too`() throws {
        let rule = Rule(
            verdict: .reject,
            reason: "again",
            condition: .find("SELECT kind FROM history WHERE source = 'log'")
        )
        let handler = try AuditHandler(configuration: .init(rules: [rule]))
        let callback = try Example.callback("01-")
        let earlier = Example.event(try Example.callback("01-") { $0["response"] = ["annotations": []] }, id: 3)
        #expect(handler.trace(of: callback, after: []).judgement.verdict == .leave)
        #expect(handler.trace(of: callback, after: [earlier]).judgement.verdict == .reject)
    }
}
