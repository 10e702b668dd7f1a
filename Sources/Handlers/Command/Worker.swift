import Logging
import Synchronization

/// A program that goes on running and answers one line for each line it gets, one event at a time.
final class Worker: Sendable {
    /// What comes of asking it.
    enum Reply: Sendable, Hashable {
        /// It answered.
        case line([UInt8])
        /// It ended, or was ended, before it answered.
        case ended(String)
    }

    private struct State {
        var waiting: CheckedContinuation<Reply, Never>?
        /// Why it can be asked no more, once that is so.
        var end: String?
        /// Whether it will end soon, and the reason when that is not its exit.
        var isEnding = false
        var reason: String?
        var logger: Logger
        var loggedLines = 0
    }

    /// How many lines of its standard error are logged for each event, and how much of each.
    private static let maximumLoggedLines = 100
    private static let maximumLoggedLine = 1000

    private let state: Mutex<State>
    private let requests: AsyncStream<[UInt8]>.Continuation
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Starts the program.
    init(_ program: Program, variables: [String: String], logger: Logger) {
        let (stream, requests) = AsyncStream.makeStream(of: [UInt8].self)
        self.state = Mutex(State(logger: logger))
        self.requests = requests
        // Lives longer than the attempt it is started for. Whoever starts a worker lets it go by `end()`, which waits.
        let task = Task {
            let reason: String
            do {
                let (_, end) = try await program.run(with: variables) { await self.attend($0, to: stream) }
                reason =
                    switch end {
                    case .exited(let code): "it ended with exit code \(code)"
                    case .signaled(let signal): "it was ended by signal \(signal)"
                    }
            } catch {
                reason = "it could not be started: \(error)"
            }
            self.finish(reason)
        }
        self.task.withLock { $0 = task }
    }

    /// Whether it can be asked no more.
    var isOver: Bool { self.state.withLock { $0.isEnding || $0.end != nil } }

    /// Sends a line and waits for the answer. A cancelled caller ends the worker: it cannot know whom an answer is for.
    ///
    /// Only one caller at a time.
    func ask(_ line: [UInt8], logger: Logger) async -> Reply {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let end = self.state.withLock { state in
                    state.logger = logger
                    state.loggedLines = 0
                    if state.end == nil { state.waiting = continuation }
                    return state.end
                }
                if let end { continuation.resume(returning: .ended(end)) } else { self.requests.yield(line) }
            }
        } onCancel: {
            self.kill()
        }
    }

    /// Ends it soon, whatever it does.
    func kill() { self.task.withLock { $0 }?.cancel() }

    /// Closes its input, so that it ends by itself, and ends it when it does not.
    func end(within patience: Duration) async {
        self.requests.finish()
        let task = self.task.withLock { $0 }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await task?.value }
            group.addTask {
                guard (try? await Task.sleep(for: patience)) != nil else { return }
                task?.cancel()
            }
            await task?.value
            group.cancelAll()
        }
    }

    private func attend(_ program: RunningProgram, to requests: AsyncStream<[UInt8]>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await line in requests where await !program.write(line) { break }
                await program.closeInput()
            }
            group.addTask {
                var lines = LineReader(limit: Self.maximumLoggedLine)
                await program.read(.errors) { buffer in
                    lines.read(buffer) { self.log($0) }
                    return true
                }
            }
            var lines = LineReader(limit: WorkerAnswer.maximumLength)
            await program.read(.output) { buffer in
                var isExpected = true
                lines.read(buffer) { line in isExpected = self.deliver(line) && isExpected }
                return isExpected
            }
            // It answers no more: it has ended, closed its output, or said what nobody asked for.
            self.state.withLock { $0.isEnding = true }
            self.requests.finish()
            self.kill()
        }
    }

    /// Hands an answer to who waits for it; false when nobody does.
    private func deliver(_ line: [UInt8]) -> Bool {
        let waiting = self.state.withLock { state in
            defer { state.waiting = nil }
            if state.waiting == nil { state.reason = "it said something that nobody had asked for" }
            return state.waiting
        }
        waiting?.resume(returning: .line(line))
        return waiting != nil
    }

    private func finish(_ reason: String) {
        let (waiting, end) = self.state.withLock { state in
            defer { state.waiting = nil }
            let end = state.reason ?? reason
            state.end = end
            return (state.waiting, end)
        }
        waiting?.resume(returning: .ended(end))
    }

    private func log(_ line: [UInt8]) {
        let logger: Logger? = self.state.withLock { state in
            state.loggedLines += 1
            return state.loggedLines <= Self.maximumLoggedLines ? state.logger : nil
        }
        logger?
            .info(
                "Worker wrote to standard error",
                metadata: ["line": "\(String(excerptOf: line, limit: Self.maximumLoggedLine))"]
            )
    }
}
