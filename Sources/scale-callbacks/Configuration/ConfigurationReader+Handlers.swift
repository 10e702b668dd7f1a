import Callbacks
import Foundation
import Handlers
import Yams

/// The keys of handlers.
extension ConfigurationReader {
    private static let types = ["audit", "tags", "file"]
    private static let laterTypes = ["metadata", "forward", "command", "nucleus"]

    /// Reads the list of handlers.
    mutating func handlers(_ entry: Section.Entry?, accounts: [Account]) -> [HandlerConfiguration] {
        guard let entry else { return [] }
        guard case .sequence(let sequence) = entry.node else {
            self.report(entry.line, "\"handlers\" must be a list")
            return []
        }
        var names: [String: Int] = [:]
        let handlers: [HandlerConfiguration] = sequence.compactMap { node in
            guard
                let section = self.section(
                    node,
                    "a handler",
                    keys: ["name", "match", "concurrency", "timeout", "retries"] + Self.types,
                    later: Self.laterTypes + ["limits", "rate"]
                )
            else { return nil }
            let name = self.name(of: section)
            if let name, let line = section["name"]?.line {
                if let first = names[name] {
                    self.report(line, "a handler named \"\(name)\" is already on line \(first); rename one")
                }
                names[name] = names[name] ?? line
            }
            let match = self.match(section["match"], accounts: accounts)
            let concurrency = self.integer(section["concurrency"], in: 1...1000)
            let timeout = self.duration(section["timeout"], atLeast: .seconds(1))
            let backoff = self.backoff(section["retries"])
            guard let kind = self.kind(section, node), let name else { return nil }
            var handler = HandlerConfiguration(
                name: name,
                match: match,
                backoff: backoff,
                kind: kind,
                line: section.line
            )
            handler.concurrency = concurrency ?? kind.usualConcurrency
            handler.timeout = timeout ?? handler.timeout
            if kind.callsScale {
                for account in accounts
                where account.apiKey == nil && !account.name.isEmpty && (match.accounts?.contains(account.name) ?? true)
                {
                    self.report(
                        section.line,
                        """
                        handler "\(name)" calls Scale, but account "\(account.name)" has no "api-key"; add it, or \
                        choose other accounts with `match: { account: … }`
                        """
                    )
                }
            }
            return handler
        }
        self.warnOfRivals(handlers.filter(\.auditsLive))
        return handlers
    }

    /// Two live audits of one task could both ask Scale before either has sent its verdict.
    private mutating func warnOfRivals(_ handlers: [HandlerConfiguration]) {
        for (index, handler) in handlers.enumerated() where self.warnings.count < Self.maximumProblems {
            for rival in handlers[..<index] where !handler.match.isDisjoint(from: rival.match) {
                self.warn(
                    handler.line,
                    """
                    "\(rival.name)" and "\(handler.name)" both audit live and may match the same task, which could then \
                    be audited twice; let their `match` differ in account, type, project or batch
                    """
                )
            }
        }
    }

    private mutating func match(_ entry: Section.Entry?, accounts: [Account]) -> EventMatch {
        guard let entry,
            let section = self.section(
                entry.node,
                "\"match\"",
                keys: ["account", "project", "batch", "type", "status", "event", "tags", "metadata-keys"]
            )
        else { return EventMatch() }
        let names = self.texts(section["account"])
        for name in names ?? [] where !accounts.contains(where: { $0.name == name }) {
            let known = accounts.map { "\"\($0.name)\"" }.joined(separator: ", ")
            self.report(
                section["account"]?.line ?? section.line,
                "there is no account named \(Self.quoted(name)); the file has \(known)"
            )
        }
        return EventMatch(
            accounts: names,
            projects: self.texts(section["project"]),
            batches: self.texts(section["batch"]),
            types: self.texts(section["type"]),
            statuses: self.texts(section["status"]),
            kinds: self.eventKinds(section["event"]),
            tags: self.texts(section["tags"]) ?? [],
            metadataKeys: self.texts(section["metadata-keys"]) ?? []
        )
    }

    private mutating func eventKinds(_ entry: Section.Entry?) -> Set<Callback.Kind>? {
        guard let entry, let names = self.texts(entry) else { return nil }
        let all = Callback.Kind.allCases.map(\.rawValue)
        var kinds: Set<Callback.Kind> = []
        for name in names {
            if let kind = Callback.Kind(rawValue: name) {
                kinds.insert(kind)
            } else {
                let suggestion = Spelling.suggestion(for: name, among: all)
                let advice = suggestion.map { "did you mean \($0)?" } ?? "it is one of \(all.joined(separator: ", "))"
                self.report(entry.line, "unknown kind of event \(Self.quoted(name)); \(advice)")
            }
        }
        return kinds
    }

    private mutating func backoff(_ entry: Section.Entry?) -> Backoff {
        var backoff = Backoff()
        guard let entry,
            let section = self.section(
                entry.node,
                "\"retries\"",
                keys: ["first-delay", "maximum-delay", "attempts"]
            )
        else { return backoff }
        backoff.firstDelay = self.duration(section["first-delay"]) ?? backoff.firstDelay
        let maximumDelay = self.duration(section["maximum-delay"])
        backoff.maximumDelay = maximumDelay ?? max(backoff.maximumDelay, backoff.firstDelay)
        backoff.maximumAttempts = self.integer(section["attempts"], in: 1...1000) ?? backoff.maximumAttempts
        if let maximumDelay, maximumDelay < backoff.firstDelay {
            self.report(
                section["maximum-delay"]?.line ?? section.line,
                "\"maximum-delay\" is less than \"first-delay\" (\(Quantity.text(backoff.firstDelay))); raise it"
            )
        }
        return backoff
    }

    private mutating func kind(_ section: Section, _ node: Node) -> HandlerConfiguration.Kind? {
        let chosen = section.entries.filter { Self.types.contains($0.key) }
        guard let entry = chosen.first else {
            // A type of a later version is reported already, and one mistyped too.
            if node.mapping?.count == section.entries.count {
                self.report(section.line, "a handler needs one of \"audit\", \"tags\" or \"file\" to say what it does")
            }
            return nil
        }
        for other in chosen.dropFirst() {
            self.report(other.line, "a handler does one thing; move \"\(other.key)\" into a handler of its own")
        }
        return switch entry.key {
        case "audit": self.audit(entry).map(HandlerConfiguration.Kind.audit)
        case "tags": self.tags(entry).map(HandlerConfiguration.Kind.tags)
        default: self.file(entry).map(HandlerConfiguration.Kind.file)
        }
    }

    private mutating func tags(_ entry: Section.Entry) -> TagsHandler.Configuration? {
        guard let section = self.section(entry.node, "\"tags\"", keys: ["set", "add", "remove"]) else { return nil }
        guard !section.entries.isEmpty else {
            self.report(section.line, "\"tags\" changes nothing; give it \"set\", \"add\" or \"remove\"")
            return nil
        }
        let problemCount = self.problemCount
        let tags = TagsHandler.Configuration(
            set: self.texts(section["set"], allowsNone: true),
            add: self.texts(section["add"]) ?? [],
            remove: self.texts(section["remove"]) ?? []
        )
        // What could not be read is not missing, so the handler is not asked about it.
        return self.problemCount == problemCount ? tags : nil
    }

    private mutating func file(_ entry: Section.Entry) -> FileHandler.Configuration? {
        guard let section = self.section(entry.node, "\"file\"", keys: ["path"], later: ["fetch", "format"]) else {
            return nil
        }
        guard let path = section["path"] else {
            self.report(missing: "path", in: section, "such as \"dump/{project}/{task_id}-{event_id}.json\"")
            return nil
        }
        return self.text(path).map(FileHandler.split(path:))
    }

    // MARK: - Rules

    private mutating func audit(_ entry: Section.Entry) -> AuditHandler.Configuration? {
        guard
            let section = self.section(entry.node, "\"audit\"", keys: ["mode", "rules"], later: ["limits"])
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
        return AuditHandler.Configuration(mode: mode ?? .shadow, rules: sequence.compactMap { self.rule($0) })
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
