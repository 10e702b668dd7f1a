import ArgumentParser

/// The option that every command has that reads the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration file; else $SCALE_CALLBACKS_CONFIG, ./scale-callbacks.yaml, or the environment.",
            valueName: "file"
        )
    )
    var config: String?

    /// Reads the configuration and tells its warnings on standard error.
    func read() throws -> ServiceConfiguration {
        let result = try ConfigurationFile().read(path: self.config)
        for warning in result.warnings {
            try DescriptorSink.standardError.writeLine("warning: \(warning)")
        }
        return result.configuration
    }
}
