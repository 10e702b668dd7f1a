/// Steps over JSON text, byte by byte, and checks it against RFC 8259.
///
/// It builds nothing, so its cost in memory does not depend on the text. The grammar is the strict one: UTF-8 without
/// a byte order mark, no comments, no trailing commas, no bare words, and nesting no deeper than `maximumDepth`.
/// A lone surrogate written as an escape (`"\ud800"`) is grammatical and passes; overlong or surrogate UTF-8 does not.
struct JSONScanner {
    /// Arrays and objects inside each other; RFC 8259 section 9 lets an implementation set a limit.
    static let maximumDepth = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Checks one whole text: a value with white space around it and nothing else.
    mutating func scanText(_ observer: inout some JSONKeyObserver) throws(JSONSyntaxError) {
        self.skipWhiteSpace()
        try self.scanValue(&observer)
        self.skipWhiteSpace()
        guard self.position == self.bytes.count else { throw self.error(.trailingText) }
    }

    /// Checks the value at the position and stops behind it.
    ///
    /// An explicit stack, a bit a level, keeps hostile nesting off the thread's stack.
    mutating func scanValue(_ observer: inout some JSONKeyObserver) throws(JSONSyntaxError) {
        var nesting = JSONNesting()
        while true {
            if nesting.isInObject {
                let key = try self.scanKey()
                observer.note(key, valueAt: self.position, depth: nesting.depth, in: self.bytes)
            }
            switch self.peek() {
            case UInt8(ascii: "\""):
                _ = try self.scanString()
            case UInt8(ascii: "{"):
                guard nesting.depth < Self.maximumDepth else { throw self.error(.tooDeep) }
                self.enterContainer()
                guard self.peek() == UInt8(ascii: "}") else {
                    nesting.enter(object: true)
                    continue
                }
                self.leaveContainer()
            case UInt8(ascii: "["):
                guard nesting.depth < Self.maximumDepth else { throw self.error(.tooDeep) }
                self.enterContainer()
                guard self.peek() == UInt8(ascii: "]") else {
                    nesting.enter(object: false)
                    continue
                }
                self.leaveContainer()
            case UInt8(ascii: "t"):
                try self.scanWord("true")
            case UInt8(ascii: "f"):
                try self.scanWord("false")
            case UInt8(ascii: "n"):
                try self.scanWord("null")
            case .some(let byte) where byte == UInt8(ascii: "-") || Self.isDigit(byte):
                try self.scanNumber()
            case .some:
                throw self.error(.unexpectedByte)
            case nil:
                throw self.error(.unexpectedEnd)
            }
            if try self.scanEnd(of: &nesting) { return }
        }
    }

    /// A value has ended: closes what ends with it, and goes on to the next one. Returns whether there is none.
    @inline(__always)
    private mutating func scanEnd(of nesting: inout JSONNesting) throws(JSONSyntaxError) -> Bool {
        while nesting.depth > 0 {
            self.skipWhiteSpace()
            guard let byte = self.peek() else { throw self.error(.unexpectedEnd) }
            if byte == UInt8(ascii: ",") {
                self.position &+= 1
                self.skipWhiteSpace()
                return false
            }
            guard byte == (nesting.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw self.error(.unexpectedByte)
            }
            self.position &+= 1
            nesting.leave()
        }
        return true
    }

    /// Steps over one value of a text that has been checked before.
    mutating func skipValue() {
        var depth = 0
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""):
                self.skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                self.position &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                self.position &+= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                self.position &+= 1
                continue
            default:
                self.skipWord()
            }
            if depth == 0 { return }
        }
    }

    /// Steps over the opening bracket of a text that has been checked before, to the first key or element.
    mutating func enterContainer() {
        self.position &+= 1
        self.skipWhiteSpace()
    }

    /// Steps over the closing bracket.
    mutating func leaveContainer() {
        self.position &+= 1
    }

    /// Steps over white space, colons and commas of a text that has been checked before.
    @inline(__always)
    mutating func skipPunctuation() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"): self.position &+= 1
            default: return
            }
        }
    }

    @inline(__always)
    mutating func skipWhiteSpace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09: self.position &+= 1
            default: return
            }
        }
    }

    /// Steps over one byte.
    mutating func step() { self.position &+= 1 }

    /// The byte at the position, nil at the end.
    func peek() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    /// Checks a string and stops behind its closing quote.
    ///
    /// - Returns: Whether it is plain: ASCII without escapes.
    @inline(__always)
    private mutating func scanString() throws(JSONSyntaxError) -> Bool {
        var isPlain = true
        self.position &+= 1
        while true {
            self.skipWords { word in
                Self.bytes(of: word, equalTo: UInt8(ascii: "\""))
                    | Self.bytes(of: word, equalTo: UInt8(ascii: "\\"))
                    | ((word &- 0x2020_2020_2020_2020) & ~word) | word
            }
            guard let byte = self.peek() else { throw self.error(.unexpectedEnd) }
            switch byte {
            case UInt8(ascii: "\""):
                self.position &+= 1
                return isPlain
            case UInt8(ascii: "\\"):
                isPlain = false
                try self.scanEscape()
            case 0..<0x20:
                throw self.error(.controlCharacter)
            case 0x20..<0x80:
                // Within the last eight bytes.
                self.position &+= 1
            default:
                isPlain = false
                try self.scanMultiByteScalar(byte)
            }
        }
    }

    /// Steps over a string of a text that has been checked before.
    ///
    /// - Returns: Whether it holds an escape.
    @discardableResult
    @inline(__always)
    mutating func skipString() -> Bool {
        var hasEscape = false
        self.position &+= 1
        while self.position < self.bytes.count {
            self.skipWords { word in
                Self.bytes(of: word, equalTo: UInt8(ascii: "\"")) | Self.bytes(of: word, equalTo: UInt8(ascii: "\\"))
            }
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""):
                self.position &+= 1
                return hasEscape
            case UInt8(ascii: "\\"):
                hasEscape = true
                self.position &+= 2
            default: self.position &+= 1
            }
        }
        return hasEscape
    }

    /// Goes on, eight bytes at a time, up to the first that `stops` marks by its highest bit, or to near the end.
    @inline(__always)
    private mutating func skipWords(_ stops: (UInt64) -> UInt64) {
        let raw = UnsafeRawBufferPointer(self.bytes)
        var position = self.position
        while position &+ 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let marks = stops(word) & 0x8080_8080_8080_8080
            guard marks == 0 else {
                // Above the first mark there may be false ones, below there are none.
                position &+= marks.trailingZeroBitCount / 8
                break
            }
            position &+= 8
        }
        self.position = position
    }

    /// Marks by its highest bit each byte of `word` that is `byte`; above the first it may mark others too.
    @inline(__always)
    private static func bytes(of word: UInt64, equalTo byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference
    }

    /// A number, `true`, `false` or `null`: up to the next byte that cannot belong to it.
    @inline(__always)
    mutating func skipWord() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return
            default: self.position &+= 1
            }
        }
    }

    /// Checks a key with its colon and stops before its value.
    @inline(__always)
    private mutating func scanKey() throws(JSONSyntaxError) -> JSONKey {
        guard let byte = self.peek() else { throw self.error(.unexpectedEnd) }
        guard byte == UInt8(ascii: "\"") else { throw self.error(.unexpectedByte) }
        let start = self.position + 1
        let isPlain = try self.scanString()
        let end = self.position - 1
        self.skipWhiteSpace()
        guard let colon = self.peek() else { throw self.error(.unexpectedEnd) }
        guard colon == UInt8(ascii: ":") else { throw self.error(.unexpectedByte) }
        self.position &+= 1
        self.skipWhiteSpace()
        return JSONKey(start: start, end: end, isPlain: isPlain)
    }

    private mutating func scanEscape() throws(JSONSyntaxError) {
        self.position &+= 1
        guard let byte = self.peek() else { throw self.error(.unexpectedEnd) }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.position &+= 1
        case UInt8(ascii: "u"):
            self.position &+= 1
            for _ in 0..<4 {
                guard let digit = self.peek() else { throw self.error(.unexpectedEnd) }
                guard Self.hexValue(digit) != nil else { throw self.error(.badEscape) }
                self.position &+= 1
            }
        default:
            throw self.error(.badEscape)
        }
    }

    /// Checks one scalar of two to four bytes by table 3-7 of the Unicode standard.
    private mutating func scanMultiByteScalar(_ first: UInt8) throws(JSONSyntaxError) {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: length = 3
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw self.error(.notUTF8)
        }
        guard self.position + length <= self.bytes.count, second.contains(self.bytes[self.position + 1]) else {
            throw self.error(.notUTF8)
        }
        for index in self.position + 2..<max(self.position + 2, self.position + length)
        where self.bytes[index] & 0xC0 != 0x80 {
            throw self.error(.notUTF8)
        }
        self.position &+= length
    }

    private mutating func scanWord(_ word: StaticString) throws(JSONSyntaxError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard let byte = self.peek() else { throw self.error(.unexpectedEnd) }
            guard byte == word.utf8Start[index] else { throw self.error(.unexpectedByte) }
            self.position &+= 1
        }
    }

    private mutating func scanNumber() throws(JSONSyntaxError) {
        if self.peek() == UInt8(ascii: "-") { self.position &+= 1 }
        if self.peek() == UInt8(ascii: "0") {
            self.position &+= 1
        } else {
            try self.scanDigits()
        }
        if self.peek() == UInt8(ascii: ".") {
            self.position &+= 1
            try self.scanDigits()
        }
        if self.peek() == UInt8(ascii: "e") || self.peek() == UInt8(ascii: "E") {
            self.position &+= 1
            if self.peek() == UInt8(ascii: "+") || self.peek() == UInt8(ascii: "-") { self.position &+= 1 }
            try self.scanDigits()
        }
    }

    /// One digit or more.
    @inline(__always)
    private mutating func scanDigits() throws(JSONSyntaxError) {
        let start = self.position
        self.skipWords { word in
            let values = word ^ 0x3030_3030_3030_3030
            return ((values & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676) | values
        }
        while let byte = self.peek(), Self.isDigit(byte) { self.position &+= 1 }
        guard self.position > start else { throw self.error(self.peek() == nil ? .unexpectedEnd : .badNumber) }
    }

    private func error(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: self.position)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func hexValue(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte - 0x30)
        case 0x41...0x46: UInt16(byte - 0x41 + 10)
        case 0x61...0x66: UInt16(byte - 0x61 + 10)
        default: nil
        }
    }
}
