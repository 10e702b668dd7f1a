import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientAnswerTests {
    @Test(arguments: [
        "", "OK", "{", "null", "[]", "{}", #"{"task_id":1}"#, #"{"task_id":""}"#, "<html></html>", #"{"task_id":"a"}x"#,
        "\u{FEFF}" + #"{"task_id":"a"}"#, String(repeating: "[", count: 100_000),
    ])
    func `a success that is not a task is an error`(body: String) async throws {
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            let client = fixture.client
            let read = await scaleError { () throws(ScaleError) in try await client.task("5f00") }
            #expect(read?.code == .malformedResponse)
            #expect(read?.status == 200)
            #expect(read?.isOutcomeUnknown == false)
            let change = await scaleError { () throws(ScaleError) in try await client.addTags(["a"], ofTask: "5f00") }
            #expect(change?.code == .malformedResponse)
            #expect(change?.isOutcomeUnknown == true)
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test(arguments: [true, false])
    func `an answer over the limit is refused, with and without its length`(isChunked: Bool) async throws {
        let body = #"{"task_id":"5f00","x":""# + String(repeating: "x", count: 5000) + #""}"#
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + String(body.utf8.count, radix: 16)
            + "\r\n\(body)\r\n0\r\n\r\n"
        let answer = isChunked ? ScriptedServer.Answer.raw(chunked) : .json(body)
        for (limit, code) in [(body.utf8.count, nil), (body.utf8.count - 1, ScaleError.Code.responseTooLarge)] {
            try await ClientFixture.run(configure: .init { $0.maximumResponseBytes = limit }, answers: [answer]) {
                fixture in
                let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
                #expect(error?.code == code)
                #expect(fixture.server.requests.count == 1)
            }
        }
    }

    @Test func `a huge error page is cut and still an error of its status`() async throws {
        let page = ScriptedServer.Answer.status(404, String(repeating: "x", count: 1 << 20))
        try await ClientFixture.run(answers: [page]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `a failure whose body is cut off keeps its status`() async throws {
        try await ClientFixture.run(answers: [.truncated(404, #"{"error":"#)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `an error shows neither the key nor the body, and forges no log line`() async throws {
        let key = ClientFixture.key
        // The second word is the key as the header `Authorization` holds it.
        let reason = #"Key \#(key) bGl2ZV8wMTIzNDU2Nzg5YWJjZGVmOg== is wrong\nINFO \u0000\u001b[31m\u2028\u202e end"#
        let answers = [ScriptedServer.Answer.status(500, "{}"), .status(401, #"{"error":"\#(reason)"}"#)]
        try await ClientFixture.run(answers: answers) { fixture in
            let metadata: JSON.Object = ["secret": "body-content"]
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.setMetadata(metadata, ofTask: "5f00")
            }
            let text = "\(try #require(error)) \(String(reflecting: error)) \(fixture.logText)"
            #expect(error?.message == #"Key <redacted> <redacted> is wrong\nINFO \0\u{1B}[31m\u{2028}\u{202E} end"#)
            #expect(!fixture.logText.isEmpty)
            #expect(!text.contains(key))
            #expect(!text.contains("body-content"))
            #expect(!text.contains("5f00"))
            #expect(!text.contains("bGl2ZV8"))
        }
    }

    @Test(arguments: [499, 500, 501, 10_000])
    func `the reason is cut to 500 characters`(length: Int) async throws {
        let body = #"{"error":"\#(String(repeating: "é", count: length))"}"#
        try await ClientFixture.run(answers: [.status(400, body)]) { fixture in
            let message = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }?.message
            #expect(message?.count == min(500, length))
            #expect(message?.hasSuffix("…") == (length > 500))
        }
    }

    @Test(arguments: ["", ".", ".."])
    func `an id that would change the path is refused before anything is sent`(id: String) async throws {
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task(id) }
            #expect(error?.code == .invalidArgument)
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test(arguments: ["", "ftp://127.0.0.1/v1", "127.0.0.1/v1", "http://", "http:// /", "http://[::1/v1"])
    func `a base URL that is none is refused`(baseURL: String) async throws {
        try await ClientFixture.run(configure: .init { $0.baseURL = baseURL }, answers: [.never]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `a header that cannot be sent is an error without its value`() async throws {
        try await ClientFixture.run(
            configure: .init {
                $0.userAgent = "hidden\r\nX: y"
                $0.retry.attempts = 1
            },
            answers: [.json(taskJSON())]
        ) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error != nil)
            #expect(error?.description.contains("hidden") == false)
            #expect(fixture.server.requests.isEmpty)
        }
    }
}
