package import Callbacks

/// What people need who try rules before they trust them.
extension AuditHandler {
    /// What the rules say of a callback that came after these events of its task, and what became of each rule.
    ///
    /// - Returns: No rules when the event could not be loaded, which the judgement tells.
    package func trace(
        of callback: Callback,
        after earlier: [Event]
    ) -> (judgement: Judgement, rules: [RuleTrace]) {
        self.rules.trace(callback, log: self.readsHistory ? HistoryEntry.log(of: earlier, before: callback) : [])
    }

    /// The names of SQLite's own functions that rules may use, in alphabetical order.
    package static var functionNames: [String] {
        RuleGuard.functions.subtracting(RuleFunction.all.map(\.name)).sorted()
    }
}
