import ArgumentParser
import CallbackQueue
import Callbacks
import Foundation
import Handlers
import ScaleAPI
import Synchronization

/// Judges the log again by rules, and compares with what people decided.
struct RulesBacktestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Run rules over the log of events, and compare with what people decided.",
        discussion: """
            Judges every completed event that the handler takes, on all cores. What people decided is the last audit of \
            the same response in the log; audits that our own handlers sent do not count. An accept that people \
            rejected or fixed, and a reject that they accepted, is a disagreement.

            With --against, or when --config is another file than the configuration in force, it also tells what would \
            change: BEFORE are the other rules, NOW those under test. With jsonl each finding comes at once, in no \
            order, and the summary last; otherwise the newest --limit of them are listed.

            Examples:
              scale-callbacks rules backtest --handler check-boxes --since 30d
              scale-callbacks rules backtest --handler check-boxes --config new.yaml
              scale-callbacks rules backtest --config new.yaml --against old.yaml --output jsonl
            """
    )

    @Option(name: .long, help: "Whose rules; may be left out when a file has only one audit handler.")
    var handler: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The rules under test; else the configuration in force.", valueName: "file")
    )
    var config: String?

    @Option(name: .long, help: ArgumentHelp("The rules to compare with.", valueName: "file"))
    var against: String?

    @Option(name: .long, help: ArgumentHelp("The store; by default the configured one.", valueName: "file"))
    var store: String?

    @Option(name: .long, help: "Only events kept within this time, such as 24h or 30d.")
    var since: String?

    @Option(name: .long, help: "Only events kept before this time ago, such as 7d.")
    var until: String?

    @Option(name: .long, help: "Only in this project (repeatable).")
    var project: [String] = []

    @Option(name: .long, help: "How many disagreements and changes to list.")
    var limit = 20

    @OptionGroup var format: OutputOptions

    func validate() throws {
        for (name, value) in [("since", self.since), ("until", self.until)] {
            if let value, Quantity.duration(value) == nil {
                throw ValidationError("--\(name) must be a time such as 90m, 24h or 7d.")
            }
        }
        guard (0...10_000).contains(self.limit) else { throw ValidationError("--limit must be 0 to 10000.") }
    }

    func run() async throws {
        RuleMemory.countWithoutLock()
        let files = try BacktestFiles(config: self.config, against: self.against, handler: self.handler)
        let run = BacktestRun(
            storePath: self.store ?? files.storePath,
            rules: try files.rules.compiled(),
            other: try files.other?.compiled(),
            selection: self.selection,
            urls: files.urls,
            limit: self.format.output == .jsonl ? 0 : self.limit,
            workers: ProcessInfo.processInfo.activeProcessorCount
        )
        let output = self.format.output
        let sink = DescriptorSink.standardOutput
        // Lines of several workers must not mix.
        let turn = Mutex(())
        let bar = ProgressBar("backtest")
        let watch = Stopwatch()
        let tally = try await {
            defer { bar.end() }
            return try await run.run {
                bar.show($0)
            } found: { finding in
                guard output == .jsonl else { return }
                try turn.withLock { _ in try sink.writeLine(BacktestReport.line(of: finding).encodedString) }
            }
        }()
        let report = BacktestReport(tally: tally, files: files, timing: watch.timing)
        try report.write(as: output, to: sink)
    }

    private var selection: LogSelection {
        let now = Now.milliseconds
        func time(_ text: String?) -> Int64? { text.flatMap(Quantity.duration).map { now - $0.inMilliseconds } }
        return LogSelection(
            projects: self.project.isEmpty ? nil : self.project,
            since: time(self.since),
            until: time(self.until)
        )
    }
}

extension RuleFile.Rules {
    fileprivate func compiled() throws -> BacktestRun.Rules {
        BacktestRun.Rules(handler: try AuditHandler(configuration: self.audit), match: self.match)
    }
}
