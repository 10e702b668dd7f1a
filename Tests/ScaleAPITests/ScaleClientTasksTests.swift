import AsyncHTTPClient
import Foundation
import Logging
import NIOHTTP1
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientTasksTests {
    @Test func `every call has its method, path, query and body`() async throws {
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            let client = fixture.client
            _ = try await client.task("a bc/def?é~-._")
            _ = try await client.createTask(
                type: "imageannotation",
                parameters: ["unique_id": "u", "x": [1, 2.5, nil]]
            )
            _ = try await client.cancelTask("5f00")
            _ = try await client.cancelTask("5f00", clearUniqueID: true)
            try await client.auditTask("5f00", accepted: true)
            try await client.auditTask("5f00", accepted: false, comments: "too \"small\"\n")
            _ = try await client.setUniqueID("u/1", ofTask: "5f00")
            _ = try await client.clearUniqueID(ofTask: "5f00")
            _ = try await client.setMetadata(["b": 1, "a": ["c": false]], ofTask: "5f00")
            _ = try await client.setMetadata([:], ofTask: "5f00")
            _ = try await client.setTags([], ofTask: "5f00")
            _ = try await client.setTags(["a", "é"], ofTask: "5f00")
            _ = try await client.addTags(["a"], ofTask: "5f00")
            _ = try await client.removeTags(["a"], ofTask: "5f00")
            let requests = fixture.server.requests.map { "\($0.method) \($0.uri) \($0.body)" }
            #expect(
                requests == [
                    "GET /v1/task/a%20bc%2Fdef%3F%C3%A9~-._ ",
                    #"POST /v1/task/imageannotation {"unique_id":"u","x":[1,2.5,null]}"#,
                    "POST /v1/task/5f00/cancel ",
                    "POST /v1/task/5f00/cancel?clear_unique_id=true ",
                    #"POST /v1/task/5f00/audit {"accepted":true,"comments":null}"#,
                    #"POST /v1/task/5f00/audit {"accepted":false,"comments":"too \"small\"\n"}"#,
                    #"POST /v1/task/5f00/unique_id {"unique_id":"u/1"}"#,
                    "DELETE /v1/task/5f00/unique_id ",
                    #"POST /v1/task/5f00/setMetadata {"b":1,"a":{"c":false}}"#,
                    "POST /v1/task/5f00/setMetadata {}",
                    "POST /v1/task/5f00/tags []",
                    #"POST /v1/task/5f00/tags ["a","é"]"#,
                    #"PUT /v1/task/5f00/tags ["a"]"#,
                    #"DELETE /v1/task/5f00/tags ["a"]"#,
                ]
            )
        }
    }

    @Test func `every request has the key, the content type and the length of its body`() async throws {
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            _ = try await fixture.client.task("5f00")
            _ = try await fixture.client.removeTags(["é"], ofTask: "5f00")
            let requests = fixture.server.requests
            for request in requests {
                let credentials = Data("\(ClientFixture.key):".utf8).base64EncodedString()
                #expect(request.headers["authorization"] == ["Basic \(credentials)"])
                #expect(request.headers["user-agent"] == ["scale-callbacks/1 (Swift)"])
            }
            #expect(requests[0].headers["content-type"] == [])
            #expect(requests[1].headers["content-type"] == ["application/json"])
            #expect(requests[1].headers["content-length"] == ["6"])
            #expect(requests[1].headers["transfer-encoding"] == [])
        }
    }

    // MARK: - Audit

    @Test(arguments: ["OK", "", "{}", taskJSON(), "<html>"])
    func `an audit succeeds by its status whatever the body`(body: String) async throws {
        try await ClientFixture.run(answers: [.status(200, body)]) { fixture in
            try await fixture.client.auditTask("5f00", accepted: true)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test func `an audit whose answer breaks off after a success is a success`() async throws {
        try await ClientFixture.run(answers: [.truncated()]) { fixture in
            try await fixture.client.auditTask("5f00", accepted: true)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test(arguments: [
        ScriptedServer.Answer.html(500), .html(502), .html(503), .html(504), .html(520), .html(530), .html(408),
        .close, .reset, .truncated(500), .raw("nonsense\r\n\r\n"),
        .status(503, headers: [("Retry-After", "1")]),
    ])
    func `an audit is never sent again after an unclear answer`(answer: ScriptedServer.Answer) async throws {
        try await ClientFixture.run(answers: [answer, .status(200, "OK")]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.auditTask("5f00", accepted: true)
            }
            #expect(error?.isOutcomeUnknown == true)
            #expect(error?.operation == "POST /task/{id}/audit")
            #expect(fixture.server.requests.count == 1)
            #expect(fixture.clock.sleeps.isEmpty)
        }
    }

    @Test func `an audit is never sent again after a timeout`() async throws {
        try await ClientFixture.run(
            configure: .init { $0.timeout = .milliseconds(200) },
            answers: [.never, .status(200, "OK")]
        ) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.auditTask("5f00", accepted: true)
            }
            #expect(error?.code == .timeout)
            #expect(error?.isOutcomeUnknown == true)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test func `an audit that was refused with 429 is sent again`() async throws {
        try await ClientFixture.run(answers: [.status(429), .status(429), .status(200, "OK")]) { fixture in
            try await fixture.client.auditTask("5f00", accepted: true)
            #expect(fixture.server.requests.count == 3)
        }
    }

    @Test(arguments: [400, 401, 404, 409])
    func `an audit that Scale refuses has a known outcome`(status: Int) async throws {
        try await ClientFixture.run(answers: [.status(status, #"{"error":"no"}"#)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.auditTask("5f00", accepted: true)
            }
            #expect(error?.isOutcomeUnknown == false)
        }
    }

    // MARK: - Create

    static let unclear: [ScriptedServer.Answer] = [.html(500), .html(504), .html(520), .close, .reset, .truncated()]

    @Test(arguments: unclear)
    func `a task that was made behind a failure is found by its unique id`(
        answer: ScriptedServer.Answer
    ) async throws {
        let page = #"{"docs":[\#(taskJSON("5f00", #","unique_id":"p/1""#))],"total":1,"has_more":false}"#
        let answers = [answer, .status(409, #"{"error":"The unique_id is already used"}"#), .json(page)]
        try await ClientFixture.run(answers: answers) { fixture in
            let task = try await fixture.client.createTask(type: "annotation", parameters: ["unique_id": "p/1"])
            #expect(task.id == "5f00")
            #expect(fixture.server.requests.map(\.method) == ["POST", "POST", "GET"])
            #expect(fixture.server.requests.last?.uri == "/v1/tasks?unique_id=p%2F1")
        }
    }

    @Test func `a conflict at once is a conflict`() async throws {
        try await ClientFixture.run(answers: [.status(409, #"{"error":"used"}"#)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.createTask(type: "annotation", parameters: ["unique_id": "p/1"])
            }
            #expect(error?.code == .conflict)
            #expect(error?.isOutcomeUnknown == false)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test func `a conflict after a 429 is a conflict, for nothing was made`() async throws {
        try await ClientFixture.run(answers: [.status(429), .status(409)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.createTask(type: "annotation", parameters: ["unique_id": "p/1"])
            }
            #expect(error?.code == .conflict)
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test(arguments: [#"{"docs":[]}"#, #"{"docs":[{"task_id":"other","unique_id":"p/2"}]}"#, #"{"docs":[1]}"#])
    func `no other task is taken for the one that was made`(page: String) async throws {
        try await ClientFixture.run(answers: [.html(500), .status(409), .json(page)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.createTask(type: "annotation", parameters: ["unique_id": "p/1"])
            }
            #expect(error?.code == .conflict)
            #expect(error?.isOutcomeUnknown == true)
        }
    }

    @Test(arguments: unclear)
    func `without a unique id nothing is created twice`(answer: ScriptedServer.Answer) async throws {
        try await ClientFixture.run(answers: [answer]) { fixture in
            let withoutID: [JSON.Object] = [[:], ["unique_id": ""], ["unique_id": nil], ["unique_id": 7]]
            for (index, parameters) in withoutID.enumerated() {
                let error = await scaleError { () throws(ScaleError) in
                    try await fixture.client.createTask(type: "annotation", parameters: parameters)
                }
                #expect(error?.isOutcomeUnknown == true)
                #expect(fixture.server.requests.count == index + 1)
            }
        }
    }

    @Test func `a create that was refused with 429 is sent again, for nothing was made`() async throws {
        try await ClientFixture.run(answers: [.status(429), .json(taskJSON())]) { fixture in
            _ = try await fixture.client.createTask(type: "annotation", parameters: [:])
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test func `a create with a unique id survives passing failures`() async throws {
        try await ClientFixture.run(answers: [.html(503), .reset, .json(taskJSON("5f01"))]) { fixture in
            let task = try await fixture.client.createTask(type: "annotation", parameters: ["unique_id": "p/1"])
            #expect(task.id == "5f01")
            #expect(Set(fixture.server.requests.map(\.body)) == [#"{"unique_id":"p/1"}"#])
        }
    }

    // MARK: - Cancel and other changes

    @Test func `cancelling what an earlier attempt has cancelled is a success`() async throws {
        let canceled = taskJSON("5f00").replacing("pending", with: "canceled")
        let answers = [ScriptedServer.Answer.reset, .status(400, #"{"error":"not pending"}"#), .json(canceled)]
        try await ClientFixture.run(answers: answers) { fixture in
            let task = try await fixture.client.cancelTask("5f00")
            #expect(task.status == .canceled)
        }
    }

    @Test func `cancelling a task that is under way is refused`() async throws {
        let answers = [ScriptedServer.Answer.status(400, #"{"error":"too late"}"#), .json(taskJSON())]
        try await ClientFixture.run(answers: answers) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.cancelTask("5f00") }
            #expect(error?.code == .badRequest)
            #expect(error?.message == "too late")
        }
    }

    @Test func `changes that do no harm twice are repeated, PUT and DELETE included`() async throws {
        let script: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer = { _, number in
            number % 2 == 0 ? .html(500) : .json(taskJSON())
        }
        try await ClientFixture.run(script: script) { fixture in
            let client = fixture.client
            _ = try await client.setTags(["a"], ofTask: "5f00")
            _ = try await client.addTags(["a"], ofTask: "5f00")
            _ = try await client.removeTags(["a"], ofTask: "5f00")
            _ = try await client.setMetadata([:], ofTask: "5f00")
            _ = try await client.setUniqueID("u", ofTask: "5f00")
            _ = try await client.clearUniqueID(ofTask: "5f00")
            _ = try await client.cancelTask("5f00")
            #expect(fixture.server.requests.count == 14)
        }
    }

    @Test func `an unclear attempt is not forgotten when a later one is refused`() async throws {
        try await ClientFixture.run(answers: [.reset, .status(404)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.setTags([], ofTask: "5") }
            #expect(error?.code == .notFound)
            #expect(error?.isOutcomeUnknown == true)
        }
    }

    // MARK: - Cancellation

    @Test(arguments: [
        ScriptedServer.Answer.never, .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", .keepOpen),
        .raw("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n{", .keepOpen),
    ])
    func `a cancelled call ends at once, whatever it waits for`(answer: ScriptedServer.Answer) async throws {
        try await ClientFixture.run(answers: [answer]) { fixture in
            let client = fixture.client
            let errors = await withTaskGroup(of: ScaleError?.self) { group in
                group.addTask { await scaleError { () throws(ScaleError) in try await client.task("5f00") } }
                group.addTask {
                    await scaleError { () throws(ScaleError) in try await client.addTags(["a"], ofTask: "5f00") }
                }
                while fixture.server.requests.count < 2 { await Task.yield() }
                group.cancelAll()
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.map { $0?.code } == [.cancelled, .cancelled])
            // What was changed remains to be seen, what was read does not.
            #expect(Set(errors.map { $0?.isOutcomeUnknown }) == [true, false])
        }
    }

    @Test func `a call that is cancelled between attempts ends without another one`() async throws {
        try await ClientFixture.run(
            clock: TestClock { _ in withUnsafeCurrentTask { $0?.cancel() } },
            answers: [.html(500)]
        ) { fixture in
            let client = fixture.client
            let error = await withTaskGroup(of: ScaleError?.self) { group in
                group.addTask { await scaleError { () throws(ScaleError) in try await client.task("5f00") } }
                return await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test(arguments: [
        ScriptedServer.Answer.status(503, headers: [("Retry-After", "30")]),
        .status(429, headers: [("Retry-After", "30")]),
    ])
    func `a call that waits for its next attempt by the real clock is cancelled at once`(
        answer: ScriptedServer.Answer
    ) async throws {
        try await ClientFixture.run(answers: [answer]) { fixture in
            let httpClient = HTTPClient(configuration: try fixture.client.configuration.httpClientConfiguration)
            let client = ScaleClient(
                configuration: fixture.client.configuration,
                httpClient: httpClient,
                logger: Logger(label: "test") { _ in fixture.log }
            )
            let clock = ContinuousClock()
            let start = clock.now
            let codes = await withTaskGroup(of: ScaleError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask { await scaleError { () throws(ScaleError) in try await client.task("5f00") }?.code }
                }
                while fixture.server.requests.isEmpty { await Task.yield() }
                group.cancelAll()
                return await group.reduce(into: []) { $0.append($1) }
            }
            try await httpClient.shutdown()
            #expect(codes == [.cancelled, .cancelled])
            #expect(start.duration(to: clock.now) < .seconds(20))
        }
    }

    @Test func `a call in a task that is cancelled already sends nothing`() async throws {
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            let client = fixture.client
            let error = await withTaskGroup(of: ScaleError?.self) { group in
                group.cancelAll()
                group.addTask {
                    await scaleError { () throws(ScaleError) in try await client.setTags([], ofTask: "5") }
                }
                return await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
            #expect(error?.isOutcomeUnknown == false)
            #expect(fixture.server.requests.isEmpty)
        }
    }
}
