/// A JSON value that survives decoding and encoding without loss.
///
/// Numbers keep the digits they were written with, objects keep the order of their members and repeated keys. Only half
/// a surrogate pair written as an escape cannot be kept, because no Swift string can hold it: it becomes U+FFFD.
/// Scale mixes number kinds for the same field and adds keys at will (contract C1, C4), so what this library does not
/// know is kept as it came.
public enum JSON: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number with its original digits.
    case number(Number)
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object.
    case object(Object)

    /// Decodes JSON text.
    ///
    /// - Throws: `JSONSyntaxError` when `bytes` is not strict JSON in UTF-8.
    public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        self.init(try JSONDocument(bytes).root)
    }

    /// Decodes JSON text given as a string.
    public init(parsing text: String) throws(JSONSyntaxError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The value as JSON text without white space.
    public var encoded: [UInt8] {
        var output: [UInt8] = []
        self.encode(into: &output)
        return output
    }

    /// The value as a string of JSON text without white space.
    public var encodedString: String { String(decoding: self.encoded, as: UTF8.self) }

    private func encode(into output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let number): output.append(contentsOf: number.literal.utf8)
        case .string(let string): JSONText.append(string, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.encode(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONText.append(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.encode(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

// MARK: - Parts

extension JSON {
    /// A number with the digits it was written with.
    public struct Number: Hashable, Sendable {
        /// The text, by the grammar of RFC 8259 section 6.
        public let literal: String

        init(literal: String) { self.literal = literal }

        /// A whole number.
        public init(_ value: Int) { self.literal = String(value) }

        /// A finite number; nil for infinities and NaN, which JSON cannot write.
        public init?(_ value: Double) {
            guard value.isFinite else { return nil }
            // Whole numbers read better without `.0`, but an integer cannot say `-0.0`.
            let isWhole = value == value.rounded() && value.magnitude < 1e15 && !(value == 0 && value.sign == .minus)
            self.literal = isWhole ? String(Int(value)) : String(value)
        }

        /// The nearest double; infinite when the number is too large for one.
        public var double: Double { Double(self.literal) ?? .infinity }

        /// The value when it is whole and fits, whether it was written `3`, `3.0`, `3e0` or `30e-1`.
        ///
        /// Exact: it does not go through a double, which knows only the first 15 digits or so.
        public var int: Int? {
            if let int = Int(self.literal) { return int }
            var digits = ""
            var exponent = 0
            let parts = self.literal.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
            guard let mantissa = parts.first else { return nil }
            var isFraction = false
            for character in mantissa {
                switch character {
                case "-": break
                case ".": isFraction = true
                default:
                    digits.append(character)
                    if isFraction { exponent -= 1 }
                }
            }
            while digits.last == "0" {
                digits.removeLast()
                exponent += 1
            }
            let significant = digits.drop { $0 == "0" }
            if significant.isEmpty { return 0 }
            if parts.count > 1 {
                // An exponent too large to read makes the number too large or not whole.
                guard let written = Int(parts[1]), written.magnitude < 1_000_000_000 else { return nil }
                exponent += written
            }
            guard exponent >= 0, significant.count + exponent <= 19 else { return nil }
            let sign = self.literal.hasPrefix("-") ? "-" : ""
            return Int(sign + significant + String(repeating: "0", count: exponent))
        }
    }

    /// The members of an object, in order.
    public struct Object: Hashable, Sendable, ExpressibleByDictionaryLiteral {
        /// One key with its value.
        public struct Member: Hashable, Sendable {
            /// The key.
            public let key: String
            /// The value.
            public var value: JSON
        }

        /// All members in their order; equal keys may repeat.
        public private(set) var members: [Member]

        /// An object of these members, in this order.
        public init(members: [(key: String, value: JSON)] = []) {
            self.members = members.map { Member(key: $0.key, value: $0.value) }
        }

        /// An object of these members, in this order.
        public init(dictionaryLiteral elements: (String, JSON)...) {
            self.init(members: elements.map { ($0.0, $0.1) })
        }

        /// The value of the last member with this key.
        ///
        /// Setting replaces it in its place, or appends; nil removes.
        public subscript(key: String) -> JSON? {
            get { self.members.last { $0.key == key }?.value }
            set {
                guard let newValue else {
                    self.members.removeAll { $0.key == key }
                    return
                }
                if let index = self.members.lastIndex(where: { $0.key == key }) {
                    self.members[index].value = newValue
                } else {
                    self.members.append(Member(key: key, value: newValue))
                }
            }
        }
    }

    /// The value of a member when this is an object; nil otherwise, and for a missing key.
    public subscript(key: String) -> JSON? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// An element when this is an array and has one there.
    public subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// The string, when this is one.
    public var string: String? { if case .string(let string) = self { string } else { nil } }

    /// The elements, when this is an array.
    public var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

    /// The object, when this is one.
    public var object: Object? { if case .object(let object) = self { object } else { nil } }

    /// The truth value, when this is one.
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

    /// The number as a double, when this is a number.
    public var double: Double? { if case .number(let number) = self { number.double } else { nil } }

    /// The number as an integer, when this is a whole number that fits.
    public var int: Int? { if case .number(let number) = self { number.int } else { nil } }

    /// Whether this is `null`.
    ///
    /// A missing key and `null` mean the same to Scale (contract C4).
    public var isNull: Bool { self == .null }
}

// MARK: - Literals

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(Number(value)) }

    /// A number.
    public init(floatLiteral value: Double) { self = Number(value).map { .number($0) } ?? .null }

    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// An object.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Object(members: elements.map { ($0.0, $0.1) }))
    }

    /// The value `null`.
    public init(nilLiteral: ()) { self = .null }
}
