internal import Foundation

/// The clocks of the system in the unit of the store.
package enum Now {
    /// Milliseconds since 1970 by the wall clock.
    package static var milliseconds: Int64 { Self.milliseconds(CLOCK_REALTIME) }

    /// Milliseconds since the machine was started, those in which it slept included.
    static var millisecondsRunning: Int64 {
        #if os(Linux)
        Self.milliseconds(CLOCK_BOOTTIME)
        #else
        Self.milliseconds(CLOCK_MONOTONIC)
        #endif
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
