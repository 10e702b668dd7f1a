import ScaleAPI
import Testing

/// One call of the client with what it must send and what may come back.
struct Call: Sendable, CustomTestStringConvertible {
    /// What the server must see: method, path and query, and body.
    let request: String
    /// An answer that is right.
    let answer: String
    /// Answers with status 200 that are not what they should be.
    let wrongAnswers: [String]
    /// Whether it is sent again after an unclear answer.
    let isRepeated: Bool
    let perform: @Sendable (ScaleClient) async throws(ScaleError) -> Void

    var testDescription: String { self.request }

    init(
        _ request: String,
        answer: String,
        wrongAnswers: [String],
        isRepeated: Bool = true,
        perform: @escaping @Sendable (ScaleClient) async throws(ScaleError) -> Void
    ) {
        self.request = request
        self.answer = answer
        self.wrongAnswers = wrongAnswers
        self.isRepeated = isRepeated
        self.perform = perform
    }

    /// What is no object with this key.
    static func noObject(with key: String) -> [String] {
        Self.noJSON + ["[]", "7", "{}", #"{"\#(key)":null}"#, #"{"\#(key)":7}"#, #"{"\#(key)":""}"#]
    }

    /// What is no list of objects with this key.
    static func noList(with key: String) -> [String] {
        Self.noJSON + ["{}", "7", "[null]", "[[]]", #"[{"\#(key)":"a"},{}]"#, #"[{"\#(key)":7}]"#]
    }

    static let noJSON = ["", "OK", "null", "{", "<html></html>"]
}
