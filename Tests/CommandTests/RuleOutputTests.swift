import Handlers
import ScaleAPI
import Testing

@testable import CallbackService

@Suite struct RuleOutputTests {
    @Test func `the schema names every view, column, function, check and parameter, in all forms`() throws {
        let (page, document, lines) = (MemorySink(), MemorySink(), MemorySink())
        try RuleSchema().write(as: .table, to: page)
        try RuleSchema().write(as: .json, to: document)
        try RuleSchema().write(as: .jsonl, to: lines)
        let json = try JSON(parsing: document.text)
        for view in RuleView.all {
            #expect(page.text.contains("\n\(view.name): \(view.meaning)\n"))
            for column in view.columns { #expect(page.text.contains("  \(column.name) ")) }
        }
        #expect(json["views"]?.array?.count == RuleView.all.count)
        #expect(json["functions"]?.array?.count == RuleFunction.all.count)
        for check in Check.all {
            let entry = try #require(json["checks"]?.array?.first { $0["name"]?.string == check.name })
            #expect(entry["columns"]?.array?.isEmpty == false, "\(check.name) has no columns")
            #expect(entry["parameters"]?.array?.count == check.parameters.count)
            #expect(page.text.contains("\n\(check.name): \(check.finds)\n"))
        }
        let count = RuleView.all.count + RuleFunction.all.count + Check.all.count
        #expect(lines.text.split(separator: "\n").count == count)
    }

    @Test func `a default that is told is the one in use`() throws {
        let check = try #require(Check.all.first { $0.name == "near-duplicate" })
        #expect(check.parameters.map(\.defaultText) == ["0.9"])
        for parameter in Check.all.flatMap(\.parameters) {
            guard let text = parameter.defaultText else { continue }
            #expect(
                parameter.meaning.contains("default"),
                "\(parameter.name) has the default \(text) and does not say so"
            )
        }
    }

    @Test func `a verdict becomes lines for people, and nothing in it moves the cursor`() throws {
        let row: JSON = ["label": "v\u{1B}[2Jan", "area": 12.5]
        let detail: JSON = [
            "verdict": "reject", "rule": 2, "line": 14, "condition": "check", "check": "zero-area", "reason": "a\nb",
            "comment": "a\nb", "evidence": .array(Array(repeating: row, count: 7)), "mode": "live", "answer": "audited",
        ]
        let lines = try #require(VerdictExplanation(detail)).lines
        #expect(
            lines == [
                #"verdict: reject by rule 2 (line 14): a\nb"#, "condition: check zero-area", #"comment: a\nb"#,
            ] + Array(repeating: #"evidence: label: v\u{1b}[2Jan, area: 12.5"#, count: 5) + [
                "evidence: and 2 more rows, see --output json", "mode: live", "answer: audited",
            ]
        )
        #expect(VerdictExplanation(["path": "x"]) == nil)
        #expect(VerdictExplanation("text") == nil)
    }
}
