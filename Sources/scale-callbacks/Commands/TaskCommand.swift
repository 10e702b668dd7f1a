import ArgumentParser
import CallbackQueue
import ScaleAPI

/// Tells what happened to a task.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Answer \"what happened to this task?\"",
        discussion: "Example:\n  scale-callbacks task show 65c5704c6bf306f6b6e3422f",
        subcommands: [Show.self],
        defaultSubcommand: Show.self
    )

    /// Shows every event of a task, in the order they came, with deliveries and attempts.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the whole history of one task, oldest event first.",
            discussion: "Example:\n  scale-callbacks task show 65c5704c6bf306f6b6e3422f"
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        @Argument(help: "The task's id.")
        var taskID: String

        func run() async throws {
            let reader = try self.store.reader()
            var selection = EventSelection()
            selection.taskID = self.taskID
            let sink = DescriptorSink.standardOutput
            var count = 0
            var cursor: Int64?
            repeat {
                let page = try await reader.events(selection, order: .oldestFirst, from: cursor)
                for record in page.rows {
                    let history = try await EventHistory(record, reader: reader)
                    switch self.format.output {
                    case .table: if count > 0 { try sink.writeLine("\n" + String(repeating: "─", count: 80)) }
                    case .json: try sink.write(Array((count == 0 ? #"{"items":["# : ",").utf8))
                    case .jsonl: break
                    }
                    if self.format.output == .json {
                        try sink.write(history.json.encoded)
                    } else {
                        try history.write(as: self.format.output, to: sink)
                    }
                    count += 1
                }
                cursor = page.next
            } while cursor != nil
            guard count > 0 else {
                throw NothingFound("No callback about the task \(TerminalText.escaped(self.taskID)) was kept.")
            }
            if self.format.output == .json { try sink.writeLine(#"],"next":null}"#) }
        }
    }
}
