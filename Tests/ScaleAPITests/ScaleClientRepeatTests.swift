import AsyncHTTPClient
import Logging
import NIOHTTP1
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientRepeatTests {
    static let passing = [408, 429, 500, 501, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530]

    @Test(arguments: passing)
    func `a call that only reads is repeated after a passing failure`(status: Int) async throws {
        try await ClientFixture.run(answers: [.html(status), .status(status, "{"), .json(taskJSON())]) { fixture in
            let task = try await fixture.client.task("5f00")
            #expect(task.id == "5f00")
            #expect(fixture.server.requests.count == 3)
            // A 429 makes the limiter wait as well, but on a clock that has moved on already it has nothing to do.
            #expect(fixture.clock.sleeps == [.milliseconds(500), .seconds(1)])
        }
    }

    @Test(arguments: [
        (400, ScaleError.Code.badRequest), (401, .unauthorized), (402, .notEnabled), (403, .forbidden),
        (404, .notFound), (405, .other), (409, .conflict), (410, .other), (418, .other), (422, .other),
        (531, .serverError), (599, .serverError),
    ])
    func `other failures are final and keep their status`(status: Int, code: ScaleError.Code) async throws {
        let body = #"{"status_code":\#(status),"error":"Because \u00e9"}"#
        try await ClientFixture.run(answers: [.status(status, body, headers: [("X-Request-ID", "r-1")])]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == code)
            #expect(error?.status == status)
            #expect(error?.message == "Because é")
            #expect(error?.operation == "GET /task/{id}")
            #expect(error?.requestID == "r-1")
            #expect(error?.isOutcomeUnknown == false)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test(arguments: [
        (408, ScaleError.Code.timeout), (429, .tooManyRequests), (500, .serverError), (503, .unavailable),
        (504, .unavailable), (520, .unavailable), (530, .unavailable),
    ])
    func `after the last attempt the passing failure is thrown`(status: Int, code: ScaleError.Code) async throws {
        try await ClientFixture.run(answers: [.html(status)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == code)
            #expect(error?.message == "Scale answered \(status) without a reason")
            #expect(fixture.server.requests.count == 4)
        }
    }

    @Test(arguments: [201, 202, 204, 206])
    func `every 2xx is a success`(status: Int) async throws {
        try await ClientFixture.run(answers: [.status(status, status == 204 ? "" : taskJSON())]) { fixture in
            if status == 204 {
                try await fixture.client.auditTask("5f00", accepted: true)
            } else {
                let task = try await fixture.client.task("5f00")
                #expect(task.id == "5f00")
            }
        }
    }

    @Test(arguments: [
        ScriptedServer.Answer.close, .reset, .truncated(), .raw("nonsense\r\n\r\n"), .raw("HTTP/1.1 200"),
    ])
    func `a broken connection is tried again`(broken: ScriptedServer.Answer) async throws {
        try await ClientFixture.run(answers: [broken, broken, .json(taskJSON())]) { fixture in
            let task = try await fixture.client.task("5f00")
            #expect(task.id == "5f00")
            #expect(fixture.server.requests.count == 3)
        }
    }

    @Test(arguments: [ScriptedServer.Answer.never, .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", .keepOpen)])
    func `an answer that does not come in time is tried again, then a timeout`(
        silent: ScriptedServer.Answer
    ) async throws {
        try await ClientFixture.run(
            configure: .init {
                $0.timeout = .seconds(1)
                $0.retry.attempts = 2
            },
            answers: [silent]
        ) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(error?.code == .timeout)
            #expect(error?.isOutcomeUnknown == false)
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test func `a refused connection is an error that says nothing was sent`() async throws {
        try await ClientFixture.run(
            configure: .init {
                // Port 1 of this machine: nothing listens there.
                $0.baseURL = "http://127.0.0.1:1/v1"
                $0.retry.attempts = 2
            },
            answers: [.never]
        ) { fixture in
            for error in [
                await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") },
                await scaleError { () throws(ScaleError) in try await fixture.client.auditTask("a", accepted: true) },
                await scaleError { () throws(ScaleError) in try await fixture.client.cancelTask("a") },
                await scaleError { () throws(ScaleError) in
                    try await fixture.client.createTask(type: "annotation", parameters: [:])
                },
            ] {
                #expect(error?.code == .connectionFailed)
                #expect(error?.isOutcomeUnknown == false)
            }
            // Every call waited once: even an audit is repeated when it certainly was not sent.
            #expect(fixture.clock.sleeps.count == 4)
        }
    }

    @Test(arguments: [
        ("7", Duration.seconds(7)), ("0", .milliseconds(500)), ("30", .seconds(30)),
        ("Wed, 01 Jan 2025 00:00:09 GMT", .seconds(9)),
        ("Tue, 31 Dec 2024 00:00:00 GMT", .milliseconds(500)), ("soon", .milliseconds(500)),
        ("-5", .milliseconds(500)), ("Wed, 99 Jan 2025 00:00:09 GMT", .milliseconds(500)),
    ])
    func `Retry-After is the least delay`(value: String, delay: Duration) async throws {
        for status in [429, 503] {
            let answers = [
                ScriptedServer.Answer.status(status, headers: [("Retry-After", value)]), .json(taskJSON()),
            ]
            try await ClientFixture.run(answers: answers) { fixture in
                _ = try await fixture.client.task("5f00")
                #expect(fixture.clock.sleeps == [delay])
            }
        }
    }

    @Test(arguments: [
        ("31", Duration.seconds(31)), ("3600", .seconds(3600)), ("99999999999999999999", .seconds(86_400)),
    ])
    func `a longer wait than the policy has is left to the caller, and told`(
        value: String,
        asked: Duration
    ) async throws {
        for status in [429, 503] {
            let answer = ScriptedServer.Answer.status(status, headers: [("Retry-After", value)])
            try await ClientFixture.run(answers: [answer]) { fixture in
                let error = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
                let told = try #require(error?.retryAfter)
                #expect(told == asked)
                #expect(fixture.clock.sleeps.isEmpty)
                #expect(fixture.server.requests.count == 1)
            }
        }
    }

    @Test func `a 429 holds back all copies of the client`() async throws {
        let answers = [
            ScriptedServer.Answer.status(429, headers: [("Retry-After", "20")]), .json(taskJSON()),
        ]
        try await ClientFixture.run(configure: .init { $0.retry.attempts = 1 }, answers: answers) { fixture in
            let copy = fixture.client
            _ = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            #expect(fixture.clock.sleeps.isEmpty)
            _ = try await copy.task("5f00")
            #expect(fixture.clock.sleeps == [.seconds(20)])
        }
    }

    @Test func `a pause longer than anybody waits fails the other calls at once, without a request`() async throws {
        let answers = [
            ScriptedServer.Answer.status(429, headers: [("Retry-After", "60")]), .json(taskJSON()),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            let copy = fixture.client
            for _ in 0..<3 {
                let error = await scaleError { () throws(ScaleError) in try await copy.task("5f00") }
                #expect(error?.code == .tooManyRequests)
                #expect(error?.retryAfter == .seconds(60))
            }
            #expect(fixture.server.requests.count == 1)
            // When it is over all goes on.
            try await fixture.clock.sleep(until: .init(offset: .seconds(60)), tolerance: nil)
            _ = try await copy.task("5f00")
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test func `two calls at the same time both wait for what one of them was told`() async throws {
        let answers = [
            ScriptedServer.Answer.status(429, headers: [("Retry-After", "20")]), .json(taskJSON()),
        ]
        try await ClientFixture.run(configure: .init { $0.retry.attempts = 1 }, answers: answers) { fixture in
            _ = await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
            async let one = fixture.client.task("5f00")
            async let other = fixture.client.task("5f00")
            _ = try await (one, other)
            // On this clock the first sleep is everybody's, so the second may find the pause over.
            #expect(fixture.clock.sleeps.first == .seconds(20))
            #expect(fixture.server.requests.count == 3)
        }
    }

    @Test func `the rate limit spaces out the requests of all copies`() async throws {
        try await ClientFixture.run(configure: .init { $0.requestsPerSecond = 4 }, answers: [.json(taskJSON())]) {
            fixture in
            let copy = fixture.client
            for _ in 0..<3 {
                _ = try await fixture.client.task("5f00")
                _ = try await copy.task("5f00")
            }
            #expect(fixture.clock.sleeps == Array(repeating: .milliseconds(250), count: 5))
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is an error and nothing is sent to its target`(status: Int) async throws {
        try await ScriptedServer.run(answer: .json(taskJSON())) { target, targetPort in
            let location = "http://127.0.0.1:\(targetPort)/v1/task/5f00"
            let answer = ScriptedServer.Answer.status(status, headers: [("Location", location)])
            try await ClientFixture.run(answers: [answer]) { fixture in
                let client = fixture.client
                let errors = [
                    await scaleError { () throws(ScaleError) in try await client.task("5f00") },
                    await scaleError { () throws(ScaleError) in try await client.setTags([], ofTask: "5f00") },
                    await scaleError { () throws(ScaleError) in try await client.auditTask("5f00", accepted: true) },
                ]
                for error in errors {
                    #expect(error?.code == .redirected)
                    #expect(error?.status == status)
                }
                #expect(fixture.server.requests.count == 3)
            }
            #expect(target.connections == 0)
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `an HTTP client that follows redirects takes no key elsewhere`(status: Int) async throws {
        try await ScriptedServer.run(answer: .json(taskJSON())) { target, targetPort in
            let location = "http://127.0.0.1:\(targetPort)/v1/task/5f00"
            try await ScriptedServer.run(answer: .status(status, headers: [("Location", location)])) { _, port in
                let httpClient = HTTPClient()
                let client = ScaleClient(
                    configuration: .init(apiKey: Secret("live_key"), baseURL: "http://127.0.0.1:\(port)/v1"),
                    httpClient: httpClient,
                    logger: Logger(label: "test")
                )
                let read = await scaleError { () throws(ScaleError) in try await client.task("5f00") }
                let audit = await scaleError { () throws(ScaleError) in
                    try await client.auditTask("5f00", accepted: true)
                }
                try await httpClient.shutdown()
                #expect(read?.code == .redirected)
                #expect(audit?.code == .redirected)
            }
            #expect(target.requests.allSatisfy { !$0.headers.contains(name: "authorization") })
        }
    }

    @Test func `many calls at once all get their own answers`() async throws {
        let script: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer = { request, number in
            let id = request.uri.split(separator: "/").last.map(String.init) ?? ""
            return number % 3 == 0 ? .html(503) : .json(taskJSON(id))
        }
        try await ClientFixture.run(configure: .init { $0.retry.attempts = 20 }, script: script) { fixture in
            let client = fixture.client
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for index in 0..<200 {
                    group.addTask { (index, try await client.task("\(index)").id) }
                }
                for try await (index, id) in group { #expect(id == "\(index)") }
            }
        }
    }

    @Test func `connections are kept for the next request`() async throws {
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            for _ in 0..<5 { _ = try await fixture.client.task("5f00") }
            #expect(fixture.server.connections == 1)
        }
    }
}
