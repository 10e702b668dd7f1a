import AsyncHTTPClient
import Callbacks
import Foundation
import Logging
import ScaleAPI
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct ResultFetcherTests {
    private static let json = Array(#"{"frames": [1, 2]}"#.utf8)
    private static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array(repeating: 7, count: 50)
        + [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]

    /// A client whose API is at a port of this machine.
    static func withClient<Result>(
        port: Int,
        change: (inout ScaleClient.Configuration) -> Void = { _ in },
        _ body: (ScaleClient) async throws -> Result
    ) async throws -> Result {
        var configuration = ScaleClient.Configuration(
            apiKey: Secret("live_secret"),
            baseURL: "http://127.0.0.1:\(port)/v1"
        )
        configuration.retry.attempts = 1
        change(&configuration)
        let httpClient = HTTPClient(configuration: try configuration.httpClientConfiguration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        do {
            let result = try await body(
                ScaleClient(configuration: configuration, httpClient: httpClient, logger: logger)
            )
            try await httpClient.shutdown()
            return result
        } catch {
            try? await httpClient.shutdown()
            throw error
        }
    }

    private func handler(
        _ folder: String,
        _ fetch: FileHandler.Fetch = .init(),
        format: FileHandler.Configuration.Format = .json
    ) throws -> FileHandler {
        var configuration = FileHandler.split(path: "\(folder)/out/{event_id}.json")
        configuration.format = format
        configuration.fetch = fetch
        return try FileHandler(configuration: configuration)
    }

    /// An event of a video whose annotations, and events, are in files.
    private func event(_ annotations: String, _ events: String? = nil) throws -> Event {
        var response: JSON.Object = ["annotations": ["url": .string(annotations)]]
        response["events"] = events.map { ["url": .string($0)] }
        return Example.event(try Example.task("videoplaybackannotation", response: .object(response)))
    }

    private func index(_ folder: String) -> [JSON] {
        (content(of: "\(folder)/out/index.jsonl") ?? []).split(separator: 0x0A)
            .compactMap { try? JSON(parsing: Array($0)) }
    }

    @Test(arguments: ["videoplaybackannotation", "segmentannotation", "lidarannotation"])
    func `the simulator's result files are there byte by byte, and on the index once`(type: String) async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                let made = try await scale.client.createTask(
                    type: .init(rawValue: type),
                    parameters: Self.parameters(type)
                )
                let task = try await scale.completed(made.id)
                let event = Example.event(Callback(task: task))
                let urls = try present(task.result).resultURLs
                #expect(!urls.isEmpty)
                let handler = try self.handler(folder)
                for attempt in 1...3 {
                    let before = scale.requests.count
                    let outcome = try await handler.handle(
                        event,
                        in: NoteBook().context(scale: scale.client, attempt: attempt)
                    )
                    #expect(outcome.disposition == .completed)
                    #expect(outcome.detail?["file_count"]?.int == urls.count)
                    #expect(
                        scale.requests.count - before == (attempt == 1 ? urls.count : 0),
                        "what is there is not fetched again"
                    )
                }
                var served: Set<String> = []
                for url in urls {
                    served.insert(Digest.hexadecimal(Digest.sha256(try await scale.client.resultFile(at: url))))
                }
                let index = self.index(folder)
                #expect(index.count == urls.count)
                #expect(Set(index.compactMap { $0["sha256"]?.string }) == served)
                for line in index {
                    let bytes = try #require(content(of: "\(folder)/out/\(line["path"]?.string ?? "")"))
                    #expect(Digest.hexadecimal(Digest.sha256(bytes)) == line["sha256"]?.string)
                    #expect(bytes.count == line["size"]?.int)
                    #expect(line["event_id"] == 7)
                    #expect(line["task_id"] == .string(task.id))
                    #expect(
                        try Date.ISO8601FormatStyle().parse(line["fetched_at"]?.string ?? "").timeIntervalSinceNow
                            > -120
                    )
                }
                #expect(filePaths(in: folder).count == urls.count + 2, "nothing temporary is left")
            }
        }
    }

    private static func parameters(_ type: String) -> JSON.Object {
        switch type {
        case "segmentannotation": ["attachment": "https://assets.example.com/1.jpg", "labels": ["quay", "water"]]
        case "lidarannotation":
            ["attachments": ["https://assets.example.com/1.json"], "attachment_type": "json", "labels": ["car"]]
        default:
            [
                "attachment": "https://assets.example.com/1.mp4", "attachment_type": "video", "frame_rate": 1,
                "geometries": ["box": ["objects_to_annotate": ["car"]]],
            ]
        }
    }

    private typealias Case = (name: String, pieces: [[UInt8]], expected: Outcome.Disposition, word: String)

    private static let answers: [Case] = [
        ("html", RawServer.answer(Array("<html>log in</html>".utf8)), .dead, "wanted are json, png"),
        (
            "html that looks like JSON", RawServer.answer(Self.json, type: "text/html"), .dead,
            "the server calls it text/html"
        ),
        ("empty", RawServer.answer([]), .dead, "its content is empty"),
        (
            "a PNG that is called JSON", RawServer.answer(Self.png, type: "application/json"), .dead,
            "its content is png"
        ),
        ("an archive", RawServer.answer([0x50, 0x4B, 3, 4] + Self.png), .dead, "its content is zip"),
        (
            "too long, said", RawServer.answer(Array("[\(String(repeating: "1,", count: 3000))1]".utf8)), .dead,
            "longer than 4096"
        ),
        (
            "too long, unsaid", [Array("HTTP/1.1 200 OK\r\n\r\n[\(String(repeating: "1,", count: 3000))1]".utf8)],
            .dead, "longer than 4096"
        ),
        (
            "cut, with its length", [Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2".utf8)],
            .retry(after: nil), "connection"
        ),
        (
            "cut, without", [Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1, 2".utf8)], .retry(after: nil),
            "ends in the middle"
        ),
        (
            "cut PNG", [Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8) + Self.png.dropLast(5)],
            .retry(after: nil), "png file ends"
        ),
        (
            "cut chunk", [Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[1, 2".utf8)],
            .retry(after: nil), "connection"
        ),
        (
            "slow", [Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1".utf8), []], .retry(after: nil),
            "no complete answer"
        ),
        ("404", RawServer.answer([], status: "404 Not Found"), .dead, "404"),
        ("500", RawServer.answer([], status: "500 Oh"), .retry(after: nil), "500"),
        ("401 of the API", RawServer.answer([], status: "401 No"), .hold, "401"),
        ("402 of the API", RawServer.answer([], status: "402 No"), .hold, "402"),
        ("403 of the API", RawServer.answer([], status: "403 No"), .hold, "403"),
        (
            "to a private address", RawServer.answer([], status: "302 Go", headers: "Location: http://10.0.0.1/x\r\n"),
            .dead, "private address"
        ),
        (
            "to metadata", RawServer.answer([], status: "302 Go", headers: "Location: http://169.254.169.254/\r\n"),
            .dead, "private address"
        ),
        (
            "to a file", RawServer.answer([], status: "302 Go", headers: "Location: file:///etc/passwd\r\n"), .dead,
            "neither https nor http"
        ),
        (
            "in circles", RawServer.answer([], status: "302 Go", headers: "Location: /again\r\n"), .dead,
            "more than 3 redirects"
        ),
    ]

    @Test(arguments: Self.answers.indices) func `a hostile answer leaves nothing behind`(index: Int) async throws {
        let (name, pieces, expected, word) = Self.answers[index]
        try await withTemporaryFolder { folder in
            try await RawServer.run({ _ in pieces }) { server in
                try await Self.withClient(port: server.port, change: { $0.transferTimeout = .seconds(1) }) { client in
                    let event = try self.event("http://127.0.0.1:\(server.port)/v1/x")
                    let outcome = try await self.handler(folder, .init(limit: 4096))
                        .handle(event, in: NoteBook().context(scale: client))
                    #expect(outcome.disposition == expected, "\(name)")
                    #expect(outcome.summary.contains(word), "\(name): \(outcome.summary)")
                    #expect(outcome.detail?["failed"]?[0]?["number"] == 1)
                }
            }
            #expect(filePaths(in: folder) == ["out/7.json"], "\(name): the event itself is kept")
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:1/x", "http://10.1.2.3/x", "http://[::1]/x", "http://localhost/x", "file:///etc/passwd",
        "ftp://h/x", "http://user:pass@h.example/x", "", "x", "http://", "http://169.254.169.254/latest",
        "http://0x7f.1/x", "s3://bucket/key", "data:application/json,[]",
    ]) func `a URL that is not followed is a dead letter, and the key goes nowhere`(url: String) async throws {
        try await withTemporaryFolder { folder in
            // The API is elsewhere, so that none of these is at its address.
            try await Self.withClient(port: 9) { client in
                let outcome = try await self.handler(folder)
                    .handle(try self.event(url), in: NoteBook().context(scale: client))
                #expect(outcome.disposition == .dead)
                #expect(outcome.failureClass == .refused)
            }
            #expect(filePaths(in: folder) == ["out/7.json"])
        }
    }

    @Test(arguments: [401, 402, 403]) func `another host gets no key, and its refusal does not hold the handler`(
        status: Int
    ) async throws {
        try await withTemporaryFolder { folder in
            try await RawServer.run({ _ in RawServer.answer([], status: "\(status) No") }) { server in
                try await Self.withClient(port: 9, change: { $0.allowsPrivateResultHosts = true }) { client in
                    let event = try self.event("http://127.0.0.1:\(server.port)/x")
                    let outcome = try await self.handler(folder).handle(event, in: NoteBook().context(scale: client))
                    #expect(outcome.disposition == .dead)
                    #expect(outcome.failureClass == .rejected)
                    #expect(server.requests.count == 1)
                    #expect(!server.requests.joined().lowercased().contains("authorization"))
                }
            }
        }
    }

    @Test func `a retry goes on with what is missing`() async throws {
        try await withTemporaryFolder { folder in
            let isUp = Switch()
            try await RawServer.run({ head in
                head.hasPrefix("GET /v1/b") && !isUp.isOn
                    ? RawServer.answer([], status: "503 Wait") : RawServer.answer(Self.json)
            }) { server in
                try await Self.withClient(port: server.port) { client in
                    let base = "http://127.0.0.1:\(server.port)/v1"
                    let event = try self.event("\(base)/a", "\(base)/b.JSON?x=1")
                    let handler = try self.handler(folder, format: .jsonl)
                    let notes = NoteBook()
                    let first = try await handler.handle(event, in: notes.context(scale: client))
                    #expect(first.disposition == .retry(after: nil))
                    #expect(first.detail?["file_count"] == 1)
                    isUp.turnOn()
                    // Whoever else wrote lines meanwhile, this event's is known from the note.
                    try FileManager.default.removeItem(atPath: "\(folder)/out/7.json")
                    let second = try await handler.handle(
                        event,
                        in: notes.context(scale: client, attempt: 2, earlierNotes: notes.notes)
                    )
                    #expect(second.disposition == .completed)
                    #expect(
                        server.requests.map { $0.prefix { $0 != "\r\n" } } == [
                            "GET /v1/a HTTP/1.1", "GET /v1/b.JSON?x=1 HTTP/1.1", "GET /v1/b.JSON?x=1 HTTP/1.1",
                        ]
                    )
                }
            }
            let task = "files/65c5704c6bf306f6b6e3422f"
            #expect(
                filePaths(in: folder) == [
                    "out/\(task)/7-1-annotations.json", "out/\(task)/7-2-events.json", "out/index.jsonl",
                ]
            )
            #expect(
                self.index(folder).map { $0["path"] } == [
                    .string("\(task)/7-1-annotations.json"), .string("\(task)/7-2-events.json"),
                ]
            )
        }
    }

    @Test func `no label leads out of the folder`() async throws {
        try await withTemporaryFolder { folder in
            try await RawServer.run({ _ in RawServer.answer(Self.png) }) { server in
                try await Self.withClient(port: server.port) { client in
                    let url = JSON.string("http://127.0.0.1:\(server.port)/v1/x")
                    let labels: JSON = [
                        "../../up": url, "/etc/x": url, "a\u{0}b": [url, url], "..": url, "index.jsonl": url,
                    ]
                    let event = Example.event(
                        try Example.task(
                            "segmentannotation",
                            response: ["annotations": ["labeled": labels, "combined": ["image": url]]]
                        )
                    )
                    let fetch = FileHandler.Fetch(template: "{label}/{number}.{ending}")
                    let outcome = try await self.handler(folder, fetch)
                        .handle(event, in: NoteBook().context(scale: client))
                    #expect(outcome.disposition == .dead, "index.jsonl is a file and no folder")
                    #expect(outcome.detail?["file_count"] == 6)
                    #expect(
                        filePaths(in: folder) == [
                            "out/%2E.%2F..%2Fup/1.png", "out/%2E./5.png", "out/%2Fetc%2Fx/2.png", "out/7.json",
                            "out/_/7.png",
                            "out/a%00b/3.png", "out/a%00b/4.png", "out/index.jsonl",
                        ]
                    )
                }
            }
        }
    }

    @Test func `without a key nothing is fetched, and events without files need none`() async throws {
        try await withTemporaryFolder { folder in
            let event = try self.event("https://h.example/x")
            #expect(try await self.handler(folder).handle(event, in: NoteBook().context()).disposition == .hold)
            let boxes = Example.event(try Example.callback("01-"))
            #expect(try await self.handler(folder).handle(boxes, in: NoteBook().context()).disposition == .completed)
            let batch = Example.event(try Example.callback("50-"))
            #expect(try await self.handler(folder).handle(batch, in: NoteBook().context()).disposition == .completed)
        }
    }

    @Test(arguments: [
        ("{", ResultKind.json), (" \n[", .json), ("%PDF-1.7", .pdf), ("RIFF1234WEBP", .webp), ("1234ftypisom", .mp4),
        ("<html>", nil), ("", nil), ("\u{FEFF}[", nil), ("hello", nil), ("\"text\"", nil),
    ]) func `the kind of a file shows in its first bytes`(head: String, expected: ResultKind?) {
        #expect(ResultKind(head: Array(head.utf8)) == expected)
    }
}

/// Something that is off until it is turned on.
private final class Switch: Sendable {
    private let state = Mutex(false)

    var isOn: Bool { self.state.withLock { $0 } }

    func turnOn() { self.state.withLock { $0 = true } }
}
