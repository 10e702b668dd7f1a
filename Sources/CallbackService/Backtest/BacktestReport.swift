import CallbackQueue
import Callbacks
import Handlers
import ScaleAPI

/// Prints what a back-test found.
struct BacktestReport {
    typealias Verdict = AuditHandler.Configuration.Verdict

    let tally: BacktestTally
    let files: BacktestFiles
    let timing: Stopwatch.Timing

    /// What people can have decided, undecided last.
    private static let decisions: [Decision?] = Decision.allCases + [nil]

    /// A finding as one line of JSON Lines.
    static func line(of finding: BacktestRun.Finding) -> JSON {
        let (kind, json) =
            switch finding {
            case .disagreement(let finding): ("disagreement", DisagreementItem(finding: finding).json)
            case .change(let finding): ("change", ChangeItem(finding: finding).json)
            }
        var object: JSON.Object = ["kind": .string(kind)]
        for member in json.object?.members ?? [] { object[member.key] = member.value }
        return .object(object)
    }

    /// Prints it: one JSON document, the last line of JSON Lines, or tables for people.
    func write(as format: OutputFormat, to sink: some OutputSink) throws {
        switch format {
        case .table: try self.writePage(to: sink)
        case .json:
            var object = self.summary
            object["disagreements"] = .array(self.tally.disagreements.map { DisagreementItem(finding: $0).json })
            object["changed"] = .array(self.tally.changed.map { ChangeItem(finding: $0).json })
            try sink.writeLine(JSON.object(object).encodedString)
        case .jsonl:
            var object: JSON.Object = ["kind": "summary"]
            for member in self.summary.members { object[member.key] = member.value }
            try sink.writeLine(JSON.object(object).encodedString)
        }
    }

    private var summary: JSON.Object {
        let tally = self.tally
        let agreement = tally.agreement
        var object: JSON.Object = [
            "handler": JSON(self.files.handler), "file": .string(self.files.file),
            "events": .number(.init(tally.events)), "judged": .number(.init(tally.judged)),
            "not_taken": .number(.init(tally.notTaken)), "without_body": .number(.init(tally.withoutBody)),
            "damaged": .number(.init(tally.damaged)),
        ]
        object["verdicts"] = .object(
            JSON.Object(
                members: Verdict.allCases.map { verdict in
                    (verdict.rawValue, .number(.init(Self.decisions.reduce(0) { $0 + tally.count(verdict, $1) })))
                }
            )
        )
        object["rules"] = .array(self.ruleItems.map(\.json))
        object["decisions"] = .object(
            JSON.Object(
                members: Verdict.allCases.map { verdict in
                    (
                        verdict.rawValue,
                        .object(
                            JSON.Object(
                                members: Self.decisions.map { decision in
                                    (
                                        decision?.rawValue ?? "not_decided",
                                        .number(.init(tally.count(verdict, decision)))
                                    )
                                }
                            )
                        )
                    )
                }
            )
        )
        object["agreed"] = .number(.init(agreement.agreed))
        object["disagreed"] = .number(.init(agreement.disagreed))
        object["against"] = JSON(self.files.otherFile)
        object["changes"] = self.files.other == nil ? .null : .number(.init(tally.changes))
        object["elapsed_seconds"] = JSON(floatLiteral: Self.rounded(self.timing.elapsed.inSeconds))
        object["events_per_second"] = JSON(floatLiteral: Self.rounded(self.perSecond))
        object["processor_microseconds_each"] = JSON(floatLiteral: Self.rounded(self.microsecondsEach))
        return object
    }

    private func writePage(to sink: some OutputSink) throws {
        let tally = self.tally
        func write(_ title: String, _ text: String) throws {
            try sink.writeLine("\(title.padded(to: 10))  \(TerminalText.escaped(text))")
        }
        try write(
            "rules",
            "\(self.files.handler.map { "\($0), " } ?? "")\(self.files.rules.audit.rules.count) of \(self.files.file)"
        )
        var left: [String] = []
        if tally.notTaken > 0 { left.append("\(tally.notTaken) not taken by its match") }
        if tally.withoutBody > 0 { left.append("\(tally.withoutBody) without a body") }
        if tally.damaged > 0 { left.append("\(tally.damaged) damaged") }
        try write(
            "events",
            "\(tally.events) completed" + (left.isEmpty ? "" : ", of them " + left.joined(separator: ", "))
        )
        try write(
            "judged",
            "\(tally.judged); \(Int(self.perSecond)) events per second, \(Self.rounded(self.microsecondsEach)) µs each"
        )
        try sink.writeLine("")
        var rules = Listing(of: BacktestRuleItem.self, format: .table, to: sink)
        for item in self.ruleItems { try rules.add(item) }
        try rules.finish()
        try sink.writeLine("")
        var confusion = Listing(of: ConfusionItem.self, format: .table, to: sink)
        for verdict in Verdict.allCases {
            try confusion.add(ConfusionItem(verdict: verdict, counts: Self.decisions.map { tally.count(verdict, $0) }))
        }
        try confusion.finish()
        try self.writeFindings(to: sink)
    }

    private func writeFindings(to sink: some OutputSink) throws {
        let agreement = self.tally.agreement
        let decided = agreement.agreed + agreement.disagreed
        try sink.writeLine("\nPeople agree with \(agreement.agreed) of \(decided) verdicts that they decided about.")
        if agreement.disagreed > 0, !self.tally.disagreements.isEmpty {
            try sink.writeLine("The newest \(self.tally.disagreements.count) of \(agreement.disagreed) disagreements:")
            var listing = Listing(of: DisagreementItem.self, format: .table, to: sink)
            for finding in self.tally.disagreements { try listing.add(DisagreementItem(finding: finding)) }
            try listing.finish()
        }
        guard let other = self.files.otherFile else { return }
        try sink.writeLine("\n\(self.tally.changes) would change against \(TerminalText.escaped(other)).")
        guard !self.tally.changed.isEmpty else { return }
        try sink.writeLine("The newest \(self.tally.changed.count) of them:")
        var listing = Listing(of: ChangeItem.self, format: .table, to: sink)
        for finding in self.tally.changed { try listing.add(ChangeItem(finding: finding)) }
        try listing.finish()
    }

    /// Each rule with its counts, and what no rule decided at the end.
    private var ruleItems: [BacktestRuleItem] {
        let rules = self.files.rules.audit.rules.enumerated()
            .map { index, rule in
                BacktestRuleItem(number: index + 1, rule: rule, count: self.tally.rules[index + 1] ?? .init())
            }
        var none = self.tally.notLoaded
        none.applied = self.tally.withoutRule
        return rules + [BacktestRuleItem(number: nil, rule: nil, count: none)]
    }

    private var perSecond: Double {
        self.timing.elapsed > .zero ? Double(self.tally.events) / self.timing.elapsed.inSeconds : 0
    }

    private var microsecondsEach: Double {
        self.tally.events > 0 ? self.timing.processor.inSeconds * 1e6 / Double(self.tally.events) : 0
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }
}
