import ArgumentParser
import Logging
import ScaleSimulator
import ServiceLifecycle
import UnixSignals

/// The command `scale-simulator`: serves a local Scale until it is told to stop.
@main struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale-simulator",
        abstract: "A local Scale AI: answers its REST API, makes up the work, and calls back.",
        usage: "scale-simulator [options] [knobs]",
        discussion: """
            Everything is in memory and gone when it stops. Calls back to loopback addresses only, \
            unless a host is allowed by name.

            Example: tasks complete after 2 milliseconds, and a refused callback is tried again after 15.

              scale-simulator --port 8090 --clock-scale 1000
              curl -u live_simulator: http://127.0.0.1:8090/v1/task/categorization -d '
                {"attachment": "a picture", "categories": ["cat", "dog"],
                 "callback_url": "http://127.0.0.1:8080/callbacks"}'
              curl http://127.0.0.1:8090/simulator/journal

            For the official Python SDK it is
              url = "http://127.0.0.1:8090/v1"
              scaleapi.ScaleClient("live_simulator", api_instance_url=url)

            Its books, read without a key:
              GET  /simulator/summary
              GET  /simulator/journal?task_id=&batch=&kind=&mode=&method=&path=&operation=
                                     &status=&mishap=&after=&limit=
              GET  /simulator/audits?task_id=
              GET  /simulator/tasks
            Orders:
              POST /simulator/tasks/ID/send-callback?times=3
              POST /simulator/tasks/ID/recall
              POST /simulator/tasks/ID/fix        {"response": {...}, "comments": "..."}
              POST /simulator/fail-next           {"status": 429, "times": 2}
              POST /simulator/fail-next-callback  {"duplicate": true}

            Knobs are options too. They can be turned while it runs:
              curl http://127.0.0.1:8090/simulator/knobs
              curl http://127.0.0.1:8090/simulator/knobs -d '{"duplicate_share": 0.1}'

            Example: a bad day. Callbacks come twice and in the wrong order, and the API is slow.

              scale-simulator --duplicate-share 0.2 --reorder-share 0.2 --slow-body-share 1

            \(KnobArguments.help)
            """
    )

    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Keys") var keys: KeyOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Argument(parsing: .allUnrecognized, help: .hidden)
    var knobs: [String] = []

    func validate() throws {
        _ = try KnobArguments.knobs(self.knobs)
    }

    func run() async throws {
        let level = self.server.logLevel
        // Standard output carries the one line that says where it listens, so logs go to standard error.
        var logger = Logger(label: "scale-simulator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let simulator = ScaleSimulator(configuration: try self.simulatorConfiguration, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [simulator, Announcement(simulator: simulator)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    var simulatorConfiguration: ScaleSimulator.Configuration {
        get throws {
            var configuration = ScaleSimulator.Configuration()
            self.server.apply(to: &configuration)
            self.keys.apply(to: &configuration)
            self.limits.apply(to: &configuration)
            configuration.knobs = try KnobArguments.knobs(self.knobs)
            return configuration
        }
    }
}
