import ArgumentParser
import CallbackQueue
import Callbacks

/// Lets a handler that judged in shadow send its verdicts.
struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Let an audit handler that is in shadow send its verdicts, at once and for later starts.",
        discussion: """
            Counts first what it said in shadow, and acts with --yes. It counts for the rules, limits and other settings of \
            now: when the handler is started with others, it works as it is configured again.
            """
    )

    @OptionGroup var store: StoreOptions

    @Argument(help: "The handler's name.")
    var name: String

    @Flag(name: .long, help: "Only count.")
    var dryRun = false

    @Flag(name: .long, help: "Act.")
    var yes = false

    func run() async throws {
        let digest = try self.store.digest(ofHandler: self.name)
        let path = try self.store.path()
        let reader = try StoreReader(path: path)
        guard let record = try await reader.handlers().first(where: { $0.name == self.name }) else {
            throw NothingFound(
                "The store knows no handler \(TerminalText.escaped(self.name)); start the service with it once."
            )
        }
        let verdicts = try await reader.shadowVerdicts(ofHandler: self.name)
        let counts = ["accept", "reject", "leave"].map { "\(verdicts[$0, default: 0]) \($0)" }
        let what = "in shadow: \(counts.joined(separator: ", ")); \(record.pendingCount) deliveries wait"
        guard self.yes, !self.dryRun else {
            let hint = self.dryRun ? "" : " Say --yes to let it send its verdicts."
            return try DescriptorSink.standardOutput.writeLine("\(self.name) \(what).\(hint)")
        }
        guard try await StoreControl(storePath: path).setMode(.live, for: digest, ofHandler: self.name) else {
            throw CommandError(
                "The running service has other settings for \(TerminalText.escaped(self.name)) than the configuration. "
                    + "Restart it, look at its verdicts, and promote it then.",
                exitCode: .failed
            )
        }
        try DescriptorSink.standardOutput.writeLine("\(self.name) sends its verdicts from now on (\(what)).")
    }
}

/// Lets a handler only record what it would do.
struct DemoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demote",
        abstract: "Let an audit handler only record its verdicts, whatever is configured, at once and for later starts."
    )

    @OptionGroup var store: StoreOptions

    @Argument(help: "The handler's name.")
    var name: String

    func run() async throws {
        let digest = try self.store.digest(ofHandler: self.name)
        let control = StoreControl(storePath: try self.store.path())
        guard try await control.setMode(.shadow, for: digest, ofHandler: self.name) else {
            throw NothingFound("The store knows no handler \(TerminalText.escaped(self.name)).")
        }
    }
}

extension StoreOptions {
    /// By what the configured settings of a handler are recognised.
    ///
    /// - Throws: When there is no such handler, or it has no modes.
    fileprivate func digest(ofHandler name: String) throws -> [UInt8] {
        let registration = try self.configuration.read().registration(ofHandler: name)
        guard let digest = registration.digest else {
            throw CommandError(
                "\(TerminalText.escaped(name)) is no audit handler: only those are in shadow or live.",
                exitCode: .failed
            )
        }
        return digest
    }
}

extension ServiceConfiguration {
    /// A handler of the configuration or of this build.
    ///
    /// - Throws: `NothingFound` when there is none of this name.
    func registration(ofHandler name: String) throws -> HandlerRegistration {
        let configured = try self.handlers.map { try $0.registration() }
        let all = try configured + CallbackProgram.handlers(beside: configured)
        guard let registration = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw NothingFound(
                "The configuration has no handler \(TerminalText.escaped(name)); it has \(names.isEmpty ? "none" : names)."
            )
        }
        return registration
    }
}
