/// Why a rule of an audit handler cannot be used: the service does not start with it.
///
/// Safe to print: it quotes the rule and SQLite's own message, never an event.
package struct RuleError: Error, Hashable, CustomStringConvertible {
    /// The rule's place in its list, from 1.
    package let rule: Int
    /// The line of the configuration file, when it is known.
    package let line: Int?
    /// What is wrong.
    package let problem: String
    /// What to do about it.
    package let advice: String

    /// For example `Rule 2 (line 31): no such column: widht. Use the columns of …`.
    package var description: String {
        "Rule \(self.rule)\(self.line.map { " (line \($0))" } ?? ""): \(self.problem). \(self.advice)"
    }
}
