/// Reading and writing the text of JSON strings.
enum JSONText {
    /// The string behind `text`, which is a checked JSON string with its quotes.
    static func string(_ text: Slice<UnsafeBufferPointer<UInt8>>, hasEscape: Bool) -> String {
        let inside = text.dropFirst().dropLast()
        guard hasEscape else { return String(decoding: UnsafeBufferPointer(rebasing: inside), as: UTF8.self) }
        return String(decoding: Self.unescaped(inside), as: UTF8.self)
    }

    /// The UTF-8 of a checked string's inside with its escapes resolved.
    ///
    /// Lone surrogates become U+FFFD, or with `keepingSurrogates` three bytes of their own, so that two strings that
    /// differ stay different.
    static func unescaped(_ inside: some Collection<UInt8>, keepingSurrogates: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(inside.count)
        var iterator = inside.makeIterator()
        var pendingHigh: UInt16?
        func appendLone(_ unit: UInt16) {
            if keepingSurrogates {
                let bits = UInt32(unit)
                result.append(contentsOf: [0xED, UInt8(0x80 | bits >> 6 & 0x3F), UInt8(0x80 | bits & 0x3F)])
            } else {
                result.append(contentsOf: "\u{FFFD}".utf8)
            }
        }
        func flushPending() {
            if let high = pendingHigh {
                appendLone(high)
                pendingHigh = nil
            }
        }
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "\\"), let escape = iterator.next() else {
                flushPending()
                result.append(byte)
                continue
            }
            guard escape == UInt8(ascii: "u") else {
                flushPending()
                result.append(Self.byte(forEscape: escape))
                continue
            }
            var unit: UInt16 = 0
            for _ in 0..<4 { unit = unit << 4 | (iterator.next().flatMap(JSONScanner.hexValue) ?? 0) }
            switch unit {
            case 0xD800...0xDBFF:
                flushPending()
                pendingHigh = unit
            case 0xDC00...0xDFFF:
                guard let high = pendingHigh else {
                    appendLone(unit)
                    continue
                }
                pendingHigh = nil
                let value = 0x10000 + (UInt32(high - 0xD800) << 10) + UInt32(unit - 0xDC00)
                result.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
            default:
                flushPending()
                result.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
            }
        }
        flushPending()
        return result
    }

    /// Appends `string` with quotes and the escapes that RFC 8259 requires.
    static func append(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x0A: output.append(contentsOf: #"\n"#.utf8)
            case 0x0D: output.append(contentsOf: #"\r"#.utf8)
            case 0x09: output.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20:
                output.append(contentsOf: #"\u00"#.utf8)
                output.append(Self.hexDigit(byte >> 4))
                output.append(Self.hexDigit(byte & 15))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func byte(forEscape escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: escape
        }
    }
}
