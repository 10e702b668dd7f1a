import Foundation

/// The processor time of this thread: it does not pass while the machine does something else.
enum ThreadTime {
    static var now: Duration {
        // Two numbers in the place of a `timespec`: which module's its members are depends on what was imported first.
        var time = (seconds: 0, nanoseconds: 0)
        withUnsafeMutablePointer(to: &time) { pointer in
            _ = pointer.withMemoryRebound(to: timespec.self, capacity: 1) { clock_gettime(CLOCK_THREAD_CPUTIME_ID, $0) }
        }
        return .seconds(time.seconds) + .nanoseconds(time.nanoseconds)
    }
}
