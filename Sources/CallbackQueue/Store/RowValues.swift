internal import CSQLite
internal import GRDB

/// The values of one row or a few, side by side in memory: made on one thread, bound on another without a copy, freed
/// at once.
///
/// For the few statements that run for every callback; all others let GRDB bind their arguments.
struct RowValues: Sendable {
    private enum Value {
        case null
        case integer(Int64)
        case text(Range<Int>)
        case blob(Range<Int>)
        case shared
    }

    private var values: [Value] = []
    /// Texts and blobs. Never empty: SQLite takes an address that is null for NULL.
    private var bytes: [UInt8] = []
    /// A blob that somebody else has in memory as well.
    private var shared: [UInt8] = []

    /// - Parameters:
    ///   - count: How many values there will be.
    ///   - size: How many bytes texts and blobs will have together, about.
    init(count: Int, size: Int = 0) {
        self.values.reserveCapacity(count)
        self.bytes.reserveCapacity(size + 1)
        self.bytes.append(0)
    }

    /// How many values there are.
    var count: Int { self.values.count }

    mutating func append(_ integer: Int64?) {
        self.values.append(integer.map(Value.integer) ?? .null)
    }

    mutating func append(_ text: String?) {
        self.values.append(text.map { .text(self.place($0.utf8)) } ?? .null)
    }

    mutating func append(blob: some Collection<UInt8>) {
        self.values.append(.blob(self.place(blob)))
    }

    /// Appends a blob without a copy; a row has one such at most.
    mutating func append(sharing blob: [UInt8]) {
        self.values.append(.shared)
        self.shared = blob
    }

    private mutating func place(_ part: some Collection<UInt8>) -> Range<Int> {
        let start = self.bytes.count
        self.bytes.append(contentsOf: part)
        return start..<self.bytes.count
    }

    /// Runs a statement with these values as its arguments, to its end or its first row.
    ///
    /// - Parameter row: Which of the values; nil for all.
    /// - Returns: The integer in the first column of that row; nil when there is none.
    @discardableResult
    func run(_ statement: Statement, in database: Database, row: Range<Int>? = nil) throws -> Int64? {
        let values = self.values[row ?? self.values.indices]
        return try self.bytes.withUnsafeBytes { bytes in
            try self.shared.withUnsafeBytes { try Self.run(statement, values, in: database, bytes: bytes, shared: $0) }
        }
    }

    private static func run(
        _ statement: Statement,
        _ values: ArraySlice<Value>,
        in database: Database,
        bytes: UnsafeRawBufferPointer,
        shared: UnsafeRawBufferPointer
    ) throws -> Int64? {
        let handle = statement.sqliteStatement
        defer {
            sqlite3_reset(handle)
            // What is bound lives no longer than this call.
            sqlite3_clear_bindings(handle)
        }
        var code = SQLITE_OK
        for (index, value) in zip(Int32(1)..., values) where code == SQLITE_OK {
            code =
                switch value {
                case .null: sqlite3_bind_null(handle, index)
                case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
                case .text(let range):
                    sqlite3_bind_text64(
                        handle,
                        index,
                        bytes.baseAddress.map { $0 + range.lowerBound }?.assumingMemoryBound(to: CChar.self),
                        UInt64(range.count),
                        nil,
                        UInt8(SQLITE_UTF8)
                    )
                case .blob(let range):
                    sqlite3_bind_blob64(
                        handle,
                        index,
                        bytes.baseAddress.map { $0 + range.lowerBound },
                        UInt64(range.count),
                        nil
                    )
                case .shared:
                    sqlite3_bind_blob64(handle, index, shared.baseAddress, UInt64(shared.count), nil)
                }
        }
        if code == SQLITE_OK { code = sqlite3_step(handle) }
        switch code {
        case SQLITE_ROW: return sqlite3_column_int64(handle, 0)
        case SQLITE_DONE: return nil
        default: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
        }
    }
}
