import Callbacks
import Handlers

/// The rules of a file, to be tried: those of the audit handlers of a configuration, or a list of rules alone.
///
/// Accounts and other handlers are not read, so that rules can be tried where their secrets are not.
struct RuleFile: Sendable {
    /// One list of rules that compiles.
    struct Rules: Sendable {
        /// The handler's name; nil for a list of rules alone.
        var name: String?
        /// Which events the handler takes; nil for a list of rules alone.
        var match: EventMatch?
        /// Its rules and how it is run.
        var audit: AuditHandler.Configuration
    }

    /// What to call the file.
    let name: String
    /// Its lists of rules, in their order.
    let rules: [Rules]
    /// The base of Scale's API by the account's name.
    let urls: [String: String]
    /// Whether it is a configuration that says where the store is.
    let namesStore: Bool

    /// The rules of a handler.
    ///
    /// - Parameter name: Nil when there is only one to choose from.
    /// - Throws: `ConfigurationError` when there is none, or more than one.
    func rules(of name: String?) throws(ConfigurationError) -> Rules {
        let names = self.rules.compactMap(\.name).map { "\"\($0)\"" }.joined(separator: ", ")
        guard let name else {
            guard let first = self.rules.first, self.rules.count == 1 else {
                let message =
                    self.rules.isEmpty
                    ? "there is no audit handler in it, whose rules could be tried"
                    : "it has the audit handlers \(names); choose one with --handler"
                throw ConfigurationError(file: self.name, problems: [ConfigurationProblem(message: message)])
            }
            return first
        }
        // A list of rules alone can be any handler's.
        guard let rules = self.rules.first(where: { $0.name == name || $0.name == nil }) else {
            let known = names.isEmpty ? "it has none" : "it has \(names)"
            let message = "there is no audit handler named \(ConfigurationReader.quoted(name)); \(known)"
            throw ConfigurationError(file: self.name, problems: [ConfigurationProblem(message: message)])
        }
        return rules
    }
}

extension ConfigurationFile {
    /// Reads the rules of the file at `path`, or of the configuration in force; nil when there is no file in force.
    ///
    /// - Throws: Everything that is wrong with them, together.
    func rules(path: String?) throws(ConfigurationError) -> RuleFile? {
        guard let (path, name) = self.file(named: path) else { return nil }
        return try self.rules(text: self.text(ofFile: path, named: name), named: name)
    }

    /// Reads the rules of a text.
    ///
    /// - Parameter name: What to call the file in messages.
    func rules(text: String, named name: String) throws(ConfigurationError) -> RuleFile {
        var reader = ConfigurationReader(environment: self.environment)
        let contents = reader.rules(text)
        let problems = reader.problems + reader.handlerProblems(contents)
        guard problems.isEmpty else { throw ConfigurationError(file: name, problems: problems) }
        return RuleFile(name: name, rules: contents.rules, urls: contents.urls, namesStore: contents.namesStore)
    }
}
