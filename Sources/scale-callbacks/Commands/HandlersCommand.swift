import ArgumentParser
import CallbackQueue
import ScaleAPI

/// Looks at handlers, holds them and lets them go on.
struct HandlersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handlers",
        abstract: "Look at handlers and what waits for them; pause and resume them.",
        discussion: """
            A held handler keeps its deliveries due. The service holds one by itself when Scale refuses its key.

            Examples:
              scale-callbacks handlers list
              scale-callbacks handlers pause check-boxes --reason "rules under review"
              scale-callbacks handlers resume check-boxes
            """,
        subcommands: [List.self, Pause.self, Resume.self],
        defaultSubcommand: List.self
    )

    /// Lists handlers by name.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List handlers.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            var listing = Listing(of: HandlerItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
            for record in try await self.store.reader().handlers() { try listing.add(HandlerItem(record: record)) }
            try listing.finish()
        }
    }

    /// Holds a handler.
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause",
            abstract: "Hold a handler: its deliveries stay due and none is begun."
        )

        @OptionGroup var store: StoreOptions

        @Argument(help: "The handler's name.")
        var name: String

        @Option(name: .long, help: "Why, for whoever looks.")
        var reason = "paused by an operator"

        func run() async throws {
            guard try await StoreControl(storePath: self.store.path()).setHold(self.reason, ofHandler: self.name) else {
                throw NothingFound("There is no handler \(TerminalText.escaped(self.name)).")
            }
        }
    }

    /// Lets a held handler go on.
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a held handler go on.")

        @OptionGroup var store: StoreOptions

        @Argument(help: "The handler's name.")
        var name: String

        func run() async throws {
            guard try await StoreControl(storePath: self.store.path()).setHold(nil, ofHandler: self.name) else {
                throw NothingFound("There is no handler \(TerminalText.escaped(self.name)).")
            }
        }
    }
}

/// A handler as a row.
private struct HandlerItem: Row {
    static let columns: [Column] = [
        .text("HANDLER"), .text("TYPE"), .text("STATE"), .number("PENDING"), .text("OLDEST DUE"), .number("DEAD"),
    ]

    let record: HandlerRecord

    var cells: [String] {
        [
            self.record.name, self.record.type, self.record.heldReason.map { "held: \($0)" } ?? "active",
            String(self.record.pendingCount), self.record.oldestDueAt.map(Times.text) ?? "–",
            String(self.record.deadCount),
        ]
    }

    var json: JSON {
        [
            "name": .string(self.record.name),
            "type": .string(self.record.type),
            "held_at": Times.json(self.record.heldAt),
            "held_reason": JSON(self.record.heldReason),
            "pending": .number(.init(self.record.pendingCount)),
            "oldest_due_at": Times.json(self.record.oldestDueAt),
            "dead": .number(.init(self.record.deadCount)),
        ]
    }
}
