import Callbacks
import Handlers
import Yams

/// The keys of `audit`, its rules among them.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func audit(_ entry: Section.Entry) -> AuditHandler.Configuration? {
        guard
            let section = self.section(entry.node, "\"audit\"", keys: ["mode", "confirm", "fetch", "limits", "rules"])
        else { return nil }
        let mode: AuditHandler.Configuration.Mode? = self.choice(section["mode"])
        guard let rules = section["rules"] else {
            self.report(missing: "rules", in: section, "the first rule that applies decides, so it needs at least one")
            return nil
        }
        guard case .sequence(let sequence) = rules.node, !sequence.isEmpty else {
            self.report(rules.line, "\"rules\" must be a list with at least one rule")
            return nil
        }
        return AuditHandler.Configuration(
            mode: mode ?? .shadow,
            confirm: self.bool(section["confirm"]) ?? true,
            fetch: self.annotationsFetch(section["fetch"]),
            limits: self.limits(section["limits"]),
            rules: sequence.compactMap { self.rule($0) }
        )
    }

    /// The sizes of files that can be held in memory.
    private static var fetchedSizes: ClosedRange<Int> { 1 << 10...1 << 30 }

    private mutating func annotationsFetch(_ entry: Section.Entry?) -> AuditHandler.Fetch? {
        guard let entry else { return nil }
        if entry.node.scalar != nil {
            let isFetched = self.value(entry, "true, false, or a section with \"limit\"") { Bool($0) }
            return isFetched == true ? AuditHandler.Fetch() : nil
        }
        guard let section = self.section(entry.node, "\"fetch\"", keys: ["limit"]) else { return nil }
        var fetch = AuditHandler.Fetch()
        fetch.limit = self.bytes(section["limit"], in: Self.fetchedSizes) ?? fetch.limit
        return fetch
    }

    private mutating func limits(_ entry: Section.Entry?) -> EffectClaim.Limits {
        var limits = AuditHandler.Configuration.usualLimits
        guard let entry,
            let section = self.section(entry.node, "\"limits\"", keys: ["per-task", "per-hour", "reject-ratio"])
        else { return limits }
        func count(_ text: String, _ bounds: ClosedRange<Int>) -> Int?? {
            text == "none" ? .some(nil) : Int(text).flatMap { bounds.contains($0) ? .some($0) : nil }
        }
        let perTask: Int?? = self.value(section["per-task"], "\"none\" or a whole number from 1 to 1000") {
            count($0, 1...1000)
        }
        let perHour: Int?? = self.value(section["per-hour"], "\"none\" or a whole number from 1 to 1000000") {
            count($0, 1...1_000_000)
        }
        let rejects: EffectClaim.RejectLimit?? = self.value(
            section["reject-ratio"],
            "\"none\" or a share and among how many, 2 to 10000, such as \"20% over 100\""
        ) { text in
            if text == "none" { return .some(nil) }
            let words = text.split(separator: " ")
            guard words.count == 3, words[1] == "over", let share = Quantity.share(String(words[0])),
                let window = Int(words[2]), (2...10_000).contains(window)
            else { return nil }
            return .some(EffectClaim.RejectLimit(share: share, window: window))
        }
        limits.perTask = perTask ?? limits.perTask
        limits.perHour = perHour ?? limits.perHour
        limits.rejects = rejects ?? limits.rejects
        return limits
    }

    private mutating func rule(_ node: Node) -> AuditHandler.Configuration.Rule? {
        let verdicts = AuditHandler.Configuration.Verdict.allCases.map(\.rawValue)
        let conditions = ["when", "find", "check", "sample"]
        guard let section = self.section(node, "a rule", keys: verdicts + conditions, later: nil) else { return nil }

        let verdictEntries = section.entries.filter { verdicts.contains($0.key) }
        let conditionEntries = section.entries.filter { conditions.contains($0.key) }
        let others = section.entries.filter { !(verdicts + conditions).contains($0.key) }
        let isCheck = conditionEntries.first?.key == "check"
        if !isCheck {
            for entry in others {
                self.report(unknownKey: entry.key, line: entry.line, in: "a rule", keys: verdicts + conditions)
            }
        }
        for entry in conditionEntries.dropFirst() {
            self.report(entry.line, "a rule has one condition; move \"\(entry.key)\" into a rule of its own")
        }
        guard let verdictEntry = verdictEntries.first else {
            if isCheck || others.isEmpty {
                self.report(section.line, "a rule needs one of \"accept\", \"reject\" or \"leave\" with its reason")
            }
            return nil
        }
        for entry in verdictEntries.dropFirst() {
            self.report(entry.line, "a rule has one verdict; move \"\(entry.key)\" into a rule of its own")
        }
        guard let verdict = AuditHandler.Configuration.Verdict(rawValue: verdictEntry.key),
            let reason = self.text(verdictEntry),
            let condition = self.condition(conditionEntries.first, parameters: isCheck ? others : [])
        else { return nil }
        return AuditHandler.Configuration.Rule(
            verdict: verdict,
            reason: reason,
            condition: condition,
            line: section.line
        )
    }

    private mutating func condition(
        _ entry: Section.Entry?,
        parameters: [Section.Entry]
    ) -> AuditHandler.Configuration.Condition? {
        guard let entry else { return .always }
        switch entry.key {
        case "when": return self.text(entry).map { .when($0) }
        case "find": return self.text(entry).map { .find($0) }
        case "sample":
            return self.value(entry, "a percentage from 0% to 100%, such as 5%", parse: Quantity.share)
                .map { .sample($0) }
        default:
            var values: [String: String] = [:]
            for parameter in parameters {
                values[parameter.key] = self.text(parameter)
            }
            return self.text(entry).map { .check($0, parameters: values) }
        }
    }
}

extension AuditHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.value("mode", self.mode.rawValue)
        self.writeBody(to: &writer)
    }

    /// All but the mode, by which rules are recognised that somebody has promoted.
    var digest: [UInt8] {
        var writer = YAMLWriter()
        self.writeBody(to: &writer)
        return Digest.sha256(Array(writer.text.utf8))
    }

    private func writeBody(to writer: inout YAMLWriter) {
        writer.value("confirm", "\(self.confirm)")
        // Not a word of what is left out, so that promotions from before this key stay in force.
        if let fetch = self.fetch {
            writer.section("fetch") { $0.value("limit", Quantity.text(bytes: fetch.limit)) }
        }
        writer.section("limits") { writer in
            writer.value("per-task", self.limits.perTask.map { "\($0)" } ?? "none")
            writer.value("per-hour", self.limits.perHour.map { "\($0)" } ?? "none")
            let rejects = self.limits.rejects.map { "\(Quantity.text(share: $0.share)) over \($0.window)" }
            writer.value("reject-ratio", rejects ?? "none")
        }
        writer.list("rules", self.rules) { $1.write(to: &$0) }
    }
}

extension AuditHandler.Configuration.Rule {
    fileprivate func write(to writer: inout YAMLWriter) {
        writer.value(self.verdict.rawValue, self.reason)
        switch self.condition {
        case .always: break
        case .when(let sql): writer.value("when", sql)
        case .find(let sql): writer.value("find", sql)
        case .sample(let share): writer.value("sample", Quantity.text(share: share))
        case .check(let name, let parameters):
            writer.value("check", name)
            for (key, value) in parameters.sorted(by: { $0.key < $1.key }) { writer.value(key, value) }
        }
    }
}
