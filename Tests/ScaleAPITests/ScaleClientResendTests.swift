import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientResendTests {
    @Test func `both spellings are tried, the second only after a 404`() async throws {
        let cases: [([ScriptedServer.Answer], ScaleError.Code?, [String])] = [
            ([.status(200, "OK")], nil, ["send_callback"]),
            ([.status(404), .json(#"{"success":true}"#)], nil, ["send_callback", "send-callback"]),
            ([.status(404)], .notFound, ["send_callback", "send-callback"]),
            ([.status(400)], .badRequest, ["send_callback"]),
            // It may have been sent: another one is for the caller to decide.
            ([.html(500)], .serverError, ["send_callback"]),
        ]
        for (answers, code, segments) in cases {
            try await ClientFixture.run(answers: answers) { fixture in
                let error = await scaleError { () throws(ScaleError) in
                    try await fixture.client.resendCallback(ofTask: "5f00")
                }
                #expect(error?.code == code)
                #expect(fixture.server.requests.map(\.uri) == segments.map { "/v1/task/5f00/\($0)" })
                #expect(fixture.server.requests.allSatisfy { $0.method == "POST" && $0.body.isEmpty })
                if code == .notFound { #expect(error?.message.contains("no such task") == true) }
            }
        }
    }

    @Test func `a fixed spelling is the only one`() async throws {
        for (path, segment) in [
            (ScaleClientResendTests.Path.sendWithHyphen, "send-callback"), (.init(segment: "resend"), "resend"),
        ] {
            try await ClientFixture.run(
                configure: .init { $0.resendCallbackPath = path },
                answers: [.status(404)]
            ) { fixture in
                let error = await scaleError { () throws(ScaleError) in
                    try await fixture.client.resendCallback(ofTask: "5f00")
                }
                #expect(error?.code == .notFound)
                #expect(fixture.server.requests.map(\.uri) == ["/v1/task/5f00/\(segment)"])
            }
        }
    }

    private typealias Path = ResendCallbackPath
}
