import Handlers
import ScaleAPI

/// A rule with how often it decided; without a rule what none decided.
struct BacktestRuleItem: Row {
    static let columns: [Column] = [
        .number("RULE"), .number("LINE"), .text("VERDICT"), .text("CONDITION"), .number("APPLIED"),
        .number("UNDECIDED"), .text("MOSTLY BECAUSE"),
    ]

    let number: Int?
    let rule: AuditHandler.Configuration.Rule?
    let count: BacktestTally.RuleCount

    var cells: [String] {
        [
            self.number.map(String.init) ?? "none", self.rule?.line.map(String.init) ?? "–",
            (self.rule?.verdict ?? .leave).rawValue, self.condition, String(self.count.applied),
            String(self.count.undecided), self.count.mostFrequentReason ?? "",
        ]
    }

    var json: JSON {
        [
            "number": self.number.map { .number(.init($0)) } ?? .null,
            "line": self.rule?.line.map { .number(.init($0)) } ?? .null,
            "verdict": .string((self.rule?.verdict ?? .leave).rawValue),
            "condition": .string(self.condition),
            "applied": .number(.init(self.count.applied)),
            "undecided": .number(.init(self.count.undecided)),
            "mostly_because": JSON(self.count.mostFrequentReason),
        ]
    }

    private var condition: String {
        switch self.rule?.condition {
        case nil: "no rule applied"
        case .always: "always"
        case .when: "when"
        case .find: "find"
        case .check(let name, _): "check \(name)"
        case .sample: "sample"
        }
    }
}

/// A verdict against what people decided.
struct ConfusionItem: Row {
    static let columns: [Column] = [
        .text("VERDICT"), .number("PEOPLE ACCEPTED"), .number("REJECTED"), .number("FIXED"), .number("NOT DECIDED"),
        .number("ALL"),
    ]

    let verdict: AuditHandler.Configuration.Verdict
    /// Accepted, rejected, fixed, not decided.
    let counts: [Int]

    var cells: [String] {
        [self.verdict.rawValue] + self.counts.map(String.init) + [String(self.counts.reduce(0, +))]
    }

    /// Tables only; the summary has it as an object.
    var json: JSON { .array(self.counts.map { .number(.init($0)) }) }
}
