import Callbacks
import Handlers

/// The rules of a back-test, where they come from, and what is compared.
struct BacktestFiles: Sendable {
    /// The rules under test, and what to call their file.
    let rules: RuleFile.Rules
    let file: String
    /// The rules to compare with.
    let other: RuleFile.Rules?
    let otherFile: String?
    /// The handler's name, where one is known.
    let handler: String?
    /// The base of Scale's API by account.
    let urls: [String: String]
    /// Where the store is when nothing else is said.
    let storePath: String

    /// Reads the files.
    ///
    /// - Throws: `ConfigurationError` when rules cannot be used, and when there are none.
    init(config: String?, against: String?, handler: String?, files: ConfigurationFile = .init()) throws {
        guard let tested = try files.rules(path: config) else {
            let message = "there are no rules: name a file with --config"
            throw ConfigurationError(problems: [ConfigurationProblem(message: message)])
        }
        var rules = try tested.rules(of: handler)
        let name = handler ?? rules.name
        var other: (rules: RuleFile.Rules, file: String)?
        var urls = tested.urls
        if let against {
            // A path that is given is always a file.
            if let file = try files.rules(path: against) { other = (try file.rules(of: name), file.name) }
        } else if config != nil, let inForce = files.file(named: nil), inForce.path != config,
            // Broken, or without this handler, it has nothing to compare with.
            let file = try? files.rules(path: nil), let others = try? file.rules(of: name), others.name != nil
        {
            urls.merge(file.urls) { tested, _ in tested }
            if others.audit.rules.map(\.condition) != rules.audit.rules.map(\.condition)
                || others.audit.rules.map(\.verdict) != rules.audit.rules.map(\.verdict) || others.match != rules.match
            {
                other = (others, file.name)
            }
        }
        // A list of rules alone is for the events of the handler that it is compared with.
        rules.match = rules.match ?? other?.rules.match
        if var compared = other {
            compared.rules.match = compared.rules.match ?? rules.match
            other = compared
        }
        self.rules = rules
        self.file = tested.name
        self.other = other?.rules
        self.otherFile = other?.file
        self.handler = name ?? other?.rules.name
        self.urls = urls
        self.storePath = try files.storePath(config: tested.namesStore ? config : nil)
    }
}
