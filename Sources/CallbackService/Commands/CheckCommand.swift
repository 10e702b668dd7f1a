import ArgumentParser
import Callbacks

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
        let configuration = try self.configuration.read()
        let handlers = try CallbackProgram.handlers(beside: configuration.handlers.map { try $0.registration() })
        try DescriptorSink.standardOutput.write(Array(configuration.yaml.utf8))
        for handler in handlers {
            try DescriptorSink.standardOutput.writeLine("# and of this build: \(TerminalText.escaped(handler.name))")
        }
    }
}
