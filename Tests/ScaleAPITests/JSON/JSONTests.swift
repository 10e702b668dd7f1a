import Foundation
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct JSONTests {
    @Test(arguments: JSONCase.valid)
    func `valid text is read and survives encoding`(text: JSONCase) throws {
        for bytes in [text.bytes, text.nested] {
            let json = try JSON(parsing: bytes)
            let again = try JSON(parsing: json.encoded)
            #expect(again == json)
            #expect(again.encoded == json.encoded)
        }
    }

    @Test(arguments: JSONCase.valid)
    func `text is read alike in place and decoded`(text: JSONCase) throws {
        let document = try JSONDocument(text.nested)
        let member = try #require(document.root.members.first { $0.key == "task" })
        let value = try #require(member.value.members.first?.value.members.first).value
        #expect(value.text.elementsEqual(trimmed(text.bytes)))
        #expect(try JSON(value) == JSON(parsing: text.bytes))
    }

    @Test(arguments: JSONCase.invalid)
    func `invalid text is refused, alone and inside a callback`(text: JSONCase) {
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text.bytes) }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text.nested) }
        // However invalid text is cut, it cannot be worse than an error.
        for length in text.nested.indices { _ = try? JSON(parsing: Array(text.nested[..<length])) }
    }

    @Test(arguments: JSONCase.undefined)
    func `text that the standard leaves open is read or refused`(text: JSONCase) {
        for bytes in [text.bytes, text.nested] {
            if let json = try? JSON(parsing: bytes) {
                #expect((try? JSON(parsing: json.encoded)) == json)
                _ = (json.int, json.double, json.string)
            }
        }
    }

    @Test(arguments: ["[", #"{"a":"#])
    func `512 levels are read, one more is refused, and so are 100000`(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nest(_ depth: Int, _ inside: String) -> String {
            String(repeating: opening, count: depth) + inside + String(repeating: closing, count: depth)
        }
        // The innermost may be empty or not: it is a level either way.
        let empty = opening == "[" ? "[]" : "{}"
        for text in [nest(512, "1"), nest(511, empty)] {
            let json = try JSON(parsing: text)
            #expect(json.encodedString == text)
            #expect(try JSON(parsing: json.encoded).hashValue == json.hashValue)
        }
        for text in [nest(513, "1"), nest(512, empty), nest(100_000, "1"), String(repeating: opening, count: 100_000)] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
            #expect(error?.reason == .tooDeep)
            #expect(error?.offset == 512 * opening.utf8.count)
        }
    }

    @Test func `many siblings are no depth`() throws {
        let text = "[" + Array(repeating: "[{}]", count: 2000).joined(separator: ",") + "]"
        #expect(try JSON(parsing: text).array?.count == 2000)
    }

    @Test func `decoding takes time by length, not by depth`() throws {
        // Read level by level this would step over 512 times 100 KB.
        let inside = "\"" + String(repeating: "x", count: 100_000) + "\""
        let text = String(repeating: "[", count: 512) + inside + String(repeating: "]", count: 512)
        let flat = "[" + inside + "]"
        let clock = ContinuousClock()
        let flatTime = try clock.measure { for _ in 0..<5 { _ = try JSON(parsing: flat) } }
        let deepTime = try clock.measure { for _ in 0..<5 { _ = try JSON(parsing: text) } }
        #expect(deepTime < flatTime * 20)
    }

    @Test(arguments: [
        "", "[1,2", #"{"a":tru}"#, "[1] x", "\"\u{1}\"", #""\x""#, "[-]", "01",
    ])
    func `an error tells the place and nothing of the text`(text: String) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
        let offsets = ["": 0, "[1,2": 4, #"{"a":tru}"#: 8, "[1] x": 4, "\"\u{1}\"": 1, #""\x""#: 2, "[-]": 2, "01": 1]
        #expect(error?.offset == offsets[text])
        #expect(error.map { "\($0)".hasSuffix("at byte \($0.offset)") } == true)
    }

    // MARK: - Values

    @Test(arguments: 0..<40) func `a string ends and is refused at the right byte, however long it is`(length: Int)
        throws
    {
        let before = Array("\"".utf8) + Array(repeating: UInt8(ascii: "a"), count: length)
        for after in 0..<20 {
            let rest = Array(repeating: UInt8(ascii: "b"), count: after) + Array("\"".utf8)
            let whole = String(repeating: "a", count: length) + "?" + String(repeating: "b", count: after)
            for (middle, character) in [("é", "é"), ("\\n", "\n"), ("\\\"", "\""), ("\u{7F}", "\u{7F}"), (" ", " ")] {
                let document = try JSONDocument(before + Array(middle.utf8) + rest)
                #expect(document.root.string == whole.replacing("?", with: character))
                #expect(document.root.text.count == document.bytes.count)
            }
            for (byte, reason) in [
                (0x1F, JSONSyntaxError.Reason.controlCharacter), (0, .controlCharacter), (0x80, .notUTF8),
                (0xFF, .notUTF8),
                (0x22, .trailingText),
            ] as [(UInt8, JSONSyntaxError.Reason)] {
                let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(before + [byte] + rest) }
                #expect(error?.reason == reason)
                #expect(error?.offset == before.count + (byte == 0x22 ? 1 : 0))
            }
            let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(before + rest.dropLast()) }
            #expect(error?.reason == .unexpectedEnd)
        }
    }

    @Test func `escapes become what they mean and are written only where they must be`() throws {
        let json = try JSON(parsing: #"["\u0041\/\b\f\n\r\t\"\\\u0000\u001F\u00e9\ud83d\ude00\u007f"]"#)
        #expect(json[0]?.string == "A/\u{8}\u{C}\n\r\t\"\\\u{0}\u{1F}é😀\u{7F}")
        #expect(json.encodedString == "[\"A/\\u0008\\u000c\\n\\r\\t\\\"\\\\\\u0000\\u001fé😀\u{7F}\"]")
    }

    @Test(arguments: [
        (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
        (#""\ud800\n""#, "\u{FFFD}\n"), (#""\ud800\u0041""#, "\u{FFFD}A"), (#""a\ud800""#, "a\u{FFFD}"),
    ])
    func `half a surrogate pair becomes the replacement character`(text: String, string: String) throws {
        #expect(try JSON(parsing: text).string == string)
    }

    @Test func `members keep their order and repeated keys, and the last one counts`() throws {
        let text = #"{"b":1,"a":2,"b":3,"\u0061":4}"#
        let json = try JSON(parsing: text)
        #expect(json.encodedString == #"{"b":1,"a":2,"b":3,"a":4}"#)
        #expect(json["b"] == 3)
        #expect(json["a"] == 4)
        #expect(json["c"] == nil)
        var object = try #require(json.object)
        object["b"] = 5
        object["c"] = 6
        object["a"] = nil
        #expect(JSON.object(object).encodedString == #"{"b":1,"b":5,"c":6}"#)
    }

    @Test(arguments: [
        ("3", 3), ("-3", -3), ("3.0", 3), ("3e0", 3), ("30e-1", 3), ("0.3e1", 3), ("3000000E-6", 3), ("-0", 0),
        ("0.0", 0),
        ("-0e99999999999999999999", 0), ("1e18", 1_000_000_000_000_000_000), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min), ("9223372036854775807.0", Int.max), ("-9223372036854775808e0", Int.min),
        ("9007199254740993.0", 9_007_199_254_740_993), ("922337203685477580.7e1", Int.max), ("3.5", nil), ("1e-1", nil),
        ("0.99999999999999999999", nil), ("9223372036854775808", nil), ("-9223372036854775809", nil),
        ("9223372036854775808.0", nil), ("1e19", nil), ("1e400", nil), ("1e99999999999999999999", nil),
        ("1e-99999999999999999999", nil), ("10000000000000000000000e-22", 1), ("00", nil),
    ])
    func `a whole number is read exactly however it is written`(text: String, int: Int?) {
        #expect((try? JSON(parsing: text))?.int == int)
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0.0"), (1.0, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (1e15, "1000000000000000.0"),
        (1e300, "1e+300"),
        (Double.leastNonzeroMagnitude, "5e-324"),
        (123_456_789_012_345.0, "123456789012345"), (Double.infinity, nil), (-Double.infinity, nil), (Double.nan, nil),
    ])
    func `a double is written as JSON that gives it back`(double: Double, text: String?) throws {
        let number = JSON.Number(double)
        #expect(number?.literal == text)
        if let number {
            #expect(try JSON(parsing: number.literal).double?.bitPattern == double.bitPattern)
        }
    }

    // MARK: - Examples

    @Test(arguments: Examples.all)
    func `every example survives reading and writing`(example: Examples.File) throws {
        let json = try JSON(parsing: example.bytes)
        let again = try JSON(parsing: json.encoded)
        #expect(again == json)
        // Without white space the text itself comes back, but for escapes.
        let text = String(decoding: example.bytes, as: UTF8.self)
        if !text.contains("\\") { #expect(json.encodedString == withoutWhiteSpace(text)) }
        #expect(literals(json) == literals(again))
        for literal in literals(json) { #expect(text.contains(literal)) }
    }

    @Test func `damaged examples are read or refused, and what is read survives`() throws {
        var random = SplitMix(state: 42)
        let bytes = Array(#"{}[]",:\0-.eEtfnu/ "#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xE2, 0xF0, 0xFF]
        var accepted = 0
        for example in Examples.all where example.bytes.count < 8000 {
            for _ in 0..<20 {
                var text = example.bytes
                for _ in 0...Int(random.next() % 3) {
                    let index = Int(random.next() % UInt64(text.count))
                    let byte = bytes[Int(random.next() % UInt64(bytes.count))]
                    switch random.next() % 4 {
                    case 0: text[index] = byte
                    case 1: text.insert(byte, at: index)
                    case 2: text.remove(at: index)
                    default: text.removeSubrange(index..<min(text.count, index + 40))
                    }
                    if text.isEmpty { break }
                }
                guard let json = try? JSON(parsing: text) else { continue }
                accepted += 1
                #expect(try JSON(parsing: json.encoded) == json)
            }
        }
        #expect(accepted > 20)
    }

    /// The same numbers in every run.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var value = self.state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private func literals(_ json: JSON) -> [String] {
        switch json {
        case .number(let number): [number.literal]
        case .array(let elements): elements.flatMap { self.literals($0) }
        case .object(let object): object.members.flatMap { self.literals($0.value) }
        default: []
        }
    }

    private func withoutWhiteSpace(_ text: String) -> String {
        var result = ""
        var isInString = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" { isInString.toggle() }
            if isInString || !scalar.properties.isWhitespace { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    private func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return [] }
        return bytes[...last].drop(while: isSpace)
    }
}
