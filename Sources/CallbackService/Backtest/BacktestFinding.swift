import CallbackQueue
import Callbacks
import Handlers
import ScaleAPI

/// One task that a back-test points at: people decided otherwise, or other rules would.
struct BacktestFinding: Sendable, Hashable {
    /// What a list of rules said.
    struct Opinion: Sendable, Hashable {
        var verdict: AuditHandler.Configuration.Verdict
        var rule: Int?
        var line: Int?
        var check: String?
        var reason: String

        init(_ judgement: Judgement) {
            self.verdict = judgement.verdict
            self.rule = judgement.rule
            self.line = judgement.line
            self.check = judgement.check
            self.reason = judgement.error ?? judgement.reason
        }

        /// Such as `reject by rule 3`.
        var text: String { self.verdict.rawValue + (self.rule.map { " by rule \($0)" } ?? "") }

        var json: JSON {
            [
                "verdict": .string(self.verdict.rawValue),
                "rule": self.rule.map { .number(.init($0)) } ?? .null,
                "line": self.line.map { .number(.init($0)) } ?? .null,
                "check": JSON(self.check),
                "reason": .string(self.reason),
            ]
        }
    }

    var eventID: Int64
    var account: String
    var taskID: String
    var project: String?
    /// Where Scale's API has the task.
    var link: String
    /// What the rules under test say; nil when their handler does not take the event.
    var opinion: Opinion?
    /// What the other rules say, when there are any and they differ.
    var other: Opinion?
    /// What people decided.
    var decision: Decision?

    /// The members that findings of all kinds have.
    var object: JSON.Object {
        [
            "event_id": .number(.init(Int(self.eventID))),
            "account": .string(self.account),
            "task_id": .string(self.taskID),
            "project": JSON(self.project),
            "link": .string(self.link),
            "judgement": self.opinion?.json ?? .null,
            "decision": JSON(self.decision?.rawValue),
        ]
    }
}

/// People contradicted a verdict.
struct DisagreementItem: Row {
    static let columns: [Column] = [
        .number("EVENT"), .text("TASK"), .text("RULES"), .text("PEOPLE"), .text("REASON"), .text("LINK"),
    ]

    let finding: BacktestFinding

    var cells: [String] {
        [
            String(self.finding.eventID), self.finding.taskID, self.finding.opinion?.text ?? "–",
            self.finding.decision?.rawValue ?? "–", self.finding.opinion?.reason.cutForTable ?? "", self.finding.link,
        ]
    }

    var json: JSON { .object(self.finding.object) }
}

/// Other rules judge differently.
struct ChangeItem: Row {
    static let columns: [Column] = [
        .number("EVENT"), .text("TASK"), .text("BEFORE"), .text("NOW"), .text("PEOPLE"), .text("LINK"),
    ]

    let finding: BacktestFinding

    var cells: [String] {
        [
            String(self.finding.eventID), self.finding.taskID, self.finding.other?.text ?? "not taken",
            self.finding.opinion?.text ?? "not taken", self.finding.decision?.rawValue ?? "–", self.finding.link,
        ]
    }

    var json: JSON {
        var object = self.finding.object
        object["before"] = self.finding.other?.json ?? .null
        return .object(object)
    }
}

extension String {
    fileprivate var cutForTable: String { self.count <= 60 ? self : self.prefix(59) + "…" }
}
