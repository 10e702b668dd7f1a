import Callbacks
import Foundation
import ScaleAPI

/// Finds the configuration and reads it.
///
/// It is, in this order: the file named by `--config`, the file named by `SCALE_CALLBACKS_CONFIG`,
/// `scale-callbacks.yaml` in the working directory, or no file, when these variables are set:
///
/// | variable | type | default | |
/// |---|---|---|---|
/// | `SCALE_CALLBACK_AUTH_KEY` | secret | required | makes one account named `default` |
/// | `SCALE_API_KEY` | secret | none | the account's key for calling Scale |
/// | `SCALE_API_URL` | URL | `https://api.scale.com/v1` | where Scale is called |
/// | `SCALE_CALLBACKS_LISTEN` | host:port | `0.0.0.0:8080` | where callbacks are taken |
/// | `SCALE_CALLBACKS_CONSOLE` | host:port, loopback | `127.0.0.1:8081` | where operators look |
struct ConfigurationFile {
    /// The name of the file in the working directory.
    static let defaultName = "scale-callbacks.yaml"

    /// What was read.
    struct Result: Sendable {
        /// The configuration, complete and valid.
        var configuration: ServiceConfiguration
        /// Lines for people about what works but is not good.
        var warnings: [String]
    }

    /// The variables of the process.
    var environment: [String: String]
    /// The folder to look for the default file in.
    var workingDirectory: String

    /// A finder; without arguments for this process.
    init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) {
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Reads the configuration and builds each handler once, so that what is wrong with one is found now.
    ///
    /// - Parameter path: What `--config` names.
    /// - Throws: Everything that is wrong, together.
    func read(path: String?) throws(ConfigurationError) -> Result {
        guard let (path, name) = self.file(named: path) else { return try self.readEnvironment() }
        return try self.read(text: self.text(ofFile: path, named: name), named: name)
    }

    /// Reads the text of a file.
    ///
    /// - Parameter name: What to call the file in messages.
    func read(text: String, named name: String) throws(ConfigurationError) -> Result {
        var reader = ConfigurationReader(environment: self.environment)
        let configuration = reader.service(text, source: name)
        var problems = reader.problems
        problems += configuration?.handlers.flatMap(\.problems) ?? []
        guard let configuration, problems.isEmpty else {
            // Stable, so that problems of one line keep the order in which they were found.
            var sorted = problems.enumerated()
                .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
                .map(\.element)
            let untold = reader.problemCount - reader.problems.count
            if untold > 0 {
                sorted.append(ConfigurationProblem(message: "there are \(untold) more problems; correct these first"))
            }
            throw ConfigurationError(file: name, problems: sorted)
        }
        let warnings = reader.warnings.map { ConfigurationError.line(for: $0, in: name) }
        return Result(configuration: configuration, warnings: warnings)
    }

    /// The path of the SQLite store that the configuration names, whatever else is right or wrong in it.
    ///
    /// Looking at a store needs neither keys nor handlers. Without a configuration it is the default.
    func storePath(config path: String?) throws(ConfigurationError) -> String {
        var store = ServiceConfiguration.Store.default
        if let (path, name) = self.file(named: path) {
            var reader = ConfigurationReader(environment: self.environment)
            guard let configured = reader.storeAlone(try self.text(ofFile: path, named: name)) else {
                throw ConfigurationError(file: name, problems: reader.problems)
            }
            store = configured
        }
        return switch store {
        case .sqlite(let path): path
        }
    }

    /// The file that is in force, with what to call it; nil when there is none.
    func file(named path: String?) -> (path: String, name: String)? {
        if let path = path ?? self.environment["SCALE_CALLBACKS_CONFIG"].flatMap({ $0.isEmpty ? nil : $0 }) {
            return (path, path)
        }
        let file = "\(self.workingDirectory)/\(Self.defaultName)"
        return FileManager.default.fileExists(atPath: file) ? (file, Self.defaultName) : nil
    }

    func text(ofFile path: String, named name: String) throws(ConfigurationError) -> String {
        guard let handle = FileHandle(forReadingAtPath: path),
            // One byte more than allowed, so that the reader sees that it is too much.
            let data = try? handle.read(upToCount: ConfigurationReader.maximumSize + 1) ?? Data()
        else {
            throw ConfigurationError(
                file: name,
                problems: [ConfigurationProblem(message: "this file cannot be read; check its path and mode")]
            )
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(
                file: name,
                problems: [ConfigurationProblem(message: "this file is not UTF-8 text of at most 1MB")]
            )
        }
        return text
    }

    private func readEnvironment() throws(ConfigurationError) -> Result {
        func value(_ name: String) -> String? { self.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard let authKey = value("SCALE_CALLBACK_AUTH_KEY") else {
            throw ConfigurationError(problems: [ConfigurationProblem(message: Self.advice)])
        }
        var problems: [ConfigurationProblem] = []
        func secret(_ name: String, _ text: String) -> Secret {
            if text.utf8.count < 8 || text.utf8.count > 1024 || !text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                let message =
                    "the environment variable \(name) must be 8 to 1024 visible ASCII characters without spaces"
                problems.append(ConfigurationProblem(message: message))
            }
            return Secret(text)
        }
        var account = Account(name: "default", callbackAuthKeys: [secret("SCALE_CALLBACK_AUTH_KEY", authKey)])
        account.apiKey = value("SCALE_API_KEY").map { secret("SCALE_API_KEY", $0) }
        if let text = value("SCALE_API_URL") {
            if let url = ConfigurationReader.url(text) {
                account.url = url
            } else {
                let message = "the environment variable SCALE_API_URL must be a URL such as https://api.scale.com/v1"
                problems.append(ConfigurationProblem(message: message))
            }
        }
        var configuration = ServiceConfiguration(source: "the environment", accounts: [account])
        func address(_ name: String) -> ListenAddress? {
            guard let text = value(name) else { return nil }
            if let address = ListenAddress(text) { return address }
            let message =
                "the environment variable \(name) must be a host and a port such as 127.0.0.1:8080 or [::1]:8080"
            problems.append(ConfigurationProblem(message: message))
            return nil
        }
        configuration.listen.address = address("SCALE_CALLBACKS_LISTEN") ?? configuration.listen.address
        configuration.console.address = address("SCALE_CALLBACKS_CONSOLE") ?? configuration.console.address
        if !configuration.console.address.isLoopback {
            let message =
                "the environment variable SCALE_CALLBACKS_CONSOLE must name a loopback address such as 127.0.0.1:8081; "
                + "other machines need a token, and that a configuration file"
            problems.append(ConfigurationProblem(message: message))
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return Result(configuration: configuration, warnings: [])
    }

    private static let advice = """
        there is no configuration. Give one of
          --config FILE                            a configuration file
          SCALE_CALLBACKS_CONFIG=FILE              the same, in the environment
          ./\(Self.defaultName)                    a file of this name in the working directory
          SCALE_CALLBACK_AUTH_KEY=KEY              no file: one account with this callback auth key,
                                                   and SCALE_API_KEY=KEY for handlers that call Scale,
                                                   SCALE_CALLBACKS_LISTEN=HOST:PORT (0.0.0.0:8080) and
                                                   SCALE_CALLBACKS_CONSOLE=HOST:PORT (127.0.0.1:8081)
        The callback auth key is on Scale's dashboard under your account's API settings.
        """
}
