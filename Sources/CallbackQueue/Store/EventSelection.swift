internal import GRDB

/// Which events a person wants to see.
package struct EventSelection: Sendable, Hashable {
    /// Of this account; nil for any.
    package var account: String?
    /// About this task; nil for any.
    package var taskID: String?
    /// Of these kinds; nil for any.
    package var kinds: [String]?
    /// In this project; nil for any.
    package var project: String?
    /// In this batch; nil for any.
    package var batch: String?
    /// Kept at this time or later, in milliseconds since 1970.
    package var since: Int64?
    /// Only those that no handler took.
    package var isParked = false

    package init() {}

    /// The selection as SQL over `event` and `account`. Values are bound, never spliced.
    var condition: (sql: String, arguments: StatementArguments) {
        var terms = ["TRUE"]
        var arguments = StatementArguments()
        func add(_ term: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            terms.append(term)
            arguments += [value]
        }
        add("account.name = ?", self.account)
        add("event.subject = ?", self.taskID.map(SubjectKey.value(ofTask:)))
        add("event.taskID = ?", self.taskID)
        add("event.project = ?", self.project)
        add("event.batch = ?", self.batch)
        add("event.receivedAt >= ?", self.since)
        if let kinds {
            terms.append("event.kind IN (\(databaseQuestionMarks(count: kinds.count)))")
            arguments += StatementArguments(kinds)
        }
        if self.isParked { terms.append("NOT EXISTS (SELECT 1 FROM delivery WHERE eventID = event.id)") }
        return (terms.joined(separator: " AND "), arguments)
    }

    /// The numbers of the stretches between two that can hold such events, as SQL with both as its first arguments; nil
    /// when looking at stretches does not help.
    var stretchQuery: (sql: String, arguments: StatementArguments)? {
        guard self.taskID == nil, self != EventSelection() else { return nil }
        var queries: [String] = []
        var arguments = StatementArguments()
        func add(_ field: Stretch.Field, _ test: String, _ values: StatementArguments?) {
            guard let values else { return }
            queries.append(
                """
                SELECT DISTINCT stretchID FROM stretchValue
                WHERE stretchID BETWEEN ?1 AND ?2 AND field = '\(field.rawValue)' AND value \(test)
                """
            )
            arguments += values
        }
        // The sign keeps the index in use: an id is of a type, a value is not.
        add(.account, "= (SELECT +id FROM account WHERE name = ?)", self.account.map { [$0] })
        add(.project, "= ?", self.project.map { [$0] })
        add(.batch, "= ?", self.batch.map { [$0] })
        add(
            .kind,
            "IN (\(databaseQuestionMarks(count: self.kinds?.count ?? 0)))",
            self.kinds.map { StatementArguments($0) }
        )
        if self.isParked { add(.parked, "= 1", []) }
        if let since = self.since {
            queries.append("SELECT id FROM stretch WHERE id BETWEEN ?1 AND ?2 AND newestAt >= ?")
            arguments += [since]
        }
        return (queries.joined(separator: "\nINTERSECT\n"), arguments)
    }
}
