internal import Callbacks
internal import Dispatch
internal import Synchronization

/// The thread on which calls of a handler compute, one call after the other.
///
/// Swift's threads are as many as the machine has cores, and a few calls that block theirs would stop all else that runs
/// there, the other handlers and the stop among it.
final class HandlerThread: TaskExecutor {
    // Serial, because a serial queue gets a thread at once, however many others are blocked.
    private let queue = DispatchQueue(label: "scale-callbacks.handler")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// One call of a handler, which can be given up when it does not end.
///
/// The call is a task of its own, not a child of the attempt: whoever waits for a child waits for ever when that does
/// not heed its cancellation, and the stop of the service would wait too.
///
/// | state | what may follow |
/// |---|---|
/// | running | awaited by `end()`, over |
/// | awaited | over |
/// | over | nothing: the call has ended or was given up, which `end()` tells |
final class HandlerCall: Sendable {
    /// How long a cancelled call may take to end before nobody waits for it any longer.
    static let patience: Duration = .seconds(2)

    private enum State {
        case running
        case awaited(CheckedContinuation<Result<Outcome, any Error>?, Never>)
        case over(Result<Outcome, any Error>?)
    }

    private let state = Mutex(State.running)
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Calls.
    ///
    /// - Parameter thread: Nobody else's until the call has ended; of no use to others when it is given up.
    init(on thread: HandlerThread = HandlerThread(), _ body: @escaping @Sendable () async throws -> Outcome) {
        // Unstructured, see above.
        let task = Task(executorPreference: thread) {
            do { self.finish(.success(try await body())) } catch { self.finish(.failure(error)) }
        }
        self.task.withLock { $0 = task }
    }

    /// Waits for the end of the call. When the waiting task is cancelled so is the call, and nil comes when that does
    /// not help: then the call goes on and nobody listens.
    func end() async -> Result<Outcome, any Error>? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    if case .over = state { return true }
                    state = .awaited(continuation)
                    return false
                }
                if isOver { continuation.resume(returning: self.result) }
            }
        } onCancel: {
            self.giveUp()
        }
    }

    /// Asks the call to end, and waits no longer than `patience` for it.
    func giveUp() {
        self.cancel()
        // Ends by itself, and what it touches lives as long as it does.
        Task {
            try? await Task.sleep(for: Self.patience)
            self.finish(nil)
        }
    }

    /// Asks the call to end soon.
    func cancel() { self.task.withLock { $0 }?.cancel() }

    /// Whether it was asked to.
    var isCancelled: Bool { self.task.withLock { $0 }?.isCancelled ?? false }

    private var result: Result<Outcome, any Error>? {
        self.state.withLock { if case .over(let result) = $0 { result } else { nil } }
    }

    private func finish(_ result: Result<Outcome, any Error>?) {
        let waiting: CheckedContinuation<Result<Outcome, any Error>?, Never>? = self.state.withLock { state in
            switch state {
            case .running:
                state = .over(result)
                return nil
            case .awaited(let continuation):
                state = .over(result)
                return continuation
            case .over: return nil
            }
        }
        waiting?.resume(returning: result)
    }
}
