import ArgumentParser

/// Tells what rules can read and use.
struct RulesSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Show every view, function and ready-made check that rules can use.",
        discussion: """
            Examples:
              scale-callbacks rules schema
              scale-callbacks rules schema --output json | jq '.checks[] | select(.name == "outside-image")'
            """
    )

    @OptionGroup var format: OutputOptions

    func run() async throws {
        try RuleSchema().write(as: self.format.output, to: DescriptorSink.standardOutput)
    }
}
