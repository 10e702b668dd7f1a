import ArgumentParser
import Foundation
import Logging
import ScaleSimulator
import ServiceLifecycle
import UnixSignals

/// The command `scale-simulator`: serves a local Scale until it is told to stop.
@main struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale-simulator",
        abstract: "A local Scale AI: answers its REST API, makes up the work, and calls back.",
        discussion: """
            Everything is in memory and gone when it stops. Calls back to loopback addresses only, \
            unless a host is allowed by name.

            Example: tasks complete after 50 milliseconds, and a refused callback is tried again after 15.

              scale-simulator --port 8090 --clock-scale 1000 --completion-delay 50
              curl -u live_simulator: http://127.0.0.1:8090/v1/task/categorization -d '
                {"attachment": "a picture", "categories": ["cat", "dog"],
                 "callback_url": "http://127.0.0.1:8080/callbacks"}'
              curl http://127.0.0.1:8090/simulator/journal

            For the official Python SDK it is
              url = "http://127.0.0.1:8090/v1"
              scaleapi.ScaleClient("live_simulator", api_instance_url=url)
            """
    )

    @Option(help: "The port to listen at; 0 lets the kernel choose.")
    var port = 0

    @Option(help: "The address to listen at.")
    var address = "127.0.0.1"

    @Option(name: .customLong("api-key"), help: "A live API key. Repeat for several. (default: live_simulator)")
    var apiKeys: [String] = []

    @Option(name: .customLong("test-api-key"), help: "A test API key. Repeat for several. (default: test_simulator)")
    var testAPIKeys: [String] = []

    @Option(help: "What live callbacks carry in scale-callback-auth.")
    var callbackAuthKey = "live_auth_simulator"

    @Option(help: "What test callbacks carry in scale-callback-auth.")
    var testCallbackAuthKey = "test_auth_simulator"

    @Option(help: "Seeds responses, planted faults and duplicates.")
    var seed: UInt64 = 1

    @Option(help: "Divides the completion delay and the waits between tries of a callback.")
    var clockScale = 1.0

    @Option(help: "Seconds until a live task completes, divided by the clock scale.")
    var completionDelay = 2.0

    @Option(help: "Share of image annotation tasks that are wrong on purpose, 0 to 1.")
    var faultShare = 0.25

    @Option(help: "Share of callbacks that are delivered twice, 0 to 1.")
    var duplicateShare = 0.0

    @Option(name: .customLong("allow-callbacks-to"), help: "A host beyond loopback to call back. Repeat for several.")
    var allowedCallbackHosts: [String] = []

    @Option(help: "How many entries the journal keeps.")
    var journalCapacity = 200_000

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: notice)", transform: Self.level)
    var logLevel = Logger.Level.notice

    func validate() throws {
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535.") }
        guard self.clockScale > 0, self.clockScale.isFinite else {
            throw ValidationError("--clock-scale must be above 0.")
        }
        guard (0...1_000_000_000).contains(self.completionDelay) else {
            throw ValidationError("--completion-delay must be 0 or more seconds.")
        }
        guard (0...1).contains(self.faultShare) else { throw ValidationError("--fault-share must be from 0 to 1.") }
        guard (0...1).contains(self.duplicateShare) else {
            throw ValidationError("--duplicate-share must be from 0 to 1.")
        }
        guard (1...10_000_000).contains(self.journalCapacity) else {
            throw ValidationError("--journal-capacity must be from 1 to 10000000.")
        }
        guard Set(self.apiKeys).isDisjoint(with: self.testAPIKeys) else {
            throw ValidationError("A key is either --api-key or --test-api-key: it decides the mode.")
        }
    }

    func run() async throws {
        let level = self.logLevel
        // Standard output carries the one line that says where it listens, so logs go to standard error.
        var logger = Logger(label: "scale-simulator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let simulator = ScaleSimulator(configuration: self.simulatorConfiguration, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [simulator, Announcement(simulator: simulator)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("\(text) is no log level.")
        }
        return level
    }

    private var simulatorConfiguration: ScaleSimulator.Configuration {
        var configuration = ScaleSimulator.Configuration()
        configuration.address = self.address
        configuration.port = self.port
        if !self.apiKeys.isEmpty { configuration.apiKeys = Set(self.apiKeys) }
        if !self.testAPIKeys.isEmpty { configuration.testAPIKeys = Set(self.testAPIKeys) }
        configuration.callbackAuthKey = self.callbackAuthKey
        configuration.testCallbackAuthKey = self.testCallbackAuthKey
        configuration.seed = self.seed
        configuration.clockScale = self.clockScale
        configuration.completionDelay = self.completionDelay
        configuration.faultShare = self.faultShare
        configuration.duplicateShare = self.duplicateShare
        configuration.allowedCallbackHosts = Set(self.allowedCallbackHosts.map { $0.lowercased() })
        configuration.journalCapacity = self.journalCapacity
        return configuration
    }
}

/// Says on standard output where the simulator listens, once, for scripts that wait for the line.
private struct Announcement: Service {
    let simulator: ScaleSimulator

    func run() async throws {
        let baseURL = try await self.simulator.baseURL()
        try FileHandle.standardOutput.write(contentsOf: Data("scale-simulator listens on \(baseURL)\n".utf8))
        try? await gracefulShutdown()
    }
}
