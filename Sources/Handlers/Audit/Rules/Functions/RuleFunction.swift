import CSQLite

/// A function that rules have beside SQLite's own.
package struct RuleFunction: Sendable {
    /// How it is called, such as `iou(shape, shape)`.
    package let signature: String
    /// What it gives.
    package let meaning: String
    /// How many arguments it takes.
    let counts: [Int]
    /// Its value. What it takes is told to the guard beforehand, so that a rule cannot use up more than its budget.
    let value: @Sendable (_ arguments: Arguments, RuleFunctions) throws(RuleFailure) -> RuleValue

    /// The name in SQL.
    var name: String { String(self.signature.prefix { $0 != "(" }) }

    /// What a function was called with.
    struct Arguments {
        fileprivate let count: Int
        fileprivate let values: UnsafeMutablePointer<OpaquePointer?>

        /// How many there are.
        var indices: Range<Int> { 0..<self.count }

        /// The argument as a text; nil for NULL.
        func text(_ index: Int) -> String? {
            guard sqlite3_value_type(self.values[index]) != SQLITE_NULL else { return nil }
            return self.bytes(index).map { String(decoding: $0, as: UTF8.self) }
        }

        /// The text of the argument; only until the function returns.
        func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8>? {
            guard sqlite3_value_type(self.values[index]) != SQLITE_NULL,
                let start = sqlite3_value_text(self.values[index])
            else { return nil }
            return UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(self.values[index])))
        }

        /// The argument as a number; nil when it is none.
        func number(_ index: Int) -> Double? {
            let type = sqlite3_value_numeric_type(self.values[index])
            guard type == SQLITE_INTEGER || type == SQLITE_FLOAT else { return nil }
            return sqlite3_value_double(self.values[index])
        }
    }
}

/// The functions of one rule database.
final class RuleFunctions {
    /// Bounds what they may take.
    let budget: RuleGuard
    /// The patterns that were compiled, by their text.
    private var patterns: [String: Pattern] = [:]

    private static let maximumPatterns = 50

    init(budget: RuleGuard) { self.budget = budget }

    /// Registers all functions. The connection keeps this object.
    func register(on connection: OpaquePointer) {
        for function in RuleFunction.all + RuleFunction.replaced {
            for count in function.counts {
                sqlite3_create_function_v2(
                    connection,
                    function.name,
                    Int32(count),
                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                    Unmanaged.passRetained(Registered(function: function, functions: self)).toOpaque(),
                    Self.call,
                    nil,
                    nil,
                    { pointer in
                        if let pointer { Unmanaged<Registered>.fromOpaque(pointer).release() }
                    }
                )
            }
        }
    }

    /// A pattern, compiled once.
    func pattern(_ text: String) throws(RuleFailure) -> Pattern {
        if let pattern = self.patterns[text] { return pattern }
        let pattern = try Pattern(text)
        if self.patterns.count >= Self.maximumPatterns { self.patterns = [:] }
        self.patterns[text] = pattern
        return pattern
    }

    private final class Registered {
        let function: RuleFunction
        let functions: RuleFunctions

        init(function: RuleFunction, functions: RuleFunctions) {
            self.function = function
            self.functions = functions
        }
    }

    private static let call: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
        context,
        count,
        values in
        guard let values, let pointer = sqlite3_user_data(context) else { return sqlite3_result_null(context) }
        let registered = Unmanaged<Registered>.fromOpaque(pointer).takeUnretainedValue()
        let arguments = RuleFunction.Arguments(count: Int(count), values: values)
        do throws(RuleFailure) {
            switch try registered.function.value(arguments, registered.functions) {
            case .null: sqlite3_result_null(context)
            case .integer(let value): sqlite3_result_int64(context, value)
            case .real(let value): sqlite3_result_double(context, value)
            case .text(let text): sqlite3_result_text(context, text, -1, RuleDatabase.copies)
            }
        } catch {
            sqlite3_result_error(context, error.description, -1)
        }
    }
}
