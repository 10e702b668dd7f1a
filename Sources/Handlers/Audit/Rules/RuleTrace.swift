/// What became of one rule while an event was judged: for people who try rules.
package struct RuleTrace: Sendable, Hashable {
    /// How it ended for the rule.
    package enum Result: Sendable, Hashable {
        /// It decided.
        case applied
        /// The next one was asked.
        case passed
        /// It is neither true nor false, and why; the event is left for people.
        case undecided(String)
        /// One before it ended the judgement.
        case notAsked

        /// In words.
        package var text: String {
            switch self {
            case .applied: "applied"
            case .passed: "did not apply"
            case .undecided: "cannot be decided"
            case .notAsked: "not asked"
            }
        }
    }

    /// Its place in the list, from 1.
    package let number: Int
    /// The line it stands on.
    package let line: Int?
    /// What it decides when it applies.
    package let verdict: AuditHandler.Configuration.Verdict
    /// The word that its condition stands under: `when`, `find`, `check`, `sample` or `always`.
    package let condition: String
    /// The ready-made check, when it is one.
    package let check: String?
    /// How it ended.
    package let result: Result
    /// How many rows it found, at most as many as are kept as evidence.
    package let rows: Int
    /// About how many steps of its budget it took.
    package let steps: Int
    /// How much processor time it took.
    package let time: Duration
}

/// Writes down what becomes of each rule. A judgement without it costs nothing more.
final class RuleTracer {
    private(set) var rules: [RuleTrace] = []

    /// Asks a rule, and writes down what comes of it.
    func note(
        _ rule: RuleSet.Rule,
        in database: RuleDatabase,
        _ ask: () throws(RuleFailure) -> RuleRows?
    ) throws(RuleFailure) -> RuleRows? {
        let before = database.spent
        func append(_ result: RuleTrace.Result, rows: Int = 0) {
            let after = database.spent
            self.append(rule, result, rows: rows, steps: after.steps - before.steps, time: after.time - before.time)
        }
        do throws(RuleFailure) {
            let rows = try ask()
            append(rows == nil ? .passed : .applied, rows: rows?.rows.count ?? 0)
            return rows
        } catch {
            append(.undecided(error.description))
            throw error
        }
    }

    /// Writes down the rules that were not asked.
    func end(_ all: [RuleSet.Rule]) {
        for rule in all.dropFirst(self.rules.count) { self.append(rule, .notAsked, rows: 0, steps: 0, time: .zero) }
    }

    private func append(_ rule: RuleSet.Rule, _ result: RuleTrace.Result, rows: Int, steps: Int, time: Duration) {
        self.rules.append(
            RuleTrace(
                number: rule.number,
                line: rule.line,
                verdict: rule.verdict,
                condition: rule.condition,
                check: rule.check,
                result: result,
                rows: rows,
                steps: steps,
                time: time
            )
        )
    }
}
