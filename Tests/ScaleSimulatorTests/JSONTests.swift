import Testing

@testable import ScaleSimulator

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"b":1,"a":[true,false,null,-0.50,1e400,12345678901234567890]}"#,
        #""\"\\\n\r\t\u0001é😀""#,
        #"{"":{},"x":[[],{}]}"#,
        "0",
    ])
    func `what is read is written back letter by letter`(text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).text == text)
    }

    @Test func `escapes become the characters they stand for`() throws {
        let value = try JSONParser.parse(Array(#" "\u00e9\ud83d\ude00\/\b\f\ud800x\udc00" "#.utf8))
        #expect(value.string == "é😀/\u{8}\u{c}\u{FFFD}x\u{FFFD}")
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "tru", "\"", "\"\\x\"",
        "\"\\u12\"", "\"\u{01}\"", "[1 2]", "1 2", "{\"a\" 1}", "NaN", "'a'", "\u{FEFF}1", "[", "]",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test(arguments: [[0xFF], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes) }
    }

    @Test func `nesting is bounded`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSONParser.parse(nested(100)) }
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(nested(100_000)) }
    }

    @Test func `merging keeps the order and lets the other side win`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object.merge(["b": 3, "c": 4])
        #expect(JSON.object(object).text == #"{"a":1,"b":3,"c":4}"#)
    }
}
