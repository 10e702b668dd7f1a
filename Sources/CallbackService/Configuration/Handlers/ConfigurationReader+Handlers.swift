import Callbacks
import Foundation
import Handlers
import Yams

/// The keys of handlers.
extension ConfigurationReader {
    private static let types = ["audit", "tags", "metadata", "file", "forward", "command", "nucleus"]

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
                    later: ["limits", "rate"]
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
            handler.timeout = timeout ?? kind.usualTimeout
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
                let types = Self.types.dropLast().map { "\"\($0)\"" }.joined(separator: ", ")
                self.report(
                    section.line,
                    "a handler needs one of \(types) or \"\(Self.types.last ?? "")\" to say what it does"
                )
            }
            return nil
        }
        for other in chosen.dropFirst() {
            self.report(other.line, "a handler does one thing; move \"\(other.key)\" into a handler of its own")
        }
        return switch entry.key {
        case "audit": self.audit(entry).map(HandlerConfiguration.Kind.audit)
        case "tags": self.tags(entry).map(HandlerConfiguration.Kind.tags)
        case "forward": self.forward(entry).map(HandlerConfiguration.Kind.forward)
        case "command": self.command(entry).map(HandlerConfiguration.Kind.command)
        case "metadata": self.metadata(entry).map(HandlerConfiguration.Kind.metadata)
        case "nucleus": self.nucleus(entry).map(HandlerConfiguration.Kind.nucleus)
        default: self.file(entry).map(HandlerConfiguration.Kind.file)
        }
    }
}
