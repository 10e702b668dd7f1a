import Callbacks
import ScaleAPI

/// The `find` of a handler that does not audit: one query over what rules see, whose first row has values for it.
///
/// It is compiled, guarded and bounded exactly as the `find` of a rule, by the same code.
struct Find: Sendable {
    /// What the query says of an event.
    enum Answer: Sendable, Hashable {
        /// The first row, by column.
        case row(JSON.Object)
        /// There is no row.
        case nothing
        /// It can be neither said nor denied, and why.
        case undecided(String)
    }

    /// The columns that its rows have.
    let columns: [String]
    private let rules: RuleSet

    /// Compiles the query and tries it on an empty task.
    ///
    /// - Throws: `TemplateError` when it is not one query that only reads what rules may read.
    init(_ sql: String) throws(TemplateError) {
        do throws(RuleError) {
            self.rules = try RuleSet([
                AuditHandler.Configuration.Rule(verdict: .leave, reason: "found", condition: .find(sql))
            ])
        } catch {
            throw TemplateError("'find' cannot be used: \(error.problem). \(error.advice).")
        }
        do throws(RuleFailure) {
            self.columns = try RuleDatabase().prepare(RuleQuery(sql: sql))
        } catch {
            throw TemplateError("'find' cannot be used: \(error).")
        }
    }

    /// Asks about an event.
    func answer(for callback: Callback) -> Answer {
        let judgement = self.rules.judge(callback)
        if let error = judgement.error { return .undecided(error) }
        guard judgement.rule != nil else { return .nothing }
        return .row(judgement.evidence.first?.object ?? [:])
    }
}
