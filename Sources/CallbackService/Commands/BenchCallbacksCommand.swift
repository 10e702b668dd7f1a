import ArgumentParser
import Foundation
import ScaleAPI

/// Measures how many callbacks a receiver takes.
struct BenchCallbacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks",
        abstract: "Measure how many callbacks a receiver takes.",
        discussion: """
            Keeps a number of connections busy with callbacks of new tasks and prints how many were accepted a second \
            and how long the answers took. Exit code 0 when everything was accepted, or with --reconnect when anything \
            was; 1 otherwise; 69 when the receiver was never reached.

            The receiver keeps what it accepts: measure one with a store of its own.

            Examples:
              scale-callbacks bench callbacks --url http://127.0.0.1:8080/callbacks --duration 30s
              scale-callbacks bench callbacks --count 100000 --body-size 20000 --output json
              scale-callbacks bench callbacks --rate 5000 --duration 30s
              scale-callbacks bench callbacks --duration 60s --reconnect --ids-file acknowledged.txt
            """
    )

    @Option(name: .long, help: "Where to post; http only.")
    var url = "http://127.0.0.1:8080/callbacks"

    @OptionGroup var keyOptions: KeyOptions

    @Option(name: .long, help: "How many connections are kept busy.")
    var connections = 64

    @Option(name: .long, help: "How long to measure, such as 500ms, 30s or 5m; 10s unless --count is given.")
    var duration: String?

    @Option(name: .long, help: "How many callbacks to send.")
    var count: Int?

    @Option(name: .long, help: "The size of each body in bytes.")
    var bodySize = 2048

    @Option(
        name: .long,
        help: """
            How many callbacks to send each second, answered or not, as far as the connections reach; latencies count \
            from the time each was meant to be sent. Without it each connection sends when it has its answer.
            """
    )
    var rate: Double?

    @Flag
    var variety = Variety.unique

    @Option(name: .long, help: "How long to send before measuring; 1s unless --count is given.")
    var warmup: String?

    @Option(name: .long, help: "How long an answer may take.")
    var timeout = "30s"

    @Flag(name: .long, help: "Try again until the end when the receiver cannot be reached.")
    var reconnect = false

    @Option(name: .long, help: "A file for the task id of every acknowledged callback, one per line.")
    var idsFile: String?

    @OptionGroup var outputOptions: OutputOptions

    /// What the requests are.
    enum Variety: String, EnumerableFlag {
        case unique
        case repeated
        case empty

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .unique: "Every callback is of a new task."
            case .repeated: "All are the same callback."
            case .empty: "GETs without a body instead: what an answer takes that keeps nothing."
            }
        }
    }

    func validate() throws {
        guard (self.count ?? 1) > 0 else { throw ValidationError("--count must be above 0.") }
        guard !self.reconnect || self.count == nil || self.duration != nil else {
            throw ValidationError("--reconnect with --count needs a --duration too, or it might never end.")
        }
        guard (1...10_000).contains(self.connections) else {
            throw ValidationError("--connections must be from 1 to 10000.")
        }
        guard (self.rate ?? 1) > 0, (self.rate ?? 1) <= 1_000_000 else {
            throw ValidationError("--rate must be above 0 and at most 1000000.")
        }
        guard self.bodySize <= 1_000_000_000 else { throw ValidationError("--body-size is too large.") }
        _ = try self.load(key: false)
    }

    func run() async throws {
        let generator = LoadGenerator(configuration: try self.load())
        let report: BenchReport
        do {
            report = try await generator.run(progress: Self.progress)
        } catch let error as CallbackTemplate.SizeError {
            throw ValidationError("\(error)")
        } catch let error as POSIXError {
            let reason = String(cString: strerror(error.code.rawValue))
            try DescriptorSink.standardError.writeLine("--ids-file cannot be written: \(reason)")
            throw ExitCode.inputOutput
        }
        switch self.outputOptions.output {
        case .table: try DescriptorSink.standardOutput.writeLine(report.lines.joined(separator: "\n"))
        case .json, .jsonl: try DescriptorSink.standardOutput.writeLine(report.json.encodedString)
        }
        if let code = Self.exitCode(for: report, reconnects: self.reconnect) { throw code }
    }

    /// How the process should end; nil when all is well.
    static func exitCode(for report: BenchReport, reconnects: Bool) -> ExitCode? {
        if report.requests == 0, report.failures[.connect] != nil { return .unavailable }
        if report.accepted == 0 { return .failed }
        return reconnects || (report.refused == 0 && report.failed == 0) ? nil : .failed
    }

    /// What is asked for.
    private func load(key: Bool = true) throws -> LoadGenerator.Configuration {
        guard let target = BenchTarget(self.url) else {
            throw ValidationError("--url must be an http URL such as http://127.0.0.1:8080/callbacks.")
        }
        func duration(_ text: String, _ option: String) throws -> Duration {
            // A bare number is what other load generators take: seconds.
            guard let duration = Quantity.duration(text) ?? Quantity.duration(text + "s"),
                duration <= .seconds(86_400 * 30)
            else {
                throw ValidationError("\(option) must be a duration such as 500ms, 30s or 5m.")
            }
            return duration
        }
        var load = LoadGenerator.Configuration(target: target)
        load.key = key ? try self.keyOptions.key() : nil
        load.connections = self.connections
        load.count = self.count
        load.duration =
            try self.duration.map { try duration($0, "--duration") } ?? (self.count == nil ? .seconds(10) : nil)
        load.bodySize = self.bodySize
        load.variety =
            switch self.variety {
            case .unique: .unique
            case .repeated: .repeated
            case .empty: .empty
            }
        load.rate = self.rate
        load.warmup = try self.warmup.map { try duration($0, "--warmup") } ?? (self.count == nil ? .seconds(1) : .zero)
        load.timeout = try duration(self.timeout, "--timeout")
        load.reconnects = self.reconnect
        load.idsFile = self.idsFile
        return load
    }

    /// Tells a person at a terminal how far it is; nobody else.
    private static var progress: (@Sendable (LoadGenerator.Progress) -> Void)? {
        let sink = DescriptorSink.standardError
        guard sink.isTerminal else { return nil }
        return { progress in
            // Progress that nobody can read is no reason to stop measuring.
            try? sink.writeLine(
                """
                \(Quantity.seconds(progress.elapsed)): accepted \(progress.accepted), \
                otherwise \(progress.notAccepted)
                """
            )
        }
    }
}
