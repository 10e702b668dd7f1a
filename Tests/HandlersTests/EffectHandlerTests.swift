import Callbacks
import ScaleAPI
import ScaleSimulator
import Testing

@testable import Handlers

/// What tags and metadata handlers have in common, and what they do to the simulator's tasks.
@Suite(.timeLimit(.minutes(1))) struct EffectHandlerTests {
    private static let countAll = "select count(*) as count, min(label) as label from annotations"

    /// How many requests changed something since the simulator started, by its own journal.
    private func changes(_ scale: SimulatedScale) throws -> Int {
        scale.requests.filter { $0.contains("/tags") || $0.contains("/setMetadata") }.count
    }

    @Test(arguments: [
        (TagsHandler.Configuration(add: ["many-{count}"], find: Self.countAll), ["keep", "many-3"]),
        (.init(add: ["{label}", "seen"], find: Self.countAll), ["keep", "seen", "truck"]),
        (.init(add: ["seen"], find: "select 1 as one from annotations where label = 'never'"), ["keep"]),
        (.init(add: ["x{missing}", "seen"], find: "select null as missing"), ["keep", "seen"]),
        (.init(set: ["{count}"], find: Self.countAll), ["3"]),
        (.init(remove: ["{kept}"], find: "select 'ke' || 'ep' as kept"), []),
        (.init(add: ["{metadata.site}-{metadata.lane}"]), ["keep", "quay-4"]),
        (.init(add: ["{metadata.no}"]), ["keep"]),
    ]) func `tags have values of what was found and of metadata`(
        configuration: TagsHandler.Configuration,
        expected: [String]
    ) async throws {
        try await SimulatedScale.run { scale in
            let (id, event) = try await scale.judgedTask(tags: ["keep"], metadata: ["site": "quay", "lane": 4])
            let handler = try TagsHandler(configuration: configuration)
            var sent: [Int] = []
            for _ in 0..<2 {
                let outcome = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
                #expect(outcome.disposition == .completed)
                #expect(try await scale.client.task(id).tags.sorted() == expected)
                sent.append(try self.changes(scale))
            }
            #expect(sent[0] == (expected == ["keep"] ? 0 : 1), "nothing is sent that changes nothing")
            #expect(sent[1] == sent[0], "the second time nothing is sent")
        }
    }

    @Test(arguments: [
        (["a", "b", "c", "d"], TagsHandler.Configuration(add: ["e", "f"]), 6),
        (["a", "b", "c", "d", "e"], .init(add: ["f"]), 6),
        (["a", "b", "c", "d"], .init(add: ["e", "f"], remove: ["z"]), 6),
        (["a", "b", "c", "d"], .init(add: ["{status}", "{type}"]), 6),
    ]) func `more tags than a task can have are refused before anything is sent`(
        present: [String],
        configuration: TagsHandler.Configuration,
        count: Int
    ) async throws {
        try await SimulatedScale.run { scale in
            let (id, event) = try await scale.judgedTask(tags: present)
            let outcome = try await TagsHandler(configuration: configuration)
                .handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .refused)
            #expect(outcome.summary.hasPrefix("the task would have \(count) tags (a, b, c, d, "))
            #expect(try self.changes(scale) == 0)
            #expect(try await scale.client.task(id).tags.sorted() == present)
        }
    }

    @Test func `what is full has room for a tag that it has, and once others are removed`() async throws {
        try await SimulatedScale.run { scale in
            let (id, event) = try await scale.judgedTask(tags: ["a", "b", "c", "d", "e"])
            let context = NoteBook().context(scale: scale.client)
            let same = try await TagsHandler(configuration: .init(add: ["c"])).handle(event, in: context)
            #expect(same.disposition == .completed)
            #expect(try self.changes(scale) == 0)
            let swapped = try await TagsHandler(configuration: .init(add: ["f"], remove: ["a"]))
                .handle(event, in: context)
            #expect(swapped.disposition == .completed)
            #expect(try await scale.client.task(id).tags.sorted() == ["b", "c", "d", "e", "f"])
        }
    }

    private typealias Case = (MetadataHandler.Configuration, JSON, isSent: Bool)

    @Test(
        arguments: [
            (
                .init(mode: .merge, values: ["new": 1]),
                ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2], "new": 1], true
            ),
            (
                .init(mode: .merge, values: ["lane": nil, "in": ["a": nil, "c": "{type}"]]),
                ["site": "quay", "in": ["b": 2, "c": "imageannotation"]], true
            ),
            (
                .init(mode: .merge, values: ["site": "quay", "in": ["b": 2]]),
                ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]], false
            ),
            (.init(mode: .merge, values: ["gone": nil]), ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]], false),
            (
                .init(mode: .set, values: ["only": "{metadata.lane}", "as": "lane {metadata.lane}"]),
                ["only": 4, "as": "lane 4"], true
            ),
            (.init(mode: .set, values: [:]), [:], true),
            (
                .init(mode: .set, values: ["x": "{metadata.no}"]),
                ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]], false
            ),
            (
                .init(mode: .set, values: ["in": ["b": 2, "a": 1], "lane": 4, "site": "quay"]),
                ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]], false
            ),
            (
                .init(mode: .set, values: ["n": "{count}", "l": "{label}"], find: Self.countAll),
                ["n": 3, "l": "truck"], true
            ),
            (
                .init(mode: .set, values: ["n": 1], find: "select 1 where 0"),
                ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]], false
            ),
        ] as [Case]
    ) func `the task's metadata becomes what was asked for, and nothing is sent when it is so`(
        configuration: MetadataHandler.Configuration,
        expected: JSON,
        isSent: Bool
    ) async throws {
        try await SimulatedScale.run { scale in
            let present: JSON.Object = ["site": "quay", "lane": 4, "in": ["a": 1, "b": 2]]
            let (id, event) = try await scale.judgedTask(metadata: present)
            let handler = try MetadataHandler(configuration: configuration)
            for _ in 0..<2 {
                let outcome = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
                #expect(outcome.disposition == .completed)
                let metadata = try await scale.client.task(id).metadata
                #expect(JSON.object(metadata).isSame(as: expected))
                #expect(try self.changes(scale) == (isSent ? 1 : 0))
            }
        }
    }

    @Test func `what others changed meanwhile stays, because Scale is asked and not the event`() async throws {
        try await SimulatedScale.run { scale in
            let (id, event) = try await scale.judgedTask(metadata: ["old": 1])
            _ = try await scale.client.setMetadata(["theirs": 2], ofTask: id)
            _ = try await MetadataHandler(configuration: .init(mode: .merge, values: ["ours": 3]))
                .handle(event, in: NoteBook().context(scale: scale.client))
            #expect(try await scale.client.task(id).metadata == ["theirs": 2, "ours": 3])
        }
    }

    @Test func `more metadata than a task can have is refused before anything is sent`() async throws {
        try await SimulatedScale.run { scale in
            let (id, event) = try await scale.judgedTask(metadata: ["a": .string(String(repeating: "x", count: 6000))])
            let half: JSON = .string(String(repeating: "y", count: 5000))
            let outcome = try await MetadataHandler(configuration: .init(mode: .merge, values: ["b": half]))
                .handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .refused)
            #expect(
                outcome.summary == "the task's metadata would have 11015 bytes, and it can have 10240: nothing was sent"
            )
            #expect(try self.changes(scale) == 0)
            #expect(try await scale.client.task(id).metadata["b"] == nil)
        }
        #expect(throws: TemplateError.self) {
            _ = try MetadataHandler(
                configuration: .init(mode: .set, values: ["a": .string(String(repeating: "x", count: 11_000))])
            )
        }
        #expect(throws: TemplateError.self) { _ = try MetadataHandler(configuration: .init(mode: .merge, values: [:])) }
    }

    @Test(arguments: [(401, Outcome.Disposition.hold), (400, .dead), (404, .dead), (500, .retry(after: nil))])
    func `what Scale's answer means for metadata`(status: Int, expected: Outcome.Disposition) async throws {
        try await SimulatedScale.run { scale in
            let (_, event) = try await scale.judgedTask()
            let handler = try MetadataHandler(configuration: .init(mode: .merge, values: ["a": 1]))
            try scale.simulator.failNext(.init(pathContains: "/setMetadata", status: status))
            let outcome = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == expected)
        }
    }

    @Test func `metadata needs a task, the newest event and a key`() async throws {
        let handler = try MetadataHandler(configuration: .init(mode: .merge, values: ["a": 1]))
        let batch = try await handler.handle(Example.event(Example.callback("50-")), in: NoteBook().context())
        #expect(batch.disposition == .completed)
        let task = Example.event(try Example.callback("01-"))
        #expect(try await handler.handle(task, in: NoteBook().context(newerEvent: 9)).disposition == .stale)
        #expect(try await handler.handle(task, in: NoteBook().context()).disposition == .hold)
    }

    @Test(arguments: [
        "", "select", "delete from task", "attach 'x' as y", "pragma table_info(task)", "select load_extension('x')",
        "select 1; select 2", "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r",
        "select * from sqlite_master", "select zeroblob(1000000000)", "select ?1", "select replace('aa', 'a', 'b')",
        "insert into task default values returning task_id", "select widht from annotations", "explain select 1",
        "select 'a\u{0}b'",
    ]) func `hostile queries are refused at start`(sql: String) {
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(throws: TemplateError.self) { _ = try TagsHandler(configuration: .init(add: ["x"], find: sql)) }
            #expect(throws: TemplateError.self) {
                _ = try MetadataHandler(configuration: .init(mode: .set, values: [:], find: sql))
            }
            #expect(throws: TemplateError.self) {
                _ = try NucleusHandler(configuration: .init(dataset: "ds_1", find: sql))
            }
        }
        #expect(time < .seconds(10))
    }

    @Test(arguments: [
        "select count(*) as n from answers",
        "select count(*) as n from annotations a, annotations b, annotations c, annotations d, annotations e",
    ]) func `a query that cannot be decided sends nothing and leaves a dead letter`(sql: String) async throws {
        let boxes = (0..<80).map { Example.box(["uuid": .string("u\($0)")]) }
        let event = Example.event(try Example.boxes(boxes))
        try await SimulatedScale.run { scale in
            let handler = try TagsHandler(configuration: .init(add: ["{n}"], find: sql))
            let outcome = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .refused)
            #expect(outcome.summary.hasPrefix("'find' could not be decided, so nothing was sent: "))
            #expect(scale.requests.isEmpty)
        }
    }
}

extension JSON {
    /// Whether two values are the same, whatever the order of members.
    func isSame(as other: JSON) -> Bool {
        guard case .object(let left) = self, case .object(let right) = other else { return self == other }
        return left.members.count == right.members.count
            && left.members.allSatisfy { member in right[member.key].map { member.value.isSame(as: $0) } ?? false }
    }
}
