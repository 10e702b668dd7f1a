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
            var listing = Listing(of: EventHistory.self, format: self.format.output, to: sink)
            var count = 0
            var cursor: Int64?
            repeat {
                let page = try await reader.events(selection, order: .oldestFirst, from: cursor)
                for record in page.rows {
                    let history = try await EventHistory(record, reader: reader)
                    if self.format.output == .table {
                        // For people each event is a page of its own.
                        if count > 0 { try sink.writeLine("\n" + String(repeating: "─", count: 80)) }
                        try history.write(as: .table, to: sink)
                    } else {
                        try listing.add(history)
                    }
                    count += 1
                }
                cursor = page.next
            } while cursor != nil
            guard count > 0 else {
                throw NothingFound("No callback about the task \(TerminalText.escaped(self.taskID)) was kept.")
            }
            if self.format.output != .table { try listing.finish() }
        }
    }
}
