import CSQLite
import Callbacks

/// An in-memory SQLite that holds one event at a time and answers the rules' questions about it.
///
/// It is for one evaluation at a time. What rules may do is decided by `RuleGuard`; what they see is described in
/// `RuleView.all`, and only what some query reads is there.
final class RuleDatabase {
    /// How many rows of a query are kept as evidence.
    static let maximumRows = 20
    /// The longest text value that is kept of one, in characters.
    static let maximumValueLength = 500
    /// Tells SQLite to make a copy of its own of a text that it is given.
    static let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private struct Statement {
        let handle: OpaquePointer
        let reads: Set<String>
        let columns: [String]
    }

    private let connection: OpaquePointer
    private let rules = RuleGuard()
    private var queries: [Statement] = []
    /// Made when an event is loaded, for the queries there are then.
    private var fillings: [Filling]?
    private var indexes: Set<String> = []

    /// What the queries read: `table` and `table.column`.
    var reads: Set<String> { self.queries.reduce(into: []) { $0.formUnion($1.reads) } }

    /// What the present event does not have in readable form, by `table` or `table.column`, and why.
    var unavailable: [String: String] = [:]

    /// What was spent of the present event's budget, for traces.
    var spent: (steps: Int, time: Duration) { self.rules.spent }

    /// Whether it can be used again. When SQLite had no memory left it has given up what was in it.
    var isUsable: Bool { sqlite3_get_autocommit(self.connection) == 0 }

    /// Opens an empty database.
    ///
    /// - Throws: `RuleFailure.sql` when SQLite has no memory left.
    init() throws(RuleFailure) {
        var connection: OpaquePointer?
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX
            | SQLITE_OPEN_PRIVATECACHE
        guard sqlite3_open_v2(":memory:", &connection, flags, nil) == SQLITE_OK, let connection else {
            sqlite3_close_v2(connection)
            throw .sql("the rule database cannot be opened")
        }
        self.connection = connection
        // What a rule sorts stays in memory, where it is counted, and does not go to the disk.
        try self.execute("PRAGMA journal_mode = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF")
        for view in RuleView.all { try self.execute(view.definition) }
        // Makes these two known; under guard SQLite may not make any other of its virtual tables.
        try self.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
        RuleFunctions(budget: self.rules).register(on: connection)
        self.rules.watch(connection)
        // It stays open: nobody else sees this database, and there is no journal to roll back with.
        try self.execute("BEGIN")
    }

    deinit {
        for statement in self.queries { sqlite3_finalize(statement.handle) }
        for filling in self.fillings ?? [] { filling.finalize() }
        sqlite3_close_v2(self.connection)
    }

    /// Compiles a query; it is asked by its number, counted from 0 in the order of this call. Gives its columns.
    ///
    /// - Throws: `RuleFailure` when it is not one query that only reads what rules may read.
    @discardableResult
    func prepare(_ query: RuleQuery) throws(RuleFailure) -> [String] {
        if let index = query.index, self.indexes.insert(index).inserted { try self.execute(index) }
        var handle: OpaquePointer?
        var rest = ""
        let text = query.sql
        guard !text.utf8.contains(0) else { throw .unsuitable("the SQL holds a NUL") }
        let (status, reads) = self.rules.guarding(isForeign: true) {
            text.withCString { start in
                var tail: UnsafePointer<CChar>?
                let status = sqlite3_prepare_v3(
                    self.connection,
                    start,
                    -1,
                    UInt32(SQLITE_PREPARE_PERSISTENT),
                    &handle,
                    &tail
                )
                rest = tail.map { String(cString: $0) } ?? ""
                return status
            }
        }
        guard status == SQLITE_OK else { throw .sql(self.message) }
        guard let handle else { throw .unsuitable("there is no SQL") }
        let columns = (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
        self.queries.append(Statement(handle: handle, reads: reads, columns: columns))
        self.dropFillings()
        guard Self.isBlank(rest) else { throw .unsuitable("there is more than one statement") }
        guard sqlite3_stmt_isexplain(handle) == 0, sqlite3_stmt_readonly(handle) != 0, !columns.isEmpty
        else { throw .unsuitable("only a SELECT is allowed") }
        guard !query.isForeign || sqlite3_bind_parameter_count(handle) == 0 else {
            throw .unsuitable("the SQL has a parameter, for which there is no value")
        }
        for (index, value) in query.parameters.enumerated() { Self.bind(value, to: handle, at: Int32(index + 1)) }
        return columns
    }

    /// Puts an event in the place of the one before; nil for none. Begins its budget.
    ///
    /// - Parameters:
    ///   - log: What is known of the task beside its callback, oldest first.
    ///   - file: What is known of the file that its annotations are in.
    func load(
        _ callback: Callback?,
        log: [HistoryEntry] = [],
        file: AnnotationsFile = .unread
    ) throws(RuleFailure) {
        self.rules.liftBudget()
        self.unavailable = [:]
        var fillings: [Filling]
        if let ready = self.fillings {
            fillings = ready
        } else {
            fillings = try self.makeFillings(reading: self.reads)
        }
        self.fillings = fillings
        let event = JudgedEvent(callback, log: log, annotationsFile: file)
        for index in fillings.indices { try self.fill(&fillings[index], with: event) }
        self.fillings = fillings
        self.rules.resetBudget()
    }

    /// Asks a query about the present event. At most `maximumRows` rows are read.
    func rows(of query: Int) throws(RuleFailure) -> RuleRows {
        let statement = self.queries[query]
        if !self.unavailable.isEmpty {
            // Sorted, so that the same event always gives the same reason.
            for (name, problem) in self.unavailable.sorted(by: { $0.key < $1.key }) where statement.reads.contains(name)
            {
                throw .unavailable(problem)
            }
        }
        defer { sqlite3_reset(statement.handle) }
        var result = RuleRows(columns: statement.columns, rows: [])
        while result.rows.count < Self.maximumRows {
            switch sqlite3_step(statement.handle) {
            case SQLITE_ROW:
                result.rows.append(
                    statement.columns.indices.map { Self.value(of: statement.handle, column: Int32($0)) }
                )
            case SQLITE_DONE:
                return result
            default:
                throw self.rules.excess ?? .sql(self.message)
            }
        }
        return result
    }

    // MARK: - For filling

    /// Compiles one of our own statements.
    func compile(_ sql: String) throws(RuleFailure) -> OpaquePointer {
        var handle: OpaquePointer?
        guard
            sqlite3_prepare_v3(self.connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil) == SQLITE_OK,
            let handle
        else { throw .sql(self.message) }
        return handle
    }

    /// Runs one of our own statements, with the values that are bound to it.
    func run(_ handle: OpaquePointer) throws(RuleFailure) {
        defer { sqlite3_reset(handle) }
        guard sqlite3_step(handle) == SQLITE_DONE else { throw .sql(self.message) }
    }

    /// Lets them be made anew, because there are other queries now.
    private func dropFillings() {
        for filling in self.fillings ?? [] { filling.finalize() }
        self.fillings = nil
    }

    private func execute(_ sql: String) throws(RuleFailure) {
        guard sqlite3_exec(self.connection, sql, nil, nil, nil) == SQLITE_OK else { throw .sql(self.message) }
    }

    private var message: String { String(cString: sqlite3_errmsg(self.connection)) }

    /// Binds a value, as a copy of SQLite's own.
    static func bind(_ value: RuleValue, to handle: OpaquePointer, at index: Int32) {
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let value): sqlite3_bind_int64(handle, index, value)
        case .real(let value): sqlite3_bind_double(handle, index, value)
        case .text(var value):
            value.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    // An empty string has no address of its own, and no address would mean NULL.
                    _ =
                        characters.baseAddress.map {
                            sqlite3_bind_text(handle, index, $0, Int32(clamping: characters.count), Self.copies)
                        } ?? sqlite3_bind_text(handle, index, "", 0, Self.copies)
                }
            }
        }
    }

    private static func value(of handle: OpaquePointer, column: Int32) -> RuleValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT, SQLITE_BLOB:
            guard let start = sqlite3_column_blob(handle, column) else { return .text("") }
            let length = min(Int(sqlite3_column_bytes(handle, column)), Self.maximumValueLength * 4)
            let text = String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
            return .text(text.cut(to: Self.maximumValueLength))
        default: return .null
        }
    }

    /// Whether nothing but white space, semicolons and comments is left.
    private static func isBlank(_ text: String) -> Bool {
        text.split(separator: "\n")
            .allSatisfy { line in
                let words = line.drop { $0.isWhitespace || $0 == ";" }
                return words.isEmpty || words.hasPrefix("--")
            }
    }
}

extension String {
    /// The text when it is short enough, else its beginning with an ellipsis, `limit` characters in all.
    func cut(to limit: Int) -> String {
        self.count <= limit ? self : self.prefix(limit - 1) + "…"
    }
}
