import ArgumentParser
import Logging
import ScaleSimulator

/// Where it listens, whom it may call back, what it logs.
struct ServerOptions: ParsableArguments {
    @Option(help: "The port to listen at; 0 lets the kernel choose.")
    var port = 0

    @Option(help: "The address to listen at.")
    var address = "127.0.0.1"

    @Option(name: .customLong("allow-callbacks-to"), help: "A host beyond loopback to call back. Repeat for several.")
    var allowedCallbackHosts: [String] = []

    @Option(
        name: .customLong("public-url"),
        help: "Where clients reach it, for URLs in answers. (default: where it listens)"
    )
    var publicURL: String?

    @Flag(inversion: .prefixedNo, help: "Whether the URLs of large results need a live key.")
    var secureResultURLs = true

    @Option(help: "Seeds responses, planted faults and chaos.")
    var seed: UInt64 = 1

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: notice)", transform: Self.level)
    var logLevel = Logger.Level.notice

    func validate() throws {
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535.") }
        if let publicURL, !publicURL.hasPrefix("http://"), !publicURL.hasPrefix("https://") {
            throw ValidationError("--public-url must begin with http:// or https://.")
        }
    }

    func apply(to configuration: inout ScaleSimulator.Configuration) {
        configuration.address = self.address
        configuration.port = self.port
        configuration.allowedCallbackHosts = Set(self.allowedCallbackHosts.map { $0.lowercased() })
        configuration.publicURL = self.publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        configuration.secureResultURLs = self.secureResultURLs
        configuration.seed = self.seed
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("\(text) is no log level.")
        }
        return level
    }
}

/// The keys of both directions.
struct KeyOptions: ParsableArguments {
    @Option(name: .customLong("api-key"), help: "A live API key. Repeat for several. (default: live_simulator)")
    var apiKeys: [String] = []

    @Option(name: .customLong("test-api-key"), help: "A test API key. Repeat for several. (default: test_simulator)")
    var testAPIKeys: [String] = []

    @Option(help: "What live callbacks carry in scale-callback-auth.")
    var callbackAuthKey = "live_auth_simulator"

    @Option(help: "What test callbacks carry in scale-callback-auth.")
    var testCallbackAuthKey = "test_auth_simulator"

    func validate() throws {
        guard Set(self.apiKeys).isDisjoint(with: self.testAPIKeys) else {
            throw ValidationError("A key is either --api-key or --test-api-key: it decides the mode.")
        }
    }

    func apply(to configuration: inout ScaleSimulator.Configuration) {
        if !self.apiKeys.isEmpty { configuration.apiKeys = Set(self.apiKeys) }
        if !self.testAPIKeys.isEmpty { configuration.testAPIKeys = Set(self.testAPIKeys) }
        configuration.callbackAuthKey = self.callbackAuthKey
        configuration.testCallbackAuthKey = self.testCallbackAuthKey
    }
}

/// How much it keeps in memory.
struct LimitOptions: ParsableArguments {
    @Option(help: "How many tasks each mode holds; one more is a 400.")
    var maxTasks = Limits().tasks

    @Option(help: "How many batches each mode holds; one more is a 400.")
    var maxBatches = Limits().batches

    @Option(help: "How many projects each mode holds; one more is a 400.")
    var maxProjects = Limits().projects

    @Option(help: "How many entries the journal keeps; older ones are forgotten.")
    var journalCapacity = 200_000

    func validate() throws {
        let options = [
            ("--max-tasks", self.maxTasks), ("--max-batches", self.maxBatches), ("--max-projects", self.maxProjects),
            ("--journal-capacity", self.journalCapacity),
        ]
        for (name, value) in options where !(1...10_000_000).contains(value) {
            throw ValidationError("\(name) must be from 1 to 10000000.")
        }
    }

    func apply(to configuration: inout ScaleSimulator.Configuration) {
        configuration.limits.tasks = self.maxTasks
        configuration.limits.batches = self.maxBatches
        configuration.limits.projects = self.maxProjects
        configuration.journalCapacity = self.journalCapacity
    }
}

private typealias Limits = ScaleSimulator.Limits
