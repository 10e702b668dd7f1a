import CSQLite

/// The SQL functions that rules have beside SQLite's own.
enum RuleFunctions {
    /// Registers them.
    static func register(on connection: OpaquePointer) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        sqlite3_create_function_v2(connection, "iou", 8, flags, nil, Self.iou, nil, nil, nil)
        // SQLite's own `instr` and two-argument trims take quadratic time on long strings.
        sqlite3_create_function_v2(connection, "instr", 2, flags, nil, Self.instr, nil, nil, nil)
        for name in ["trim", "ltrim", "rtrim"] {
            sqlite3_create_function_v2(connection, name, 2, flags, nil, Self.refuse, nil, nil, nil)
        }
    }

    private typealias Function =
        @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void

    /// `iou(l1, t1, w1, h1, l2, t2, w2, h2)`: the intersection of two boxes by their union, 0 to 1.
    ///
    /// NULL when one is not a number; 0 when the boxes have no area.
    private static let iou: Function = { context, count, arguments in
        guard let arguments, count == 8 else { return sqlite3_result_null(context) }
        let isNumeric = (0..<8)
            .allSatisfy {
                let type = sqlite3_value_numeric_type(arguments[$0])
                return type == SQLITE_INTEGER || type == SQLITE_FLOAT
            }
        guard isNumeric else { return sqlite3_result_null(context) }
        let value = (0..<8).map { sqlite3_value_double(arguments[$0]) }
        let width = min(value[0] + value[2], value[4] + value[6]) - max(value[0], value[4])
        let height = min(value[1] + value[3], value[5] + value[7]) - max(value[1], value[5])
        let common = max(width, 0) * max(height, 0)
        let union = max(value[2], 0) * max(value[3], 0) + max(value[6], 0) * max(value[7], 0) - common
        // Endless boxes have no share of each other.
        guard union.isFinite else { return sqlite3_result_null(context) }
        sqlite3_result_double(context, union > 0 ? common / union : 0)
    }

    /// `instr(text, part)` as SQLite defines it for text: the place of the first occurrence in characters, from 1, or 0.
    private static let instr: Function = { context, count, arguments in
        guard let arguments, count == 2,
            sqlite3_value_type(arguments[0]) != SQLITE_NULL, sqlite3_value_type(arguments[1]) != SQLITE_NULL
        else { return sqlite3_result_null(context) }
        guard let text = sqlite3_value_text(arguments[0]), let part = sqlite3_value_text(arguments[1]) else {
            return sqlite3_result_error_nomem(context)
        }
        let haystack = UnsafeBufferPointer(start: text, count: Int(sqlite3_value_bytes(arguments[0])))
        let needle = UnsafeBufferPointer(start: part, count: Int(sqlite3_value_bytes(arguments[1])))
        guard let found = RuleFunctions.offset(of: needle, in: haystack) else {
            return sqlite3_result_int(context, 0)
        }
        let characters = haystack[..<found].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        sqlite3_result_int64(context, Int64(characters) + 1)
    }

    /// The first occurrence by Knuth, Morris and Pratt: in linear time, whatever the texts are.
    private static func offset(of needle: UnsafeBufferPointer<UInt8>, in haystack: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !needle.isEmpty else { return 0 }
        guard needle.count <= haystack.count else { return nil }
        // How much of the needle still fits when the byte behind its first `index + 1` does not.
        var fallback = [Int](repeating: 0, count: needle.count)
        var length = 0
        for index in 1..<max(needle.count, 1) {
            while length > 0, needle[index] != needle[length] { length = fallback[length - 1] }
            if needle[index] == needle[length] { length += 1 }
            fallback[index] = length
        }
        length = 0
        for (index, byte) in haystack.enumerated() {
            while length > 0, byte != needle[length] { length = fallback[length - 1] }
            if byte == needle[length] { length += 1 }
            if length == needle.count { return index + 1 - length }
        }
        return nil
    }

    private static let refuse: Function = { context, _, _ in
        sqlite3_result_error(context, "rules know trim, ltrim and rtrim with one argument only", -1)
    }
}
