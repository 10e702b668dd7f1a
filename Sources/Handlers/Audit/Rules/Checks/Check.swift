/// A ready-made check: a query with a name, so that common rules need no SQL.
package struct Check: Sendable {
    /// A parameter that a rule may give.
    package struct Parameter: Sendable {
        /// What values it takes.
        enum Kind: Sendable {
            /// A text that is not empty.
            case text
            /// A number from this range; whole when it says so.
            case number(ClosedRange<Double>, isWhole: Bool)
            /// One of these words.
            case word([String])
            /// A regular expression.
            case pattern
            /// Where a value stands in metadata or elsewhere: keys with dots between them.
            case key
        }

        /// Its name.
        package let name: String
        /// What it means, with its default.
        package let meaning: String
        let kind: Kind
        /// The value when the rule gives none.
        var standard: RuleValue = .null
        /// That value as a text; nil when there is none.
        package var defaultText: String? { self.standard == .null ? nil : self.standard.asText }
        /// Whether a rule must give it.
        package var isRequired = false

        init(_ name: String, _ kind: Kind, _ meaning: String, standard: RuleValue = .null, isRequired: Bool = false) {
            self.name = name
            self.meaning = meaning
            self.kind = kind
            self.standard = standard
            self.isRequired = isRequired
        }
    }

    /// Its name in rules.
    package let name: String
    /// What it finds.
    package let finds: String
    /// In the order of `?1`, `?2`, … in the SQL.
    package var parameters: [Parameter] = []
    /// Returns the findings. It is made for the values that a rule gives, so that it reads no more than they need.
    let sql: @Sendable (Values) -> String
    /// Returns a row with the reason when the check cannot tell, with the same parameters; it is asked when there are
    /// no
    /// findings. What is missing must never count as right.
    var doubts: (@Sendable (Values) -> String)?
    /// A statement for an index that the findings need, see `RuleQuery.index`.
    var index: String?

    /// The values of a check's parameters by name.
    struct Values {
        fileprivate let values: [String: RuleValue]

        /// The value; NULL when there is none.
        subscript(name: String) -> RuleValue { self.values[name] ?? .null }
    }

    /// The columns that a text may quote; empty when they cannot be told.
    package var columns: [String] {
        let parameters = self.parameters.map { ($0.name, $0.standard) }
        let values = Values(values: Dictionary(parameters) { first, _ in first })
        let query = RuleQuery(sql: self.sql(values), isForeign: false, index: self.index)
        return (try? RuleDatabase().prepare(query)) ?? []
    }

    /// The queries for a rule's parameters.
    ///
    /// - Throws: `RuleFailure.unsuitable` for an unknown parameter, and for a value that is not of its kind.
    func queries(_ given: [String: String]) throws(RuleFailure) -> (findings: RuleQuery, doubts: RuleQuery?) {
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
            do throws(RuleFailure) {
                values.append(try parameter.value(of: text))
            } catch {
                throw .unsuitable(
                    "the parameter '\(parameter.name)' of the check '\(self.name)' is '\(text.cut(to: 100))', "
                        + "but \(error)"
                )
            }
        }
        let named = Values(values: Dictionary(zip(known, values)) { first, _ in first })
        return (
            RuleQuery(sql: self.sql(named), parameters: values, isForeign: false, index: self.index),
            self.doubts.map { RuleQuery(sql: $0(named), parameters: values, isForeign: false) }
        )
    }
}

extension Check.Parameter {
    /// - Throws: `RuleFailure.unsuitable` with what is expected instead.
    fileprivate func value(of text: String) throws(RuleFailure) -> RuleValue {
        switch self.kind {
        case .text:
            guard !text.isEmpty else { throw .unsuitable("it must not be empty") }
            return .text(text)
        case .number(let range, let isWhole):
            guard let number = Double(text), range.contains(number), !isWhole || number == number.rounded() else {
                throw .unsuitable(
                    "it must be a \(isWhole ? "whole " : "")number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return isWhole ? .integer(Int64(number)) : .real(number)
        case .word(let words):
            guard words.contains(text) else {
                throw .unsuitable("it must be one of: \(words.joined(separator: ", "))")
            }
            return .text(text)
        case .pattern:
            _ = try Pattern(text)
            return .text(text)
        case .key:
            let keys = text.split(separator: ".", omittingEmptySubsequences: false)
            guard keys.allSatisfy({ !$0.isEmpty && !$0.contains("\"") }) else {
                throw .unsuitable("it must be keys with dots between them, such as camera.width")
            }
            return .text("$" + keys.map { ".\"\($0)\"" }.joined())
        }
    }
}

extension Check {
    /// All of them, by name in alphabetical order.
    package static let all: [Check] = (ofAnnotations + ofGeometry + ofPairs + ofAnswers + ofTexts + ofTasks)
        .sorted { $0.name < $1.name }

    /// The check of this name.
    static func named(_ name: String) -> Check? { self.all.first { $0.name == name } }

    init(
        _ name: String,
        _ finds: String,
        _ parameters: [Parameter] = [],
        sql: String,
        doubts: String? = nil,
        index: String? = nil
    ) {
        self.name = name
        self.finds = finds
        self.parameters = parameters
        self.sql = { _ in sql }
        if let doubts { self.doubts = { _ in doubts } }
        self.index = index
    }

    init(
        _ name: String,
        _ finds: String,
        _ parameters: [Parameter],
        making sql: @escaping @Sendable (Values) -> String,
        doubts: @escaping @Sendable (Values) -> String
    ) {
        self.name = name
        self.finds = finds
        self.parameters = parameters
        self.sql = sql
        self.doubts = doubts
    }
}
