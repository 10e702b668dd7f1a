import Callbacks
import ScaleAPI
import ScaleSimulator
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct NucleusHandlerTests {
    /// A handler that does not wait, and counts how often it would have.
    private final class Pauses: Sendable {
        let count = Mutex(0)

        func handler(_ configuration: NucleusHandler.Configuration) throws -> NucleusHandler {
            try NucleusHandler(configuration: configuration) { _ in self.count.withLock { $0 += 1 } }
        }
    }

    @Test(arguments: [
        NucleusHandler.Configuration(dataset: ""), .init(dataset: "d", referenceID: "same"),
        .init(dataset: "d", referenceID: ""), .init(dataset: "d", referenceID: "{colour}"),
        .init(dataset: "d", metadata: ["a": "{colour}"]), .init(dataset: "d", referenceID: "{task_id"),
    ]) func `what cannot be appended is refused at start`(_ configuration: NucleusHandler.Configuration) {
        #expect(throws: TemplateError.self) { _ = try NucleusHandler(configuration: configuration) }
    }

    @Test(arguments: [true, false]) func `the image is in the dataset once, however often`(follows: Bool) async throws {
        try await SimulatedScale.run { scale in
            let dataset = try await scale.dataset()
            let (id, event) = try await scale.judgedTask(metadata: ["site": "quay", "lane": 4])
            let pauses = Pauses()
            let handler = try pauses.handler(
                .init(
                    dataset: dataset,
                    metadata: ["site": "{metadata.site}", "lane": "{metadata.lane}", "none": "{batch}", "no": nil],
                    follows: follows
                )
            )
            for _ in 0..<2 {
                let notes = NoteBook()
                let outcome = try await handler.handle(event, in: notes.context(scale: scale.client))
                #expect(outcome.disposition == .completed)
                let job = try present(outcome.detail?["job"]?.string)
                #expect(notes.notes == [["nucleus_job": .string(job)]])
                #expect(outcome.detail?["reference_id"] == .string(id))
                let items = try await scale.items(of: dataset)
                #expect(items.map { $0["reference_id"] } == [.string(id)])
                #expect(items.map { $0["original_image_url"] } == ["https://assets.example.com/1.jpg"])
                #expect(items.map { $0["metadata"] } == [["site": "quay", "lane": 4]])
            }
        }
    }

    @Test func `known items keep their metadata unless it is to be updated`() async throws {
        try await SimulatedScale.run { scale in
            let dataset = try await scale.dataset()
            let (_, event) = try await scale.judgedTask()
            for (value, updates, expected) in [(1, false, 1), (2, false, 1), (3, true, 3)] as [(JSON, Bool, JSON)] {
                let handler = try Pauses().handler(.init(dataset: dataset, metadata: ["v": value], updates: updates))
                _ = try await handler.handle(event, in: NoteBook().context(scale: scale.client))
                #expect(try await scale.items(of: dataset).map { $0["metadata"]?["v"] } == [expected])
            }
        }
    }

    @Test func `a job that goes on is asked for again by the next attempt, and not made twice`() async throws {
        try await SimulatedScale.run { scale in
            scale.simulator.turnKnobs { $0.completionDelay = 3600 }
            let dataset = try await scale.dataset()
            let event = Example.event(try Example.callback("01-"))
            let pauses = Pauses()
            let handler = try pauses.handler(.init(dataset: dataset))
            let notes = NoteBook()
            let first = try await handler.handle(event, in: notes.context(scale: scale.client))
            #expect(first.disposition == .retry(after: .seconds(30)))
            #expect(pauses.count.withLock { $0 } == 4)
            let second = try await handler.handle(
                event,
                in: notes.context(scale: scale.client, attempt: 2, earlierNotes: notes.notes)
            )
            #expect(second.disposition == .retry(after: .seconds(30)))
            #expect(second.detail?["job"] == first.detail?["job"])
            #expect(scale.requests.filter { $0.contains("/append") }.count == 1)
        }
    }

    @Test func `a job that failed is a dead letter with its reason, and begins anew when people retry it`() async throws
    {
        try await SimulatedScale.run { scale in
            let dataset = try await scale.dataset()
            let (_, event) = try await scale.judgedTask()
            let long = String(repeating: "m", count: 11_000)
            let handler = try Pauses().handler(.init(dataset: dataset, metadata: ["a": .string(long)]))
            let notes = NoteBook()
            let outcome = try await handler.handle(event, in: notes.context(scale: scale.client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .rejected)
            #expect(outcome.summary.contains("metadata is too large"))
            #expect(notes.notes.last == ["nucleus_job": nil])
            _ = try await handler.handle(event, in: notes.context(scale: scale.client, earlierNotes: notes.notes))
            #expect(scale.requests.filter { $0.contains("/append") }.count == 2)
        }
    }

    @Test(
        arguments: [
            ("imageannotation", ["attachment": "https://a.example.com/1.jpg"], true),
            ("imageannotation", ["attachment": "s3://bucket/1.jpg"], true),
            ("imageannotation", ["attachment": "gs://b/1"], true),
            ("imageannotation", ["attachment": "scaledata://x"], false), ("imageannotation", [:], false),
            ("imageannotation", ["attachment": 5], false),
            ("imageannotation", ["attachments": ["https://a.example.com/1"]], false),
            ("imageannotation", ["attachment": "https://a.example.com/1", "attachment_type": "video"], false),
            ("categorization", ["attachment": "https://a.example.com/1", "attachment_type": "image"], true),
            ("categorization", ["attachment": "https://a.example.com/1", "attachment_type": "text"], false),
            ("categorization", ["attachment": "https://a.example.com/1"], false),
            ("segmentannotation", ["attachment": "http://h/1"], true),
            ("videoannotation", ["attachment": "https://a.example.com/1.mp4"], false),
        ] as [(String, JSON, Bool)]
    ) func `only tasks with an image go there`(type: String, params: JSON, isSent: Bool) async throws {
        try await SimulatedScale.run { scale in
            let dataset = try await scale.dataset()
            let event = Example.event(try Example.task(type, params: params, response: [:]))
            let outcome = try await Pauses().handler(.init(dataset: dataset))
                .handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .completed)
            #expect((outcome.summary == "no image") == !isSent)
            #expect(try await scale.items(of: dataset).count == (isSent ? 1 : 0))
        }
    }

    @Test(arguments: [(401, Outcome.Disposition.hold), (400, .dead), (404, .dead), (500, .retry(after: nil))])
    func `what Nucleus's answer means for the delivery`(status: Int, expected: Outcome.Disposition) async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(try Example.callback("01-"))
            try scale.simulator.failNext(.init(pathContains: "/append", status: status))
            let outcome = try await Pauses().handler(.init(dataset: "ds_1"))
                .handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == expected)
        }
    }
}
