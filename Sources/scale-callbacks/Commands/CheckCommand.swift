import ArgumentParser

/// Validates the configuration and prints what is in force.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the configuration and print what is in force, without secrets.",
        discussion: """
            Reads the configuration as `serve` would, builds every handler, and prints the result with all defaults \
            filled in. Exit code 78 and one line per problem on standard error when something is wrong.

            Example:
              scale-callbacks check --config scale-callbacks.yaml && systemctl restart scale-callbacks
            """
    )

    @OptionGroup var configuration: ConfigurationOptions

    func run() async throws {
        try DescriptorSink.standardOutput.write(Array(self.configuration.read().yaml.utf8))
    }
}
