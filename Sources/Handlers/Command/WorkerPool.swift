import Logging
import Synchronization

/// The workers of one handler: those that wait for an event, and when a new one may be started.
final class WorkerPool: Sendable {
    private struct State {
        var idle: [Worker] = []
        var busy: [ObjectIdentifier: Worker] = [:]
        /// How many workers in a row were no good.
        var failures = 0
        var notBefore: ContinuousClock.Instant?
        var isClosed = false
    }

    private enum Place {
        case worker(Worker)
        case wait(until: ContinuousClock.Instant)
        case closed
    }

    /// How long a worker may take to end by itself when its input is closed.
    private static let patience = Duration.seconds(1)
    private static let longestDelay = Duration.seconds(30)

    private let program: Program
    private let variables: [String: String]
    private let firstDelay: Duration
    private let state = Mutex(State())

    /// A pool without workers; they are started when there is something to do.
    ///
    /// - Parameter firstDelay: How long after a worker that was no good the next one is started; it doubles up to 30 s.
    init(_ program: Program, variables: [String: String], firstDelay: Duration = .milliseconds(500)) {
        self.program = program
        self.variables = variables
        self.firstDelay = firstDelay
    }

    /// A worker that waits for an event, else a new one, as soon as one may be started.
    ///
    /// - Throws: `CancellationError` when the caller is cancelled or the pool closed.
    func take(logger: Logger) async throws -> Worker {
        while true {
            switch self.place(logger: logger) {
            case .worker(let worker): return worker
            case .wait(let moment): try await Task.sleep(until: moment, clock: .continuous)
            case .closed: throw CancellationError()
            }
        }
    }

    private func place(logger: Logger) -> Place {
        self.state.withLock { state in
            guard !state.isClosed else { return .closed }
            while let worker = state.idle.popLast() {
                guard !worker.isOver else { continue }
                state.busy[ObjectIdentifier(worker)] = worker
                return .worker(worker)
            }
            if let notBefore = state.notBefore, notBefore > .now { return .wait(until: notBefore) }
            let worker = Worker(self.program, variables: self.variables, logger: logger)
            state.busy[ObjectIdentifier(worker)] = worker
            return .worker(worker)
        }
    }

    /// Takes back a worker that answered.
    func giveBack(_ worker: Worker) {
        self.state.withLock { state in
            state.busy[ObjectIdentifier(worker)] = nil
            state.idle.append(worker)
            state.failures = 0
            state.notBefore = nil
        }
    }

    /// Ends a worker that is no good, and puts off the next start.
    func discard(_ worker: Worker) {
        worker.kill()
        self.state.withLock { state in
            state.busy[ObjectIdentifier(worker)] = nil
            let delay = min(Self.longestDelay, self.firstDelay * (1 << min(state.failures, 10)))
            state.failures += 1
            state.notBefore = .now + delay
        }
    }

    /// Ends all workers and waits for that; no more are started.
    func close() async {
        let workers = self.state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.busy) = ([], [:]) }
            return state.idle + state.busy.values
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.end(within: Self.patience) } }
        }
    }
}
