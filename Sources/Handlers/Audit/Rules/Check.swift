/// A ready-made check: a query with a name, so that common rules need no SQL.
struct Check: Sendable {
    /// A parameter that a rule may give.
    struct Parameter: Sendable {
        /// What values it takes.
        enum Kind: Sendable {
            /// A text that is not empty.
            case text
            /// A number from this range; whole when it says so.
            case number(ClosedRange<Double>, isWhole: Bool)
        }

        let name: String
        let kind: Kind
        /// The value when the rule gives none.
        var standard: RuleValue = .null
        /// Whether a rule must give it.
        var isRequired = false
    }

    let name: String
    /// In the order of `?1`, `?2`, … in the SQL.
    var parameters: [Parameter] = []
    /// Returns the findings.
    let sql: String
    /// A query that returns a row when the check can tell, with the same parameters, and what to say when it cannot.
    var precondition: (sql: String, problem: String)?

    /// The queries for a rule's parameters.
    ///
    /// - Throws: `RuleFailure.unsuitable` for an unknown parameter, and for a value that is not of its kind.
    func queries(_ given: [String: String]) throws(RuleFailure) -> (findings: RuleQuery, precondition: RuleQuery?) {
        let known = self.parameters.map(\.name)
        if let unknown = given.keys.sorted().first(where: { !known.contains($0) }) {
            let advice = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
            throw .unsuitable("the check '\(self.name)' has no parameter '\(unknown)'; \(advice)")
        }
        var values: [RuleValue] = []
        for parameter in self.parameters {
            guard let text = given[parameter.name] else {
                guard !parameter.isRequired else {
                    throw .unsuitable("the check '\(self.name)' needs the parameter '\(parameter.name)'")
                }
                values.append(parameter.standard)
                continue
            }
            guard let value = parameter.value(of: text) else {
                throw .unsuitable(
                    "the parameter '\(parameter.name)' of the check '\(self.name)' is '\(text.cut(to: 100))', "
                        + "but \(parameter.expectation)"
                )
            }
            values.append(value)
        }
        return (
            RuleQuery(sql: self.sql, parameters: values, isForeign: false),
            self.precondition.map { RuleQuery(sql: $0.sql, parameters: values, isForeign: false) }
        )
    }
}

extension Check.Parameter {
    fileprivate func value(of text: String) -> RuleValue? {
        switch self.kind {
        case .text: return text.isEmpty ? nil : .text(text)
        case .number(let range, let isWhole):
            guard let number = Double(text), range.contains(number), !isWhole || number == number.rounded() else {
                return nil
            }
            return isWhole ? .integer(Int64(number)) : .real(number)
        }
    }

    fileprivate var expectation: String {
        switch self.kind {
        case .text: "it must not be empty"
        case .number(let range, let isWhole):
            "it must be a \(isWhole ? "whole " : "")number from \(range.lowerBound) to \(range.upperBound)"
        }
    }
}
