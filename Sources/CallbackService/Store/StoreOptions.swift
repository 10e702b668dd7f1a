import ArgumentParser
import CallbackQueue

/// Which store a command looks at.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The store's SQLite file; by default the configured one.", valueName: "file")
    )
    var store: String?

    @OptionGroup var configuration: ConfigurationOptions

    /// The path of the store.
    func path() throws -> String {
        try self.store ?? ConfigurationFile().storePath(config: self.configuration.config)
    }

    /// The store for reading: nothing is written, whether the service runs or not.
    func reader() throws -> StoreReader { try StoreReader(path: self.path()) }
}
