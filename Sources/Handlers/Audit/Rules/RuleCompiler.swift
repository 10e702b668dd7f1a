/// Compiles one rule of the configuration.
struct RuleCompiler {
    let rule: AuditHandler.Configuration.Rule
    let number: Int
    /// Where its SQL is tried.
    let trial: RuleDatabase
    /// All queries so far; a query's number is its place here.
    var queries: [RuleQuery]

    /// The rule, with its queries added to `queries`.
    mutating func compile() throws(RuleError) -> RuleSet.Rule {
        var columns: [String] = []
        let test: RuleSet.Rule.Test
        let condition: String
        var checkName: String?
        switch self.rule.condition {
        case .always:
            (test, condition) = (.always, "always")
        case .sample(let share):
            guard share > 0, share <= 1 else {
                throw self.error("the share of a sample is \(share)", "Give more than 0 % and at most 100 %.")
            }
            (test, condition) = (.sample(share), "sample")
        case .when(let expression):
            // The line break ends a comment at the end of the expression.
            let sql = "SELECT 1 FROM task WHERE (\(expression)\n)"
            test = .condition(query: try self.add(RuleQuery(sql: sql)).number)
            condition = "when"
        case .find(let sql):
            let query = try self.add(RuleQuery(sql: sql))
            (test, condition, columns) = (.findings(query: query.number), "find", query.columns)
        case .check(let name, let parameters):
            guard let check = Check.named(name) else {
                let names = AuditHandler.checkNames.joined(separator: ", ")
                throw self.error("there is no check '\(name)'", "Use one of: \(names).")
            }
            let queries: (findings: RuleQuery, doubts: RuleQuery?)
            do throws(RuleFailure) { queries = try check.queries(parameters) } catch {
                throw self.error(error.description, "Correct the rule's parameters.")
            }
            let doubts = if let query = queries.doubts { try self.add(query).number } else { Int?.none }
            let findings = try self.add(queries.findings)
            test = .check(findings: findings.number, doubts: doubts)
            (condition, checkName, columns) = ("check", name, findings.columns)
        }
        return RuleSet.Rule(
            number: self.number,
            line: self.rule.line,
            verdict: self.rule.verdict,
            reason: try self.reason(knowing: columns),
            test: test,
            condition: condition,
            check: checkName
        )
    }

    private func reason(knowing columns: [String]) throws(RuleError) -> Template {
        let template: Template
        do throws(TemplateError) { template = try Template(self.rule.reason) } catch {
            throw self.error("its text cannot be read: \(error)", "Correct the text.")
        }
        for case .placeholder(let name, let format) in template.parts {
            guard format == nil, columns.contains(name) || RuleSet.taskPlaceholders.contains(name) else {
                let known = (columns + RuleSet.taskPlaceholders.filter { !columns.contains($0) }).map { "{\($0)}" }
                throw self.error(
                    "its text has the unknown placeholder {\(name)}",
                    "Use \(known.joined(separator: " ")), or write {{ and }} for braces that are meant as text."
                )
            }
        }
        return template
    }

    private mutating func add(_ query: RuleQuery) throws(RuleError) -> (number: Int, columns: [String]) {
        let number = self.queries.count
        do throws(RuleFailure) {
            let columns = try self.trial.prepare(query)
            // A query without end shows itself here already, before there is any event.
            try self.trial.load(nil)
            _ = try self.trial.rows(of: number)
            self.queries.append(query)
            return (number, columns)
        } catch {
            throw self.error(
                error.description,
                "Rules can read the tables \(RuleGuard.tables.sorted().joined(separator: ", ")) in one SELECT, "
                    + "with functions that neither write nor run long"
            )
        }
    }

    private func error(_ problem: String, _ advice: String) -> RuleError {
        RuleError(rule: self.number, line: self.rule.line, problem: problem, advice: advice)
    }
}
