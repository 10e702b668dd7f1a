internal import Dispatch
internal import Foundation
internal import Synchronization

/// A thread of its own that does one job after the other, in the order in which they were given.
///
/// A serial dispatch queue does the same on threads of a pool: each time it was empty another one may be woken, which costs more
/// and has nothing of the work in its cache. Worth it where work comes thousands of times a second.
final class SerialThread: Sendable {
    private let jobs = Jobs()

    /// Starts the thread. It ends when this is given up and the jobs are done.
    init(name: String) {
        // The thread must not keep this: giving it up ends the thread.
        Thread.detachNewThread { [jobs] in
            // For debuggers and `top`; from outside it would not be set.
            Thread.current.name = name
            jobs.work()
        }
    }

    deinit { self.jobs.end() }

    /// Has a job done when those before it are.
    func async(_ job: @escaping @Sendable () -> Void) { self.jobs.add(job) }
}

/// What is to be done, and whether more may come.
private final class Jobs: Sendable {
    private struct State: Sendable {
        var waiting: [@Sendable () -> Void] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.waiting.append(job) }
        self.bell.signal()
    }

    func end() {
        self.state.withLock { $0.isOver = true }
        self.bell.signal()
    }

    func work() {
        while true {
            self.bell.wait()
            let (jobs, isOver) = self.state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isOver)
            }
            for job in jobs { job() }
            if isOver { return }
        }
    }
}
