/// A value that goes into or comes out of rule SQL.
enum RuleValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
}

/// A question to the rule database.
struct RuleQuery: Sendable, Hashable {
    /// One `SELECT`.
    var sql: String
    /// What its parameters stand for, from `?1`; a query of the configuration file has none.
    var parameters: [RuleValue] = []
    /// Whether its SQL came from the configuration file.
    var isForeign = true
    /// A statement that makes an index which the query needs.
    ///
    /// It has to be one that no other query can use: without `ORDER BY` they would give their rows in its order.
    var index: String?
}

/// The rows that answered a query.
struct RuleRows: Sendable, Hashable {
    var columns: [String]
    var rows: [[RuleValue]]
}

/// Why a query has no answer. It is then neither true nor false, and the event is left for people.
enum RuleFailure: Error, Hashable, CustomStringConvertible {
    /// SQLite refused the SQL, or stumbled over it; with SQLite's message.
    case sql(String)
    /// It is not a query of the kind that rules can be.
    case unsuitable(String)
    /// It took too long.
    case outOfBudget
    /// It took too much memory.
    case outOfMemory
    /// It reads something that this event does not have in readable form.
    case unavailable(String)

    var description: String {
        switch self {
        case .sql(let message), .unsuitable(let message), .unavailable(let message): message
        case .outOfBudget:
            "the rule ran longer than \(RuleGuard.timeLimit.components.attoseconds / 1_000_000_000_000_000) ms, "
                + "or took more than \(RuleGuard.maximumSteps / 1_000_000) million steps"
        case .outOfMemory: "the rule took more than \(RuleGuard.maximumMemory / 1_000_000) MB of memory"
        }
    }
}
