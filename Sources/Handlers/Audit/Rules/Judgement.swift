import Callbacks
package import ScaleAPI

/// What the rules say of a task, and why.
package struct Judgement: Sendable, Hashable {
    /// The decision; `leave` also when no rule applied and when one could not be decided.
    package let verdict: AuditHandler.Configuration.Verdict
    /// The rule that decided, from 1, or that could not be decided; nil when there was none.
    package let rule: Int?
    /// The line that it stands on in the configuration file.
    package let line: Int?
    /// The word that its condition stands under: `when`, `find`, `check`, `sample` or `always`.
    package let condition: String?
    /// The ready-made check, when it was one.
    package let check: String?
    /// The rule's text with its placeholders filled.
    package let reason: String
    /// What it found: at most 20 rows, each an object by column.
    package let evidence: [JSON]
    /// Why a rule could be neither true nor false.
    package let error: String?

    /// The comment for Scale: the reason of a reject, at most 500 characters.
    package var comment: String? { self.verdict == .reject ? self.reason.cut(to: 500) : nil }

    /// The judgement by the first rule that applies to the callback.
    ///
    /// - Parameter tracer: Told what becomes of each rule that is asked.
    /// - Throws: `RuleFailure` when the event cannot be loaded.
    init(
        of callback: Callback,
        log: [HistoryEntry],
        file: AnnotationsFile = .unread,
        by rules: [RuleSet.Rule],
        in database: RuleDatabase,
        tracer: RuleTracer? = nil
    ) throws(RuleFailure) {
        try database.load(callback, log: log, file: file)
        for rule in rules {
            do throws(RuleFailure) {
                let rows =
                    if let tracer {
                        try tracer.note(rule, in: database) { () throws(RuleFailure) in
                            try Self.findings(of: rule, for: callback, in: database)
                        }
                    } else {
                        try Self.findings(of: rule, for: callback, in: database)
                    }
                guard let rows else { continue }
                self.init(rule: rule, rows: rows, callback: callback)
                return
            } catch {
                self.init(failure: error, rule: rule)
                return
            }
        }
        self.init(rule: nil, rows: nil, callback: callback)
    }

    /// The judgement when something could not be decided.
    init(failure: RuleFailure, rule: RuleSet.Rule?) {
        self.verdict = .leave
        self.rule = rule?.number
        self.line = rule?.line
        self.condition = rule?.condition
        self.check = rule?.check
        self.reason = rule.map { "rule \($0.number) could not be decided" } ?? "the rules could not be asked"
        self.evidence = []
        self.error = failure.description
    }

    private init(rule: RuleSet.Rule?, rows: RuleRows?, callback: Callback) {
        self.verdict = rule?.verdict ?? .leave
        self.rule = rule?.number
        self.line = rule?.line
        self.condition = rule?.condition
        self.check = rule?.check
        self.evidence = rows?.asJSON ?? []
        self.error = nil
        self.reason =
            rule?.reason
            .filled { name in
                if let rows, let row = rows.rows.first, let column = rows.columns.firstIndex(of: name) {
                    return row[column].asText
                }
                return switch name {
                case "batch": callback.batch ?? RuleValue.null.asText
                case "project": callback.project ?? RuleValue.null.asText
                case "status": callback.status ?? RuleValue.null.asText
                case "task_id": callback.taskID ?? RuleValue.null.asText
                case "type": callback.taskType ?? RuleValue.null.asText
                default: RuleValue.null.asText
                }
            } ?? "no rule applied"
    }

    /// What a rule found; without rows when it applies for another reason; nil when it does not apply.
    private static func findings(
        of rule: RuleSet.Rule,
        for callback: Callback,
        in database: RuleDatabase
    ) throws(RuleFailure) -> RuleRows? {
        switch rule.test {
        case .always:
            return RuleRows(columns: [], rows: [])
        case .sample(let share):
            return Self.fraction(of: callback.taskID ?? "") < share ? RuleRows(columns: [], rows: []) : nil
        case .condition(let query):
            return try database.rows(of: query).rows.isEmpty ? nil : RuleRows(columns: [], rows: [])
        case .findings(let query):
            let rows = try database.rows(of: query)
            return rows.rows.isEmpty ? nil : rows
        case .check(let findings, let doubts):
            let rows = try database.rows(of: findings)
            if !rows.rows.isEmpty { return rows }
            if let doubts, let doubt = try database.rows(of: doubts).rows.first?.first {
                throw .unavailable(doubt.asText)
            }
            return nil
        }
    }

    /// A number from 0 up to 1 that belongs to a task id for good.
    private static func fraction(of taskID: String) -> Double {
        let bits = Digest.sha256(Array(taskID.utf8)).prefix(6).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(bits) / Double(1 << 48)
    }

    /// What goes on record.
    package func detail(mode: AuditHandler.Configuration.Mode, answer: String) -> JSON {
        var object: JSON.Object = ["verdict": .string(self.verdict.rawValue)]
        object["rule"] = self.rule.map { .number(JSON.Number($0)) } ?? .null
        object["line"] = self.line.map { .number(JSON.Number($0)) }
        object["condition"] = self.condition.map { .string($0) }
        object["check"] = self.check.map { .string($0) }
        object["reason"] = .string(self.reason)
        object["comment"] = self.comment.map { .string($0) }
        object["evidence"] = .array(self.evidence)
        object["mode"] = .string(mode.rawValue)
        object["answer"] = .string(answer)
        object["error"] = self.error.map { .string($0) }
        return .object(object)
    }

    /// One line for people, such as `reject by rule 1: Label not in the task: van`.
    package var summary: String {
        let rule = self.rule.map { " by rule \($0)" } ?? ""
        let error = self.error.map { " (\($0))" } ?? ""
        return "\(self.verdict.rawValue)\(self.error == nil ? rule : ""): \(self.reason)\(error)".cut(to: 500)
    }
}

extension RuleRows {
    /// Each row as an object by column.
    var asJSON: [JSON] {
        self.rows.map { row in
            .object(JSON.Object(members: zip(self.columns, row).map { (key: $0, value: $1.asJSON) }))
        }
    }
}

extension RuleValue {
    /// As JSON; numbers that JSON cannot write are null.
    var asJSON: JSON {
        switch self {
        case .null: .null
        case .integer(let value): .number(JSON.Number(Int(value)))
        case .real(let value): JSON.Number(value).map { .number($0) } ?? .null
        case .text(let text): .string(text)
        }
    }

    /// As it is quoted in a comment.
    var asText: String {
        switch self {
        case .text(let text): text
        case .null: "(none)"
        case .integer, .real: self.asJSON.encodedString
        }
    }
}
