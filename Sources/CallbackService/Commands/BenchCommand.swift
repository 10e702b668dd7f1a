import ArgumentParser

/// Measures this program.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast this is here.",
        discussion: """
            Without a subcommand it measures how many callbacks a receiver takes.

            Examples:
              scale-callbacks bench --url http://127.0.0.1:8080/callbacks --duration 30s
              scale-callbacks bench deliveries --count 200000
              scale-callbacks bench fill --store big.db --events 10000000
            """,
        subcommands: [
            BenchCallbacksCommand.self, BenchDeliveriesCommand.self, BenchFillCommand.self,
        ],
        defaultSubcommand: BenchCallbacksCommand.self
    )
}
