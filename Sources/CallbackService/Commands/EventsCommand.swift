import ArgumentParser
import CallbackQueue
import Callbacks
import Foundation

/// Looks at the log of events.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Look at the events: what came, and what became of it.",
        discussion: """
            Only reads the store, so it works while the service runs and while it is stopped.

            Examples:
              scale-callbacks events list --kind audit --since 24h
              scale-callbacks events list --all --output jsonl > events.jsonl
              scale-callbacks events show 17
              scale-callbacks events raw 17 | jq .task.response
            """,
        subcommands: [List.self, Show.self, Raw.self],
        defaultSubcommand: List.self
    )

    /// Lists events, newest first.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List events, newest first.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        @Flag(name: .long, help: "Every event, oldest first, however many there are.")
        var all = false

        @OptionGroup var page: PageOptions

        @Option(name: .long, help: "Only of this account.")
        var account: String?

        @Option(name: .long, help: "Only about this task.")
        var task: String?

        @Option(
            name: .long,
            help: "Only of this kind (repeatable): \(Callback.Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: { text in
                guard let kind = Callback.Kind(rawValue: text) else {
                    throw ValidationError("There is no kind \(text).")
                }
                return kind
            }
        )
        var kind: [Callback.Kind] = []

        @Option(name: .long, help: "Only in this project.")
        var project: String?

        @Option(name: .long, help: "Only in this batch.")
        var batch: String?

        @Option(name: .long, help: "Only those kept within this time, such as 24h or 7d.")
        var since: String?

        @Flag(name: .long, help: "Only those that no handler took.")
        var parked = false

        func validate() throws {
            if let since = self.since, Quantity.duration(since) == nil {
                throw ValidationError("--since must be a time such as 90m, 24h or 7d.")
            }
        }

        func run() async throws {
            let reader = try self.store.reader()
            var listing = Listing(of: EventItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
            guard self.all else {
                let page = try await reader.events(self.selection, from: self.page.after, limit: self.page.limit)
                for record in page.rows { try listing.add(EventItem(record)) }
                return try listing.finish(next: page.next.map(String.init))
            }
            var cursor = self.page.after
            repeat {
                let page = try await reader.events(self.selection, order: .oldestFirst, from: cursor, limit: 1000)
                for record in page.rows { try listing.add(EventItem(record)) }
                cursor = page.next
            } while cursor != nil
            try listing.finish()
        }

        private var selection: EventSelection {
            var selection = EventSelection()
            selection.account = self.account
            selection.taskID = self.task
            selection.kinds = self.kind.isEmpty ? nil : self.kind.map(\.rawValue)
            selection.project = self.project
            selection.batch = self.batch
            selection.since = self.since.flatMap(Quantity.duration).map { Now.milliseconds - $0.inMilliseconds }
            selection.isParked = self.parked
            return selection
        }
    }

    /// Shows one event with its deliveries and their attempts.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show one event, its deliveries and their attempts."
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        @Argument(help: "The event's number.")
        var id: Int64

        func run() async throws {
            let reader = try self.store.reader()
            guard let record = try await reader.event(self.id) else {
                throw NothingFound("There is no event \(self.id).")
            }
            let history = try await EventHistory(record, reader: reader)
            try history.write(as: self.format.output, to: DescriptorSink.standardOutput)
        }
    }

    /// Writes the body of one event, byte for byte.
    struct Raw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "raw",
            abstract: "Write the body of one event, byte for byte as it was received."
        )

        @OptionGroup var store: StoreOptions

        @Argument(help: "The event's number.")
        var id: Int64

        func run() async throws {
            guard let body = try await self.store.reader().body(ofEvent: self.id) else {
                throw NothingFound("There is no event \(self.id), or its body has aged out.")
            }
            try DescriptorSink.standardOutput.write(body)
        }
    }
}
