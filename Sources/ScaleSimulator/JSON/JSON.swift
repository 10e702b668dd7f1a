/// A JSON value that loses nothing: objects keep the order of their members, numbers their spelling.
///
/// What a client put into `params` or `metadata` comes back as it was written.
enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number as it is spelled in JSON text, for example `288.50`.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    /// The text of a string, nil for every other value.
    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The value of a boolean, nil for every other value.
    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A whole number that fits an `Int`, nil for every other value (`1.0` included).
    var int: Int? {
        if case .number(let value) = self { Int(value) } else { nil }
    }

    /// The nearest `Double` of a number, nil for every other value.
    var double: Double? {
        if case .number(let value) = self { Double(value) } else { nil }
    }

    /// The elements of an array, nil for every other value.
    var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members of an object, nil for every other value.
    var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object with this name; nil also when this is no object.
    subscript(key: String) -> JSON? { self.object?[key] }

    /// The element of an array at this position; nil also when there is none or this is no array.
    subscript(index: Int) -> JSON? {
        guard let array = self.array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// Whether this is JSON's `null`.
    var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A JSON string.
    init(stringLiteral value: String) { self = .string(value) }

    /// A JSON number.
    init(integerLiteral value: Int) { self = .number(String(value)) }

    /// A JSON number.
    init(floatLiteral value: Double) { self = JSON(value) }

    /// A JSON boolean.
    init(booleanLiteral value: Bool) { self = .bool(value) }

    /// A JSON array.
    init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// A JSON object with its members in the written order.
    init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements {
            object[key] = value
        }
        self = .object(object)
    }

    /// A JSON number.
    init(_ value: Int) { self = .number(String(value)) }

    /// A JSON number; whole values are written without a fraction.
    ///
    /// Infinite and not-a-number become `null`.
    init(_ value: Double) {
        guard value.isFinite else {
            self = .null
            return
        }
        self = Int(exactly: value).map { .number(String($0)) } ?? .number("\(value)")
    }

    /// A JSON string, or `null` for nil.
    init(_ value: String?) { self = value.map(JSON.string) ?? .null }
}
