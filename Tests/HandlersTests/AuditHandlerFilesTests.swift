import AsyncHTTPClient
import Callbacks
import Logging
import ScaleAPI
import ScaleSimulator
import Testing

@testable import Handlers

/// Audits of tasks whose annotations are in a file, with servers that have it.
@Suite(.timeLimit(.minutes(1))) struct AuditHandlerFilesTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    private static let checking = Rule(
        verdict: .reject,
        reason: "{label}",
        condition: .check("label-not-asked-for", parameters: [:])
    )
    private static let accepting = Rule(verdict: .accept, reason: "fine", condition: .always)
    private static let file = Array(#"[{"annotations": [{"type": "box", "label": "boat"}]}]"#.utf8)

    private func handler(
        _ rules: [Rule] = [Self.checking, Self.accepting],
        mode: AuditHandler.Configuration.Mode = .shadow,
        confirm: Bool = true,
        fetch: AuditHandler.Fetch? = .init()
    ) throws -> AuditHandler {
        try AuditHandler(configuration: .init(mode: mode, confirm: confirm, fetch: fetch, rules: rules))
    }

    /// A completed task of the simulator's.
    private func task(_ type: String, _ scale: SimulatedScale) async throws -> ScaleTask {
        let geometries: JSON = ["box": ["objects_to_annotate": ["truck"]]]
        let parameters: JSON.Object =
            switch type {
            case "lidarannotation", "lidarsegmentation":
                ["attachments": ["https://x.example/1.json"], "attachment_type": "json", "labels": ["car", "van"]]
            case "lidarlinking": ["lidar_task": "x", "label_map": ["car": "vehicle"]]
            case "videoplaybackannotation":
                ["attachment": "https://x.example/1.mp4", "attachment_type": "video", "geometries": geometries]
            default: ["attachments": ["https://x.example/1.jpg"], "geometries": geometries]
            }
        let task = try await scale.client.createTask(type: .init(rawValue: type), parameters: parameters)
        return try await scale.completed(task.id)
    }

    @Test(arguments: [
        "videoannotation", "videoplaybackannotation", "videoboxannotation", "videocuboidannotation", "lidarannotation",
        "lidarsegmentation", "lidarlinking",
    ]) func `the simulator's files are fetched and judged`(type: String) async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await self.task(type, scale)))
            let before = scale.requests.count
            let context = NoteBook().context(scale: scale.client)
            let outcome = try await self.handler().handle(event, in: context)
            #expect(outcome.disposition == .completed)
            #expect(outcome.detail?["verdict"] == "accept", "\(outcome.summary)")
            let fetched = scale.requests.dropFirst(before)
            #expect(fetched.count == 1 && fetched.first?.contains("/response_url/") == true)
            let many = Rule(verdict: .reject, reason: "{n}", condition: .find("SELECT count(*) AS n FROM annotations"))
            let counted = try await self.handler([many]).handle(event, in: context)
            #expect(counted.detail?["reason"]?.string.flatMap { Int($0) } ?? 0 > 0)
            // Whether there is any work is in the file, too.
            let empty = Rule(verdict: .reject, reason: "nothing", condition: .check("empty", parameters: [:]))
            let work = try await self.handler([empty, Self.accepting]).handle(event, in: context)
            #expect(work.detail?["verdict"] == "accept")
        }
    }

    @Test func `without the key nothing is fetched, and people decide`() async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await self.task("videoannotation", scale)))
            let before = scale.requests.count
            for mode in [AuditHandler.Configuration.Mode.shadow, .live] {
                let outcome = try await self.handler(mode: mode, fetch: nil)
                    .handle(event, in: NoteBook().context(scale: scale.client))
                #expect(outcome.disposition == .completed)
                #expect(outcome.detail?["verdict"] == "leave")
                #expect(outcome.detail?["error"] == "the annotations are in a file that was not fetched")
            }
            #expect(scale.requests.count == before)
        }
    }

    @Test(
        arguments: [
            [Rule(verdict: .leave, reason: "a sample", condition: .sample(1)), Self.checking],
            [Rule(verdict: .accept, reason: "video", condition: .when("type = 'videoannotation'")), Self.checking],
            [Rule(verdict: .accept, reason: "named", condition: .find("SELECT url FROM files"))],
        ] as [[AuditHandler.Configuration.Rule]]
    ) func `rules that need no file have none fetched`(
        rules: [AuditHandler.Configuration.Rule]
    ) async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await self.task("videoannotation", scale)))
            let before = scale.requests.count
            let outcome = try await self.handler(rules).handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.detail?["error"] == nil)
            #expect(scale.requests.count == before)
        }
    }

    @Test(arguments: [true, false]) func `a live verdict is that on the file of the copy that counts`(
        confirm: Bool
    ) async throws {
        try await SimulatedScale.run { scale in
            let task = try await self.task("videoannotation", scale)
            let event = Example.event(Callback(task: task))
            let handler = try self.handler(mode: .live, confirm: confirm)
            let before = scale.requests.count
            let outcome = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.detail?["answer"] == "audited")
            #expect(scale.simulator.audits[task.id]?.map(\.accepted) == [true])
            let requests = scale.requests.dropFirst(before)
            #expect(requests.filter { $0.contains("/response_url/") }.count == 1, "the file is fetched once")
            #expect(requests.filter { $0 == "GET /v1/task/\(task.id)" }.count == (confirm ? 1 : 0))
        }
    }

    @Test func `a posted body cannot name a file of its own`() async throws {
        let serve: @Sendable (String) -> [[UInt8]] = { _ in RawServer.answer(Array("[]".utf8)) }
        try await RawServer.run(serve) { server in
            try await SimulatedScale.run { scale in
                let task = try await self.task("videoannotation", scale)
                var forged = task.json
                forged["response"] = ["annotations": ["url": .string("http://127.0.0.1:\(server.port)/x")]]
                let callback = Callback(task: try present(ScaleTask(json: .object(forged))))
                let outcome = try await self.handler(mode: .live)
                    .handle(Example.event(callback), in: NoteBook().context(scale: scale.client))
                #expect(outcome.disposition == .stale)
                #expect(server.requests.isEmpty)
                #expect(scale.simulator.audits.isEmpty)
            }
        }
    }

    @Test func `an account without an API key, or with a wrong one, holds the handler`() async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await self.task("videoannotation", scale)))
            for client in [nil, scale.stranger] {
                let outcome = try await self.handler().handle(event, in: NoteBook().context(scale: client))
                #expect(outcome.disposition == .hold)
            }
            let live = try await self.handler(mode: .live, confirm: false)
                .handle(event, in: NoteBook().context(scale: scale.stranger))
            #expect(live.disposition == .hold)
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    private typealias Answer = (
        name: String, pieces: [[UInt8]], disposition: Outcome.Disposition, verdict: JSON?, word: String
    )

    private static let answers: [Answer] = [
        ("a good one", RawServer.answer(file), .completed, "reject", "boat"),
        (
            "over the limit, said", RawServer.answer(Array(repeating: 0x20, count: 5000) + file), .completed, "leave",
            "longer than the 4096 bytes"
        ),
        (
            "over the limit, unsaid",
            [Array("HTTP/1.1 200 OK\r\n\r\n\(String(repeating: " ", count: 5000))[]".utf8)], .completed, "leave",
            "longer than the 4096 bytes"
        ),
        ("HTML", RawServer.answer(Array("<html>log in</html>".utf8)), .completed, "leave", "not strict JSON"),
        ("empty", RawServer.answer([]), .completed, "leave", "not strict JSON"),
        ("nearly JSON", RawServer.answer(Array("[{annotations: []}]".utf8)), .completed, "leave", "not strict JSON"),
        ("another form", RawServer.answer(Array(#"{"frames": [1]}"#.utf8)), .completed, "leave", "no form"),
        (
            "cut, without a length", [Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[{".utf8)],
            .retry(after: nil), nil, "ends in the middle"
        ),
        (
            "cut, with its length", [Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{}]".utf8)],
            .retry(after: nil), nil, "connection"
        ),
        (
            "slow", [Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1".utf8), []], .retry(after: nil), nil,
            "no complete answer"
        ),
        ("404", RawServer.answer([], status: "404 Not Found"), .dead, nil, "404"),
        ("500", RawServer.answer([], status: "500 Oh"), .retry(after: nil), nil, "500"),
        ("401", RawServer.answer([], status: "401 No"), .hold, nil, "401"),
        ("402", RawServer.answer([], status: "402 No"), .hold, nil, "402"),
        ("403", RawServer.answer([], status: "403 No"), .hold, nil, "403"),
        (
            "to a private address", RawServer.answer([], status: "302 Go", headers: "Location: http://10.0.0.1/x\r\n"),
            .dead, nil, "private address"
        ),
    ]

    @Test(arguments: Self.answers.indices) func `a file that cannot be had, or read, is never a verdict`(
        index: Int
    ) async throws {
        let answer = Self.answers[index]
        let serve: @Sendable (String) -> [[UInt8]] = { _ in answer.pieces }
        try await RawServer.run(serve) { server in
            try await ResultFetcherTests.withClient(
                port: server.port,
                change: { $0.transferTimeout = .seconds(1) }
            ) { client in
                let callback = try Example.callback("11-") { task in
                    task["response"] = ["annotations": ["url": .string("http://127.0.0.1:\(server.port)/v1/x")]]
                }
                let outcome = try await self.handler(fetch: .init(limit: 4096))
                    .handle(Example.event(callback), in: NoteBook().context(scale: client))
                #expect(outcome.disposition == answer.disposition, "\(answer.name): \(outcome.summary)")
                #expect(outcome.detail?["verdict"] == answer.verdict, "\(answer.name)")
                #expect(outcome.summary.contains(answer.word), "\(answer.name): \(outcome.summary)")
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: ["http://127.0.0.1:1/x", "http://10.1.2.3/x", "file:///etc/passwd", "http://[::1]/x"])
    func `a URL that is not followed is a dead letter`(url: String) async throws {
        try await ResultFetcherTests.withClient(port: 9) { client in
            let callback = try Example.callback("11-") { task in
                task["response"] = ["annotations": ["url": .string(url)]]
            }
            let outcome = try await self.handler()
                .handle(Example.event(callback), in: NoteBook().context(scale: client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .refused)
        }
    }
}
