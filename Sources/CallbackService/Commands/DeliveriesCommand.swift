import ArgumentParser
import CallbackQueue

/// Looks at deliveries and makes them due again.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Look at deliveries, and retry those that died or wait.",
        discussion: """
            Examples:
              scale-callbacks deliveries list --state dead
              scale-callbacks deliveries retry 17 18
              scale-callbacks deliveries retry --handler check-boxes --state dead          # counts
              scale-callbacks deliveries retry --handler check-boxes --state dead --yes    # acts
            """,
        subcommands: [List.self, Retry.self],
        defaultSubcommand: List.self
    )

    /// The states a delivery can be in.
    enum State: String, CaseIterable, ExpressibleByArgument {
        case pending
        case completed
        case dead
        case cancelled
    }

    /// Which deliveries are meant.
    struct Filters: ParsableArguments {
        @Option(name: .long, help: "Only of this handler (repeatable).")
        var handler: [String] = []

        @Option(name: .long, help: "Only of this event.")
        var event: Int64?

        @Option(name: .long, help: "Only of this task.")
        var task: String?

        @Option(
            name: .long,
            help: "Only in this state (repeatable): \(State.allCases.map(\.rawValue).joined(separator: ", "))."
        )
        var state: [State] = []

        /// The same for the store.
        func selection(ids: [Int64] = []) -> DeliverySelection {
            DeliverySelection(
                ids: ids.isEmpty ? nil : ids,
                handlers: self.handler.isEmpty ? nil : self.handler,
                states: self.state.isEmpty ? nil : self.state.map(\.rawValue),
                eventID: self.event,
                taskID: self.task
            )
        }
    }

    /// Lists deliveries, newest first.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List deliveries, newest first.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions
        @OptionGroup var filters: Filters

        @OptionGroup var page: PageOptions

        @Flag(name: .long, help: "However many there are.")
        var all = false

        func run() async throws {
            let reader = try self.store.reader()
            var listing = Listing(of: DeliveryItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
            var cursor = self.page.after
            repeat {
                let page = try await reader.deliveries(
                    self.filters.selection(),
                    from: cursor,
                    limit: self.all ? 1000 : self.page.limit
                )
                for record in page.rows { try listing.add(DeliveryItem(record)) }
                cursor = page.next
            } while self.all && cursor != nil
            try listing.finish(next: cursor.map(String.init))
        }
    }

    /// Makes dead and waiting deliveries due now.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry",
            abstract: "Make dead or waiting deliveries due now.",
            discussion: """
                With numbers it acts at once. With filters it counts first and acts with --yes. Works through the running
                service, or on the store itself when no service runs. Deliveries that are being tried right now, are
                completed or were cancelled are left alone.
                """
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var filters: Filters

        @Argument(help: "The deliveries' numbers.")
        var ids: [Int64] = []

        @Flag(name: .long, help: "Only count.")
        var dryRun = false

        @Flag(name: .long, help: "Act on all that the filters select.")
        var yes = false

        func validate() throws {
            guard self.ids.count <= 1000 else { throw ValidationError("At most 1000 numbers; use filters for more.") }
            if self.ids.isEmpty, self.filters.selection() == DeliverySelection() {
                throw ValidationError("Say which: numbers, or filters such as --state dead.")
            }
        }

        func run() async throws {
            var selection = self.filters.selection(ids: self.ids)
            selection.states = selection.states ?? ["pending", "dead"]
            let path = try self.store.path()
            if self.dryRun || (self.ids.isEmpty && !self.yes) {
                let count = try await StoreReader(path: path).retryableCount(selection)
                let hint = self.dryRun || count == 0 ? "" : " Say --yes to do it."
                try DescriptorSink.standardOutput.writeLine("\(count) deliveries would be made due.\(hint)")
                return
            }
            let count = try await StoreControl(storePath: path).retry(selection)
            try DescriptorSink.standardOutput.writeLine("\(count) deliveries made due.")
            if count == 0 { throw ExitCode.nothingFound }
        }
    }
}
