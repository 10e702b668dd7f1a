import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct FileHandlerLinesTests {
    private static func event(_ number: Int64, body: String? = nil) throws -> Event {
        let body = body ?? #"{"task_id": "t\#(number)", "task": {"task_id": "t\#(number)", "status": "completed"}}"#
        return Example.event(
            try Callback(body: Array(body.utf8)),
            id: number,
            receivedAt: 1_741_700_000_000 + number * 86_400_000
        )
    }

    private static func handler(_ path: String, rotateAt: Int? = nil, isCompressed: Bool = false) throws -> FileHandler
    {
        var configuration = FileHandler.split(path: path)
        configuration.format = .jsonl
        configuration.rotateAt = rotateAt
        configuration.isCompressed = isCompressed
        return try FileHandler(configuration: configuration)
    }

    @Test func `each event is a line of the file of its day, stale or not`() async throws {
        try await withTemporaryFolder { folder in
            let handler = try Self.handler("\(folder)/out/{received:yyyy-MM-dd}.jsonl")
            for number in [0, 1, 1] as [Int64] {
                let outcome = try await handler.handle(Self.event(number), in: NoteBook().context(newerEvent: 99))
                #expect(outcome.disposition == .completed)
                #expect(outcome.detail?["path"] == .string("2025-03-1\(1 + number).jsonl"))
            }
            #expect(filePaths(in: folder) == ["out/2025-03-11.jsonl", "out/2025-03-12.jsonl"])
            let body = try Self.event(1).body
            #expect(content(of: "\(folder)/out/2025-03-12.jsonl") == body + [0x0A] + body + [0x0A])
        }
    }

    @Test(arguments: [
        ("{\"task_id\":\"t\",\n  \"a\\n\": 1.50}", "{\"task_id\":\"t\",   \"a\\n\": 1.50}"),
        ("\r\n[1,\r\n2]\n", "  [1,  2] "), (" [ 1 ] ", " [ 1 ] "),
    ]) func `only line breaks between values are changed`(body: String, line: String) async throws {
        try await withTemporaryFolder { folder in
            _ = try await Self.handler("\(folder)/x.jsonl").handle(Self.event(1, body: body), in: NoteBook().context())
            let written = try #require(content(of: "\(folder)/x.jsonl"))
            #expect(String(decoding: written, as: UTF8.self) == line + "\n")
            #expect(try JSON(parsing: written.dropLast()) == JSON(parsing: body))
        }
    }

    @Test(arguments: [false, true]) func `events that come together are all there once, in few writes`(
        isCompressed: Bool
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/x.jsonl\(isCompressed ? ".gz" : "")"
            let handler = try Self.handler(path, isCompressed: isCompressed)
            for attempt in 1...2 {
                try await withThrowingTaskGroup(of: Outcome.self) { group in
                    for number in 0..<400 as Range<Int64> {
                        group.addTask {
                            try await handler.handle(try Self.event(number), in: NoteBook().context(attempt: attempt))
                        }
                    }
                    for try await outcome in group { #expect(outcome.disposition == .completed) }
                }
                var bytes = try #require(content(of: path))
                if isCompressed {
                    var plain: [UInt8] = []
                    while let length = GzipMember.length(of: Array(bytes.prefix(GzipMember.headerLength))) {
                        plain += try #require(GzipMember.unpacked(Array(bytes[..<length])))
                        bytes.removeFirst(length)
                    }
                    bytes = plain
                }
                let lines = bytes.split(separator: 0x0A).map { Array($0) }
                #expect(Set(lines) == Set(try (0..<400).map { try Self.event($0).body }))
                #expect(lines.count == 400, "attempt \(attempt)")
            }
        }
    }

    @Test func `one event in a gzip file is what the system's gzip reads`() async throws {
        try await withTemporaryFolder { folder in
            var configuration = FileHandler.split(path: "\(folder)/{event_id}.json.gz")
            configuration.isCompressed = true
            let event = try Self.event(5)
            _ = try await FileHandler(configuration: configuration).handle(event, in: NoteBook().context())
            let packed = try #require(content(of: "\(folder)/5.json.gz"))
            #expect(packed.starts(with: [0x1F, 0x8B]))
            #expect(GzipMember.unpacked(packed) == event.body)
        }
    }

    @Test(arguments: [
        FileHandler.Configuration(folder: "d", template: "x.json", rotateAt: 5000),
        .init(folder: "d", template: "x.json", isCompressed: true), .init(folder: "d", template: "x.json.gz"),
        .init(folder: "d", template: "x.json", fetch: .init(template: "{task_id}")),
        .init(folder: "d", template: "x.json", fetch: .init(template: "../{number}")),
        .init(folder: "d", template: "x.json", fetch: .init(template: "{number}-{colour}")),
        .init(folder: "d", template: "x.json", fetch: .init(kinds: [])), .init(folder: "d", template: "{number}.json"),
    ]) func `what does not go together is refused at start`(_ configuration: FileHandler.Configuration) {
        #expect(throws: TemplateError.self) { _ = try FileHandler(configuration: configuration) }
    }

    @Test func `a full disk or a removed folder fails the attempt and leaves whole lines`() async throws {
        try await withTemporaryFolder { folder in
            let handler = try Self.handler("\(folder)/out/{batch}/x.jsonl")
            #expect(try await handler.handle(Self.event(1), in: NoteBook().context()).disposition == .completed)
            try FileManager.default.removeItem(atPath: "\(folder)/out")
            _ = try await handler.handle(Self.event(2), in: NoteBook().context())
            let outcome = try await handler.handle(Self.event(2), in: NoteBook().context(attempt: 2))
            #expect(outcome.disposition == .completed)
            #expect(content(of: "\(folder)/out/_/x.jsonl") == (try Self.event(2).body + [0x0A]))
        }
    }
}
