import ArgumentParser

/// Fills a store for measurements.
struct BenchFillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Fill a new store with callbacks, to measure how the program does with a large one.",
        discussion: """
            Keeps callbacks as the service would: of batches of 5,000 tasks and projects of 100 batches, 2% of them \
            errors and 10% audits, one in a thousand of the account "test" and the others of "live". A store that holds \
            events is left alone. Ten million take about 7 GB and some minutes.

            Example:
              scale-callbacks bench fill --store big.db --events 10000000 --due 1000000
            """
    )

    @Option(name: .long, help: "The store's SQLite file.")
    var store: String

    @Option(name: .long, help: "How many events to keep.")
    var events = 1_000_000

    @Option(name: .long, help: "How many of them, the newest, get a delivery that is due.")
    var due = 0

    @Option(name: .long, help: "The handler these deliveries are for.")
    var handler = FillRun.handlerName

    @Option(name: .long, help: "The size of each body in bytes.")
    var bodySize = 2048

    func validate() throws {
        guard (1...1_000_000_000).contains(self.events) else {
            throw ValidationError("--events must be from 1 to 1000000000.")
        }
        guard (0...self.events).contains(self.due) else { throw ValidationError("--due must be from 0 to --events.") }
        guard (1...1_000_000).contains(self.bodySize) else {
            throw ValidationError("--body-size must be from 1 to 1000000.")
        }
    }

    func run() async throws {
        let bar = ProgressBar("fill")
        defer { bar.end() }
        let fill = FillRun(
            path: self.store,
            events: self.events,
            due: self.due,
            handler: self.handler,
            bodySize: self.bodySize
        )
        do {
            try await fill.run { bar.show($0) }
        } catch let error as CallbackTemplate.SizeError {
            throw ValidationError("\(error)")
        }
    }
}
