/// Reads JSON text (RFC 8259) strictly: UTF-8 only, one value, nothing after it, bounded nesting.
struct JSONParser {
    /// Why a text is not JSON, with the byte at which that was noticed.
    struct Failure: Error, Equatable {
        /// Bytes before the place of the failure.
        var offset: Int
    }

    /// Arrays and objects inside one another beyond this are refused, so that nobody can exhaust the stack.
    private static let maximumDepth = 128

    private let bytes: [UInt8]
    private var position = 0

    /// Reads one value.
    ///
    /// - Throws: `Failure` when the bytes are not JSON in UTF-8.
    static func parse(_ bytes: [UInt8]) throws(Failure) -> JSON {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Failure(offset: 0) }
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var failure: Failure { Failure(offset: self.position) }

    private var next: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        guard depth <= Self.maximumDepth else { throw self.failure }
        self.skipSpace()
        switch self.next {
        case UInt8(ascii: "{"): return .object(try self.object(depth: depth))
        case UInt8(ascii: "["): return .array(try self.array(depth: depth))
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return .number(try self.number())
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Failure) -> JSON {
        let count = word.utf8CodeUnitCount
        guard self.bytes[self.position...].prefix(count).elementsEqual("\(word)".utf8) else { throw self.failure }
        self.position += count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONObject {
        self.position += 1
        var object = JSONObject()
        self.skipSpace()
        if self.take(UInt8(ascii: "}")) { return object }
        while true {
            self.skipSpace()
            guard self.next == UInt8(ascii: "\"") else { throw self.failure }
            let key = try self.string()
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")) else { throw self.failure }
            object.members.append(.init(key: key, value: try self.value(depth: depth + 1)))
            self.skipSpace()
            if self.take(UInt8(ascii: "}")) { return object }
            guard self.take(UInt8(ascii: ",")) else { throw self.failure }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> [JSON] {
        self.position += 1
        var array: [JSON] = []
        self.skipSpace()
        if self.take(UInt8(ascii: "]")) { return array }
        while true {
            array.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.take(UInt8(ascii: "]")) { return array }
            guard self.take(UInt8(ascii: ",")) else { throw self.failure }
        }
    }

    private mutating func number() throws(Failure) -> String {
        let start = self.position
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.digits() }
        if self.take(UInt8(ascii: ".")) { try self.digits() }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.digits()
        }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private mutating func digits() throws(Failure) {
        let start = self.position
        while let byte = self.next, (0x30...0x39).contains(byte) {
            self.position += 1
        }
        guard self.position > start else { throw self.failure }
    }

    private mutating func string() throws(Failure) -> String {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.next {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try self.escape(into: &text)
            case 0..<0x20:
                throw self.failure
            default:
                text.append(byte)
            }
        }
        throw self.failure
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = self.next else { throw self.failure }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(Character(try self.escapedScalar()).utf8))
        default: throw self.failure
        }
    }

    /// The scalar of one escape of four hexadecimal digits, or of a surrogate pair of them.
    ///
    /// A lone surrogate is no character and becomes U+FFFD.
    private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
        let first = try self.fourHexDigits()
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) ?? replacement }
        let rest = self.bytes[self.position...].prefix(2)
        guard rest.elementsEqual([UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { return replacement }
        let mark = self.position
        self.position += 2
        let second = try self.fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second) else {
            self.position = mark
            return replacement
        }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? replacement
    }

    private mutating func fourHexDigits() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw self.failure
            }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }
}

extension JSON {
    /// Reads one JSON value from UTF-8 bytes; nil when they are not strict JSON.
    init?(parsing bytes: some Sequence<UInt8>) {
        guard let value = try? JSONParser.parse(Array(bytes)) else { return nil }
        self = value
    }
}
