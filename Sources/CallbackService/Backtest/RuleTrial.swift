import Callbacks
import Handlers
import ScaleAPI

/// What rules say of one callback, with what became of each of them.
struct RuleTrial {
    let callback: Callback
    let judgement: Judgement
    let rules: [RuleTrace]
    /// Whether the handler takes such events; nil when it is not known which those are.
    let isTaken: Bool?

    /// Judges.
    ///
    /// - Parameters:
    ///   - account: Whose event it is; nil when it is in no store, then any will do.
    ///   - earlier: The events of the task before it, oldest first.
    init(
        of callback: Callback,
        account: String?,
        after earlier: [Event],
        by handler: AuditHandler,
        with rules: RuleFile.Rules
    ) {
        self.callback = callback
        (self.judgement, self.rules) = handler.trace(of: callback, after: earlier)
        self.isTaken = rules.match.map { match in
            var match = match
            if account == nil { match.accounts = nil }
            return match.accepts(callback, account: account ?? "")
        }
    }

    /// What the service would do otherwise; nil when it would do the same.
    var note: String? {
        guard self.callback.kind == .completed else {
            let review = self.callback.reviewStatus.map { ", \($0.prefix(50))" } ?? ""
            return """
                this callback is of kind "\(self.callback.kind.rawValue)" (status \
                \(TerminalText.escaped((self.callback.status ?? "unknown") + review))): the service judges completed \
                tasks that nobody has reviewed, and would leave it alone
                """
        }
        return self.isTaken == false ? "the handler's match does not take this event" : nil
    }

    /// Prints it: one JSON document, or a page for people.
    func write(as format: OutputFormat, to sink: some OutputSink) throws {
        guard format == .table else {
            try sink.writeLine(self.json.encodedString)
            return
        }
        let explanation = VerdictExplanation(
            self.judgement.detail(mode: .shadow, answer: ""),
            isWithEffect: false
        )
        let about = [self.callback.taskType, self.callback.project].compactMap(\.self).joined(separator: ", ")
        try sink.writeLine("task: \(TerminalText.escaped("\(self.callback.taskID ?? "–") (\(about))"))")
        for line in explanation?.lines ?? [] { try sink.writeLine(line) }
        try sink.writeLine("")
        var listing = Listing(of: RuleTraceItem.self, format: .table, to: sink)
        for rule in self.rules { try listing.add(RuleTraceItem(rule: rule)) }
        try listing.finish()
    }

    private var json: JSON {
        var object: JSON.Object = [
            "task_id": JSON(self.callback.taskID),
            "kind": .string(self.callback.kind.rawValue),
            "is_judged": .bool(self.callback.kind == .completed && self.isTaken != false),
        ]
        let detail = self.judgement.detail(mode: .shadow, answer: "").object
        for member in detail?.members ?? [] where member.key != "mode" && member.key != "answer" {
            object[member.key] = member.value
        }
        object["rules"] = .array(self.rules.map { RuleTraceItem(rule: $0).json })
        return .object(object)
    }
}

/// A rule with what became of it as a row.
struct RuleTraceItem: Row {
    static let columns: [Column] = [
        .number("RULE"), .number("LINE"), .text("VERDICT"), .text("CONDITION"), .text("RESULT"), .number("ROWS"),
        .number("STEPS"), .number("TIME"), .text("WHY"),
    ]

    let rule: RuleTrace

    var cells: [String] {
        let rule = self.rule
        let isAsked = rule.result != .notAsked
        return [
            String(rule.number), rule.line.map(String.init) ?? "–", rule.verdict.rawValue,
            [rule.condition, rule.check].compactMap(\.self).joined(separator: " "), rule.result.text,
            isAsked ? String(rule.rows) : "–", isAsked ? String(rule.steps) : "–",
            isAsked ? "\(self.microseconds) µs" : "–", self.reason ?? "",
        ]
    }

    var json: JSON {
        let rule = self.rule
        return [
            "number": .number(.init(rule.number)),
            "line": rule.line.map { .number(.init($0)) } ?? .null,
            "verdict": .string(rule.verdict.rawValue),
            "condition": .string(rule.condition),
            "check": JSON(rule.check),
            "result": .string(rule.result.text),
            "reason": JSON(self.reason),
            "rows": .number(.init(rule.rows)),
            "steps": .number(.init(rule.steps)),
            "microseconds": .number(.init(self.microseconds)),
        ]
    }

    private var reason: String? { if case .undecided(let reason) = self.rule.result { reason } else { nil } }

    private var microseconds: Int { Int(self.rule.time / .microseconds(1)) }
}
