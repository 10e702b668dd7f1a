import CSQLite
import Glibc

@testable import Handlers

/// Looks at what SQLite makes of a rule, in a database that nobody guards.
///
/// `RuleGuard` judges a statement by what SQLite asks while it compiles; this judges it by the program that comes out.
struct StatementInspector {
    /// Instructions that change something beyond the cursors of the statement itself.
    private static let writing: Set<String> = [
        "Checkpoint", "Clear", "CreateBtree", "Destroy", "DropIndex", "DropTable", "DropTrigger", "Expire",
        "IncrVacuum",
        "JournalMode", "LoadAnalysis", "OpenWrite", "ParseSchema", "Savepoint", "SetCookie", "SqlExec", "TableLock",
        "VBegin",
        "VCreate", "VDestroy", "VRename", "VUpdate", "Vacuum",
    ]
    /// Functions that SQLite puts in by itself.
    private static let internalFunctions: Set<String> = ["subtype", "unknown"]

    private let connection: OpaquePointer
    /// The pages at which the tables and indexes begin that rules may read.
    private let pages: Set<Int32>

    init() {
        var connection: OpaquePointer?
        sqlite3_open_v2(":memory:", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, nil)
        let views = RuleView.all.map(\.definition).joined(separator: ";")
        guard let connection, sqlite3_exec(connection, views, nil, nil, nil) == SQLITE_OK else {
            found("the views of the rules cannot be made")
        }
        RuleFunctions(budget: RuleGuard()).register(on: connection)
        self.connection = connection
        var pages: Set<Int32> = []
        Self.forEachRow(of: "SELECT rootpage FROM sqlite_schema", in: connection) {
            pages.insert(sqlite3_column_int($0, 0))
        }
        self.pages = pages
    }

    /// Ends with `found` when the statement does what no rule may.
    func check(_ sql: String) {
        var count = 0
        var last = ""
        Self.forEachRow(of: "EXPLAIN \(sql)", in: self.connection) { row in
            count += 1
            let name = Self.text(row, column: 1)
            require(!Self.writing.contains(name), "\(name) in a rule")
            note("\(last) \(name)")
            last = name
            switch name {
            case "Transaction": require(sqlite3_column_int(row, 3) == 0, "a rule begins to write")
            case "OpenRead", "ReopenIdx":
                require(
                    self.pages.contains(sqlite3_column_int(row, 3)),
                    "a rule reads page \(sqlite3_column_int(row, 3))"
                )
                require(sqlite3_column_int(row, 4) == 0, "a rule reads another database")
            case "Function", "PureFunc", "AggStep", "AggStep1", "AggFinal", "AggInverse", "AggValue":
                let function = Self.text(row, column: 5).prefix { $0 != "(" }.lowercased()
                let isKnown = RuleGuard.functions.contains(function) || Self.internalFunctions.contains(function)
                require(isKnown || function.isEmpty, "the function \(function) in a rule")
            default: break
            }
        }
        require(count > 0, "a rule that cannot be explained")
    }

    private static func text(_ row: OpaquePointer, column: Int32) -> String {
        sqlite3_column_text(row, column).map { String(cString: $0) } ?? ""
    }

    private static func forEachRow(of sql: String, in connection: OpaquePointer, _ body: (OpaquePointer) -> Void) {
        var handle: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &handle, nil) == SQLITE_OK, let handle else { return }
        defer { sqlite3_finalize(handle) }
        while sqlite3_step(handle) == SQLITE_ROW { body(handle) }
    }
}

/// Ends the process when SQLite opens a file that has a name. Temporary ones, which have none, it may use for sorting.
enum FileWatch {
    /// From now on, for every connection of the process.
    static func start() {
        guard let system = sqlite3_vfs_find(nil) else { found("SQLite has no file system") }
        // Lives as long as the process: SQLite keeps the pointer.
        let watch = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        watch.initialize(to: system.pointee)
        watch.pointee.zName = UnsafePointer(strdup("watched"))
        watch.pointee.xOpen = { _, name, file, flags, flagsOut in
            if let name { found("a rule opens the file \(String(cString: name))") }
            guard let system = sqlite3_vfs_find("unix"), let open = system.pointee.xOpen else { return SQLITE_CANTOPEN }
            return open(system, name, file, flags, flagsOut)
        }
        require(sqlite3_vfs_register(watch, 1) == SQLITE_OK, "the file system cannot be watched")
    }
}
