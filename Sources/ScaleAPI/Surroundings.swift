import Foundation

/// Time and chance, as the client sees them.
package struct Surroundings: Sendable {
    /// Time that has passed since some fixed moment.
    let elapsed: @Sendable () -> Duration
    /// Waits; throws when the task is cancelled.
    let sleep: @Sendable (Duration) async throws -> Void
    /// The time of day in milliseconds since 1970, for `Retry-After` with a date.
    let now: @Sendable () -> Int64
    /// A number in `0..<1`.
    let random: @Sendable () -> Double
    /// The addresses of a host, in figures.
    let addresses: @Sendable (String) async throws -> [String]

    /// Delays by `clock`, dates by `now`, jitter by `random`, hosts by `addresses`.
    package init(
        clock: some Clock<Duration>,
        now: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> Double,
        addresses: @escaping @Sendable (String) async throws -> [String] = { try await HostAddress.look(up: $0) }
    ) {
        let start = clock.now
        self.elapsed = { start.duration(to: clock.now) }
        self.sleep = { duration in try await clock.sleep(for: duration) }
        self.now = now
        self.random = random
        self.addresses = addresses
    }

    /// The real ones.
    package static var system: Self {
        Self(
            clock: ContinuousClock(),
            now: { Int64(Date().timeIntervalSince1970 * 1000) },
            random: { Double.random(in: 0..<1) }
        )
    }
}
