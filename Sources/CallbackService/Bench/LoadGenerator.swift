import Foundation
import NIOCore
import NIOPosix
import ScaleAPI

/// Posts callbacks over a number of connections, each of which sends the next one when the last is answered, or when a
/// schedule says so.
///
/// It all happens on one event loop: the load shares a machine with the receiver, and one loop needs no locks.
struct LoadGenerator: Sendable {
    /// What to send, and for how long.
    struct Configuration: Sendable {
        /// Where to send.
        var target: BenchTarget
        /// The callback auth key; nil to send none.
        var key: Secret?
        /// How many connections are kept busy.
        var connections = 64
        /// How long to measure; nil until `count` is reached.
        var duration: Duration? = .seconds(10)
        /// How many requests to send after the warm-up; nil until `duration` is over.
        var count: Int?
        /// The size of each body, in bytes.
        var bodySize = 2048
        /// What the requests are.
        var variety = Variety.unique
        /// How many requests are to be sent each second; nil to send the next one when the last is answered.
        var rate: Double?
        /// How long to send before the measurement begins.
        var warmup: Duration = .zero
        /// How long a connection attempt or an answer may take.
        var timeout: Duration = .seconds(30)
        /// Whether a receiver that cannot be reached is tried again until the end.
        var reconnects = false
        /// The file that receives the task id of every 2xx answer.
        var idsFile: String?
    }

    /// What the requests of a load are.
    enum Variety: Sendable {
        /// Every callback is of a new task.
        case unique
        /// All are the same callback.
        case repeated
        /// GETs without a body.
        case empty
    }

    /// How far it has come.
    struct Progress: Sendable, Hashable {
        /// Since the start.
        var elapsed: Duration
        /// 2xx answers of the measurement so far.
        var accepted: Int
        /// Other answers and failures so far.
        var notAccepted: Int
    }

    /// What to do.
    var configuration: Configuration

    /// Sends until the end and waits for the answers of what is on the way. When cancelled it ends early with what it
    /// has.
    ///
    /// - Parameter progress: Called every second, on the event loop.
    /// - Throws: `CallbackTemplate.SizeError`, or `POSIXError` when the file of ids cannot be written.
    func run(progress: (@Sendable (Progress) -> Void)? = nil) async throws -> BenchReport {
        let template =
            self.configuration.variety == .empty
            ? CallbackTemplate(empty: self.configuration.target)
            : try CallbackTemplate(
                target: self.configuration.target,
                key: self.configuration.key,
                bodySize: self.configuration.bodySize,
                now: Date()
            )
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let run =
            try await loop.submit {
                let file = try self.configuration.idsFile.map(AcknowledgedIDs.init(path:))
                let run = LoadRun(self.configuration, template, file, progress, on: loop)
                run.start()
                return NIOLoopBound(run, eventLoop: loop)
            }
            .get()
        return try await withTaskCancellationHandler {
            try await loop.flatSubmit { run.value.report.futureResult }.get()
        } onCancel: {
            loop.execute { run.value.stop() }
        }
    }
}
