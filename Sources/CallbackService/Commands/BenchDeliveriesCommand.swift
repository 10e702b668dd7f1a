import ArgumentParser
import Callbacks
import Foundation
import ScaleAPI

/// Measures how fast deliveries are settled.
struct BenchDeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Measure how many deliveries are handled and durably settled.",
        discussion: """
            Keeps callbacks in a store of its own in a temporary folder, inside this process and without HTTP, has them \
            delivered to a handler that does nothing or writes files, and prints how many deliveries were settled a \
            second. The store and the files are removed at the end, unless --keep is given.

            Examples:
              scale-callbacks bench deliveries
              scale-callbacks bench deliveries --handler file --count 50000
              scale-callbacks bench deliveries --intake --output json
            """
    )

    @Option(name: .long, help: "How many deliveries.")
    var count = 200_000

    @Option(
        name: .long,
        help: "What they go through: \(DeliveriesRun.Handler.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var handler = DeliveriesRun.Handler.none

    @Option(name: .long, help: "How many of them run at the same time; 4 unless files are written, then 32.")
    var concurrency: Int?

    @Flag(name: .long, help: "Keep the callbacks while they are delivered, and not before.")
    var intake = false

    @Option(name: .long, help: "The size of each body in bytes.")
    var bodySize = 2048

    @Option(name: .long, help: "Where the temporary folder is made; by default where the system has them.")
    var folder: String?

    @Flag(
        name: .long,
        help: "Leave the store and the files: some disks are slow to make files for minutes after many were removed."
    )
    var keep = false

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (1...100_000_000).contains(self.count) else {
            throw ValidationError("--count must be from 1 to 100000000.")
        }
        guard (1...1000).contains(self.concurrency ?? 1) else {
            throw ValidationError("--concurrency must be from 1 to 1000.")
        }
        guard (1...1_000_000).contains(self.bodySize) else {
            throw ValidationError("--body-size must be from 1 to 1000000.")
        }
    }

    func run() async throws {
        let run = DeliveriesRun(
            folder: self.folder ?? NSTemporaryDirectory(),
            count: self.count,
            bodySize: self.bodySize,
            handler: self.handler,
            concurrency: self.concurrency ?? (self.handler == .none ? 4 : 32),
            isWithIntake: self.intake,
            keepsFolder: self.keep
        )
        let figures: DeliveriesRun.Figures
        do {
            figures = try await run.run()
        } catch let error as CallbackTemplate.SizeError {
            throw ValidationError("\(error)")
        }
        let sink = DescriptorSink.standardOutput
        switch self.outputOptions.output {
        case .table:
            try sink.writeLine(
                """
                settled     \(figures.deliveries), \(Self.rounded(figures.perSecond)) per second
                processor   \(Self.rounded(figures.microsecondsEach)) µs each
                elapsed     \(Self.rounded(figures.elapsed.inSeconds)) s
                """
            )
        case .json, .jsonl:
            let object: JSON = [
                "deliveries": .number(JSON.Number(figures.deliveries)),
                "deliveries_per_second": JSON(floatLiteral: Self.rounded(figures.perSecond)),
                "processor_microseconds_each": JSON(floatLiteral: Self.rounded(figures.microsecondsEach)),
                "elapsed_seconds": JSON(floatLiteral: Self.rounded(figures.elapsed.inSeconds)),
            ]
            try sink.writeLine(object.encodedString)
        }
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

extension DeliveriesRun.Handler: ExpressibleByArgument {}
