import ArgumentParser

/// Tries rules before they are trusted.
struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Try the rules of audit handlers: on one event, or on the whole log.",
        discussion: """
            Nothing is sent to Scale and nothing is written, so it works while the service runs and while it is stopped.

            Examples:
              scale-callbacks rules schema
              scale-callbacks rules test rules.yaml --event 17
              scale-callbacks rules test rules.yaml --file payload.json
              scale-callbacks rules backtest --handler check-boxes --since 30d
              scale-callbacks rules backtest --handler check-boxes --config new.yaml --against old.yaml
            """,
        subcommands: [RulesSchemaCommand.self, RulesTestCommand.self, RulesBacktestCommand.self]
    )
}
