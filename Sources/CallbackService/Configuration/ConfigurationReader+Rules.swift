import Callbacks
import Handlers
import ScaleAPI
import Yams

/// Rules alone, without what else is in their file.
extension ConfigurationReader {
    /// What a file says of rules.
    struct RuleContents {
        var rules: [RuleFile.Rules] = []
        var urls: [String: String] = [:]
        var namesStore = false
    }

    /// Reads a configuration's audit handlers, a mapping with `rules`, or a list of rules.
    mutating func rules(_ text: String) -> RuleContents {
        var contents = RuleContents()
        guard let root = self.parse(text) else { return contents }
        let line = root.mark?.line ?? 1
        switch root {
        case .sequence:
            let node = Node.mapping(Node.Mapping([(Node("rules"), root)]))
            contents.rules = self.rulesAlone(Section.Entry(key: "rules", line: line, node: node))
        case .mapping(let mapping) where mapping["rules"] != nil:
            contents.rules = self.rulesAlone(Section.Entry(key: "rules", line: line, node: root))
        case .mapping(let mapping):
            guard let handlers = mapping["handlers"] else {
                self.report(line, "there are no rules in it: give it \"handlers\", or a list of \"rules\"")
                return contents
            }
            contents.namesStore = mapping["store"] != nil
            let accounts = Self.accountsAlone(of: mapping)
            contents.urls = Dictionary(accounts.map { ($0.name, $0.url) }) { first, _ in first }
            let entry = Section.Entry(key: "handlers", line: line, node: Self.audits(of: handlers))
            contents.rules = self.handlers(entry, accounts: accounts)
                .compactMap { handler in
                    guard case .audit(let audit) = handler.kind else { return nil }
                    return RuleFile.Rules(name: handler.name, match: handler.match, audit: audit)
                }
        case .scalar, .alias:
            self.report(line, "there are no rules in it: give it \"handlers\", or a list of \"rules\"")
        }
        return contents
    }

    /// What is wrong with rules that can be read, at most as much as is told.
    func handlerProblems(_ contents: RuleContents) -> [ConfigurationProblem] {
        guard self.problems.isEmpty else { return [] }
        let problems = contents.rules.flatMap { rules in
            HandlerConfiguration(
                name: rules.name ?? "rules",
                kind: .audit(rules.audit),
                line: rules.audit.rules.first?.line ?? 1
            )
            .problems
        }
        return Array(problems.prefix(Self.maximumProblems))
    }

    private mutating func rulesAlone(_ entry: Section.Entry) -> [RuleFile.Rules] {
        self.audit(entry).map { [RuleFile.Rules(audit: $0)] } ?? []
    }

    /// The handlers that audit. The others may need secrets that are not here.
    private static func audits(of handlers: Node) -> Node {
        guard case .sequence(let sequence) = handlers else { return handlers }
        return .sequence(Node.Sequence(sequence.filter { $0.mapping?["audit"] != nil }))
    }

    /// The names of accounts and where they call, without their secrets: every account counts as one that can call.
    private static func accountsAlone(of file: Node.Mapping) -> [Account] {
        func account(_ name: String, url: String? = nil) -> Account {
            let url = url.flatMap(Self.url)
            let key = Secret("not read")
            return url.map { Account(name: name, callbackAuthKeys: [], apiKey: key, url: $0) }
                ?? Account(name: name, callbackAuthKeys: [], apiKey: key)
        }
        if let accounts = file["accounts"]?.sequence {
            return accounts.compactMap { node in
                node.mapping?["name"]?.scalar.map { account($0.string, url: node.mapping?["url"]?.scalar?.string) }
            }
        }
        // Without accounts in the file, those count as there that its handlers name.
        let names = file["handlers"]?.sequence?.compactMap { $0.mapping?["match"]?.mapping?["account"] } ?? []
        return names.flatMap { $0.sequence.map(Array.init) ?? [$0] }
            .compactMap { $0.scalar.map { account($0.string) } }
    }
}
