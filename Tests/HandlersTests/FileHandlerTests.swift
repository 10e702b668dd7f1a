import Callbacks
import Foundation
import ScaleAPI
import Synchronization
import Testing

@testable import Handlers

@Suite struct FileHandlerTests {
    /// Runs a body with a folder of its own; `out` inside it is what handlers write to.
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("handlers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// All regular files below a folder, by their path in it.
    private func files(in folder: URL) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return
            paths.filter { path in
                let type = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + path)[.type]
                return type as? FileAttributeType == .typeRegular
            }
            .sorted()
    }

    private func callback(project: String?, batch: String? = nil) throws -> Callback {
        try Example.callback("01-") { task in
            task["project"] = project.map { .string($0) }
            task["batch"] = batch.map { .string($0) }
        }
    }

    @Test(arguments: [
        ("dump/{project}/x-{task_id}.json", "dump", "{project}/x-{task_id}.json"), ("{project}/x", ".", "{project}/x"),
        ("/{project}/x", "/", "{project}/x"),
        ("/var/dump/{received:yyyy}/a.json", "/var/dump", "{received:yyyy}/a.json"),
        ("dump/a-{project}/x", "dump", "a-{project}/x"), ("dump/latest.json", "dump", "latest.json"),
        ("latest.json", ".", "latest.json"), ("../up/{task_id}", "../up", "{task_id}"),
        ("/latest.json", "/", "latest.json"),
        ("", ".", ""),
    ]) func `a path divides into its folder and its template`(path: String, folder: String, template: String) {
        #expect(FileHandler.split(path: path) == .init(folder: folder, template: template))
    }

    @Test(arguments: [
        "", "a//b", "/a", "a/", "..", "a/../b", ".", "{task_id}/..", "{task_id}/./x", "{colour}", "{completed}",
        "{completed:}", "{completed:yyyy/MM}", "{received:YYYY}", "{received:hh}", "{received:yyyy MM}", "{task_id:x}",
        "{task_id", "a\u{0}b", String(repeating: "a", count: 101), String(repeating: "a/", count: 20) + "a", "{}",
    ]) func `a path that could leave or that nobody can fill is refused`(_ template: String) {
        #expect(throws: TemplateError.self) {
            _ = try FileHandler(configuration: .init(folder: "dump", template: template))
        }
    }

    @Test func `the file holds the body as it was received and is for its owner only`() async throws {
        try await self.withFolder { folder in
            let handler = try FileHandler(
                configuration: FileHandler.split(
                    path: folder.path
                        + "/out/{account}/{project}/{completed:yyyy-MM-dd}/{received:HHmmss}_{type}-{status}-{event}-{event_id}.json"
                )
            )
            let body = try Example.body("01-")
            let event = Example.event(try Callback(body: body), id: 42, receivedAt: 1_741_700_055_000)
            let outcome = try await handler.handle(event, in: NoteBook().context())
            let path = "live/dockyard_vision/2025-03-11/133415_imageannotation-completed-completed-42.json"
            #expect(outcome.disposition == .completed)
            #expect(outcome.detail?["path"]?.string == path)
            #expect(try self.files(in: folder) == ["out/\(path)"])
            let url = folder.appendingPathComponent("out/\(path)")
            #expect(Array(try Data(contentsOf: url)) == body)
            let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)

            _ = try await handler.handle(event, in: NoteBook().context())
            #expect(try self.files(in: folder) == ["out/\(path)"], "the same event has the same file")
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), ("..", "%2E."), (".", "%2E"), ("", "_"), ("/etc", "%2Fetc"),
        ("a\u{0}b", "a%00b"), ("Dock Yard/Ä", "Dock%20Yard%2F%C3%84"), (".hidden", "%2Ehidden"), ("a..b.", "a..b."),
        ("%2E", "%252E"), ("~", "%7E"), ("C:\\x", "C%3A%5Cx"), ("\n", "%0A"),
    ]) func `a value is one safe piece of a path`(_ value: String, _ expected: String) async throws {
        try await self.withFolder { folder in
            let handler = try FileHandler(
                configuration: .init(folder: folder.path + "/out", template: "{project}/{batch}.json")
            )
            let event = Example.event(try self.callback(project: value, batch: value))
            #expect(try await handler.handle(event, in: NoteBook().context()).disposition == .completed)
            #expect(try self.files(in: folder) == ["out/\(expected)/\(expected).json"])
        }
    }

    @Test func `a missing value is an underscore`() async throws {
        try await self.withFolder { folder in
            let handler = try FileHandler(
                configuration: .init(
                    folder: folder.path + "/out",
                    template: "{project}/{completed:yyyy}/{task_id}.json"
                )
            )
            let event = Example.event(try Callback(body: Array("[1]".utf8)))
            _ = try await handler.handle(event, in: NoteBook().context())
            #expect(try self.files(in: folder) == ["out/_/_/_.json"])
        }
    }

    @Test func `long values are cut and stay different`() async throws {
        try await self.withFolder { folder in
            let handler = try FileHandler(
                configuration: .init(folder: folder.path + "/out", template: "{project}{batch}/x-{project}.json")
            )
            let long = String(repeating: "ü", count: 5000)
            for project in [long + "1", long + "2", String(repeating: "a", count: 5000)] {
                let event = Example.event(try self.callback(project: project))
                #expect(try await handler.handle(event, in: NoteBook().context()).disposition == .completed)
            }
            let files = try self.files(in: folder)
            #expect(Set(files).count == 3)
            for segment in files.flatMap({ $0.split(separator: "/") }) { #expect(segment.utf8.count <= 200) }
            #expect(files.allSatisfy { $0.hasSuffix(".json") })
            // What a cut name looks like cannot be the name of anything that was not cut.
            #expect(files.allSatisfy { $0.contains("~") })
        }
    }

    @Test func `a link inside the folder is not followed`() async throws {
        try await self.withFolder { folder in
            let outside = folder.appendingPathComponent("outside")
            let out = folder.appendingPathComponent("out")
            for url in [outside, out] {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(
                at: out.appendingPathComponent("dockyard_vision"),
                withDestinationURL: outside
            )
            let handler = try FileHandler(configuration: .init(folder: out.path, template: "{project}/{task_id}.json"))
            let event = Example.event(try Example.callback("01-"))
            let outcome = try await handler.handle(event, in: NoteBook().context())
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .fault)
            #expect(try self.files(in: folder).isEmpty)

            // A link in the place of the file is replaced, not written through.
            let target = outside.appendingPathComponent("target.json")
            try Data("precious".utf8).write(to: target)
            try FileManager.default.createSymbolicLink(
                at: out.appendingPathComponent("latest.json"),
                withDestinationURL: target
            )
            let second = try FileHandler(configuration: .init(folder: out.path, template: "latest.json"))
            #expect(try await second.handle(event, in: NoteBook().context()).disposition == .completed)
            #expect(try Data(contentsOf: target) == Data("precious".utf8))
            #expect(try Array(Data(contentsOf: out.appendingPathComponent("latest.json"))) == event.body)
        }
    }

    @Test func `a folder in the place of the file is a dead letter and leaves nothing behind`() async throws {
        try await self.withFolder { folder in
            let taken = folder.appendingPathComponent("out/latest.json/inside")
            try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
            let handler = try FileHandler(
                configuration: .init(folder: folder.path + "/out", template: "latest.json")
            )
            let outcome = try await handler.handle(Example.event(Example.callback("01-")), in: NoteBook().context())
            #expect(outcome.disposition == .dead)
            #expect(try self.files(in: folder).isEmpty)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self")))
    func `a folder that cannot be made is tried again`() async throws {
        // Nobody, root included, can make a folder in /proc.
        let handler = try FileHandler(configuration: .init(folder: "/proc/no-such-folder", template: "{task_id}"))
        let outcome = try await handler.handle(Example.event(Example.callback("01-")), in: NoteBook().context())
        #expect(outcome.disposition == .retry(after: nil))
        #expect(outcome.failureClass == .fault)
    }

    @Test(arguments: [(ENOSPC, false), (EIO, false), (EDQUOT, false), (EACCES, false), (ENOTDIR, true), (ELOOP, true)])
    func `only what stands in the way is given up at once`(code: Int32, isObstacle: Bool) {
        #expect(FileError(operation: "writing the file", code: code).isObstacle == isObstacle)
    }

    @Test func `events that share a file: the older one is stale, with a file of its own it is not`() async throws {
        try await self.withFolder { folder in
            let event = Example.event(try Example.callback("01-"))
            let shared = try FileHandler(configuration: .init(folder: folder.path, template: "{task_id}.json"))
            let own = try FileHandler(configuration: .init(folder: folder.path, template: "{task_id}-{event_id}.json"))
            #expect(try await shared.handle(event, in: NoteBook().context(newerEvent: 9)).disposition == .stale)
            #expect(try await own.handle(event, in: NoteBook().context(newerEvent: 9)).disposition == .completed)
            #expect(try self.files(in: folder) == ["65c5704c6bf306f6b6e3422f-7.json"])
        }
    }

    @Test func `a file is synced before it gets its name, and the folder after`() async throws {
        try await self.withFolder { folder in
            let steps = Steps()
            let writer = FileWriter(folder: folder.path) { steps.append($0) }
            try await writer.write(Array("old".utf8), to: ["a", "b.json"])
            try await writer.write(Array("new".utf8), to: ["a", "b.json"])
            #expect(
                steps.all
                    == Array(repeating: [.written, .fileSynced, .renamed, .folderSynced], count: 2).flatMap(\.self)
            )
            #expect(try Data(contentsOf: folder.appendingPathComponent("a/b.json")) == Data("new".utf8))
            #expect(try self.files(in: folder) == ["a/b.json"])
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00"), (-1, "1969-12-31T23"), (951_782_400_000, "2000-02-29T00"),
            (4_107_542_400_000, "2100-03-01T00"),
            (253_402_300_799_999, "9999-12-31T23"), (253_402_300_800_000, nil), (.min, nil), (.max, nil),
        ] as [(Int64, String?)]
    ) func `dates are Gregorian and in UTC`(_ time: Int64, _ expected: String?) throws {
        let pattern = try DatePattern("yyyy-MM-dd_HH")
        #expect(pattern.text(millisecondsSince1970: time) == expected?.replacingOccurrences(of: "T", with: "_"))
    }
}

/// Collects what a writer did.
private final class Steps: Sendable {
    private let steps = Mutex<[FileWriter.Step]>([])

    var all: [FileWriter.Step] { self.steps.withLock { $0 } }

    func append(_ step: FileWriter.Step) { self.steps.withLock { $0.append(step) } }
}
