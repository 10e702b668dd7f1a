import Callbacks
import ScaleAPI
import ScaleSimulator
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct TagsHandlerTests {
    @Test(arguments: [
        TagsHandler.Configuration(), .init(set: ["a", "b", "c", "d", "e", "f"]),
        .init(add: ["1", "2", "3", "4", "5", "6"]),
        .init(set: ["a", "b", "c"], add: ["d", "e", "f"]), .init(add: ["{colour}"]), .init(add: ["{task_id"]),
        .init(add: ["{completed:yyyy}"]), .init(add: [""]), .init(add: ["x"], remove: ["x"]),
        .init(set: ["{event_id}"]),
    ]) func `what no task could follow is refused`(_ configuration: TagsHandler.Configuration) {
        #expect(throws: TemplateError.self) { _ = try TagsHandler(configuration: configuration) }
    }

    @Test(arguments: [
        (TagsHandler.Configuration(set: ["x", "y"]), ["x", "y"]), (.init(set: []), []),
        (.init(add: ["x", "old"]), ["keep", "old", "x"]), (.init(remove: ["old", "never"]), ["keep"]),
        (.init(set: ["x"], add: ["y"], remove: ["z"]), ["x", "y"]),
        (.init(add: ["a", "b", "c", "d"], remove: ["old"]), ["a", "b", "c", "d", "keep"]),
        (.init(add: ["{type}-{status}", "{event}"]), ["completed", "imageannotation-completed", "keep", "old"]),
        (.init(add: ["{project}"]), ["keep", "old"]), (.init(set: ["{project}"]), ["keep", "old"]),
    ]) func `the task's tags become what was asked for, however often`(
        configuration: TagsHandler.Configuration,
        expected: [String]
    ) async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask(tags: ["keep", "old"])
            let handler = try TagsHandler(configuration: configuration)
            for _ in 0..<2 {
                let outcome = try await handler.handle(
                    Example.event(Callback(task: task)),
                    in: NoteBook().context(scale: scale.client)
                )
                #expect(outcome.disposition == .completed)
                #expect(try await scale.client.task(task.id).tags.sorted() == expected)
            }
        }
    }

    @Test func `nothing is sent for a batch, for what is superseded, and without a key`() async throws {
        let handler = try TagsHandler(configuration: .init(add: ["x"]))
        let batch = try await handler.handle(Example.event(Example.callback("50-")), in: NoteBook().context())
        #expect(batch.disposition == .completed)
        let task = Example.event(try Example.callback("01-"))
        #expect(try await handler.handle(task, in: NoteBook().context(newerEvent: 9)).disposition == .stale)
        #expect(try await handler.handle(task, in: NoteBook().context()).disposition == .hold)
    }

    @Test(arguments: [(401, Outcome.Disposition.hold), (400, .dead), (404, .dead), (500, .retry(after: nil))])
    func `what Scale's answer means for the delivery`(status: Int, expected: Outcome.Disposition) async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let handler = try TagsHandler(configuration: .init(add: ["x"]))
            try scale.simulator.failNext(.init(pathContains: "/tags", status: status))
            let outcome = try await handler.handle(
                Example.event(Callback(task: task)),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(outcome.disposition == expected)
        }
    }
}
