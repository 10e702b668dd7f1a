internal import CSQLite
internal import Foundation

/// What rule SQL may do, and for how long: SQLite asks it while it compiles a statement and while it runs one.
///
/// Rules can only read, and only the views of `RuleView.all`. What they can build is bounded by SQLite's limits, what
/// they can take by a budget for each event.
final class RuleGuard {
    /// How long all rules together may take for one event.
    static let timeLimit: Duration = .milliseconds(400)
    /// How many steps of SQLite's machine they may take.
    static let maximumSteps = 40_000_000
    /// How much more memory SQLite may have than when the event was loaded, in bytes.
    static let maximumMemory: Int64 = 128_000_000
    /// After how many steps the budget is looked at. Small, because one step can be a function over a megabyte.
    private static let stepsBetweenLooks: Int32 = 50
    /// The largest string or row, in bytes: two columns of `RuleDatabase.maximumDocumentLength` and the small ones.
    static let maximumLength: Int32 = 3_000_000
    /// How often the compiler may ask about one statement; a query that unfolds without end is refused.
    private static let maximumQuestions = 5000

    /// What `SELECT` may read.
    static let tables: Set<String> = Set(RuleView.all.map(\.name) + ["json_each", "json_tree"])

    /// Functions that have no effect, always end soon and cannot make much out of little.
    ///
    /// `replace`, `printf` and `format` are not among them: one call can take minutes, or fill the memory.
    static let functions: Set<String> = Set(RuleFunction.all.map(\.name))
        .union([
            "->", "->>", "abs", "acos", "asin", "atan", "atan2", "avg", "ceil", "ceiling", "char", "coalesce", "cos",
            "count", "cume_dist", "date", "datetime", "degrees", "dense_rank", "exp", "first_value", "floor", "glob",
            "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array", "json_array_length",
            "json_extract", "json_group_array", "json_object", "json_quote", "json_type", "json_valid", "julianday",
            "lag",
            "last_value", "lead", "length", "like", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod",
            "nth_value", "ntile", "nullif", "percent_rank", "pi", "pow", "power", "quote", "radians", "rank", "round",
            "row_number", "rtrim", "sign", "sin", "sqrt", "strftime", "substr", "substring", "sum", "tan", "time",
            "total",
            "trim", "trunc", "typeof", "unicode", "unixepoch", "upper",
        ])

    /// Whether the statement being compiled is the configuration's: then the rules above hold.
    private var isForeign = false
    private var questions = 0
    private var reads: Set<String> = []
    private var stepsLeft = 0
    /// When the budget ends, in the processor time of this thread: a busy machine must not change a verdict.
    private var deadline: Duration?
    private var memoryAtStart: Int64 = 0
    /// The time of the last look at the budget, by a clock that costs little to read and moves every few milliseconds.
    private var lastLook: Duration?

    /// What a statement was stopped for, when the budget was used up.
    private(set) var excess: RuleFailure?

    /// Puts itself between a connection and its statements. The connection must not outlive it.
    func watch(_ connection: OpaquePointer) {
        let limits: [(Int32, Int32)] = [
            (SQLITE_LIMIT_LENGTH, Self.maximumLength), (SQLITE_LIMIT_SQL_LENGTH, 20_000),
            (SQLITE_LIMIT_COLUMN, 100), (SQLITE_LIMIT_EXPR_DEPTH, 100), (SQLITE_LIMIT_COMPOUND_SELECT, 20),
            (SQLITE_LIMIT_VDBE_OP, 25_000), (SQLITE_LIMIT_FUNCTION_ARG, 30), (SQLITE_LIMIT_ATTACHED, 0),
            (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100), (SQLITE_LIMIT_VARIABLE_NUMBER, 40),
            (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        for (limit, value) in limits { sqlite3_limit(connection, limit, value) }
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_set_authorizer(
            connection,
            { pointer, action, first, second, _, _ in
                guard let pointer else { return SQLITE_DENY }
                let rules = Unmanaged<RuleGuard>.fromOpaque(pointer).takeUnretainedValue()
                return rules.permits(action, first, second) ? SQLITE_OK : SQLITE_DENY
            },
            pointer
        )
        sqlite3_progress_handler(
            connection,
            Self.stepsBetweenLooks,
            { pointer in
                guard let pointer else { return 1 }
                return Unmanaged<RuleGuard>.fromOpaque(pointer).takeUnretainedValue().spendSteps() ? 0 : 1
            },
            pointer
        )
    }

    /// Compiles something under guard; returns with it the tables and columns (`table`, `table.column`) that it reads.
    func guarding<Result>(isForeign: Bool, _ compile: () -> Result) -> (Result, reads: Set<String>) {
        self.isForeign = isForeign
        self.questions = 0
        self.reads = []
        let result = compile()
        self.isForeign = false
        return (result, self.reads)
    }

    /// Begins a new budget, for one event.
    func resetBudget() {
        self.stepsLeft = Self.maximumSteps
        self.deadline = Self.time(CLOCK_THREAD_CPUTIME_ID) + Self.timeLimit
        self.memoryAtStart = RuleMemory.used
        self.excess = nil
    }

    /// What was taken from the budget, and the processor time of this thread.
    var spent: (steps: Int, time: Duration) {
        (Self.maximumSteps - self.stepsLeft, Self.time(CLOCK_THREAD_CPUTIME_ID))
    }

    /// Ends the budget: what follows is our own and bounded.
    func liftBudget() {
        self.deadline = nil
    }

    /// Takes something from the budget: a step is about what SQLite does in one, or a look at one byte.
    ///
    /// - Throws: `RuleFailure` when there is no more.
    func spend(_ steps: Int) throws(RuleFailure) {
        guard let deadline = self.deadline else { return }
        self.stepsLeft -= steps
        if self.stepsLeft < 0 { self.excess = .outOfBudget }
        let now = Self.time(CLOCK_MONOTONIC_COARSE)
        if now != self.lastLook {
            self.lastLook = now
            if Self.time(CLOCK_THREAD_CPUTIME_ID) > deadline { self.excess = .outOfBudget }
            if RuleMemory.used - self.memoryAtStart > Self.maximumMemory { self.excess = .outOfMemory }
        }
        if let excess { throw excess }
    }

    private static func time(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private func spendSteps() -> Bool {
        do throws(RuleFailure) {
            try self.spend(Int(Self.stepsBetweenLooks))
            return true
        } catch {
            return false
        }
    }

    private func permits(_ action: Int32, _ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?) -> Bool {
        guard self.isForeign else { return true }
        self.questions += 1
        guard self.questions <= Self.maximumQuestions else { return false }
        switch action {
        case SQLITE_SELECT, SQLITE_RECURSIVE:
            return true
        case SQLITE_FUNCTION:
            return second.map { Self.functions.contains(String(cString: $0).lowercased()) } ?? false
        case SQLITE_READ:
            guard let table = first.map({ String(cString: $0).lowercased() }) else { return false }
            let column = second.map { String(cString: $0).lowercased() } ?? ""
            self.reads.insert(table)
            if !column.isEmpty { self.reads.insert("\(table).\(column)") }
            // Without a column it may also be the name of a common table expression; what stays out are SQLite's own.
            return Self.tables.contains(table)
                || column.isEmpty && !["sqlite_", "pragma_", "dbstat", "fts"].contains { table.hasPrefix($0) }
        default:
            return false
        }
    }
}
