package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Collects refusals and key uses in memory and writes them to the store once a second.
///
/// A wall of bad requests costs a counter each and a bounded number of rows, not a disk write.
package final class RefusalLog: Service, Sendable {
    private struct State: Sendable {
        var refusals: [Refusal] = []
        var counts: [String: Int] = [:]
        var keyUses: [KeyUsed: Int64] = [:]
    }

    private struct KeyUsed: Sendable, Hashable {
        let accountID: Int64
        let keyIndex: Int
    }

    /// How many refusals of one second are kept one by one.
    private static let maximumPerFlush = 100
    private static let interval = Duration.seconds(1)

    private let store: EventStore
    private let logger: Logger
    private let state = Mutex(State())

    package init(store: EventStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Notes one refusal.
    package func record(_ refusal: Refusal) {
        self.state.withLock { state in
            state.counts[refusal.reason, default: 0] += 1
            // The first of a second are as telling as the last, and dropping the later ones is free.
            if state.refusals.count < Self.maximumPerFlush { state.refusals.append(refusal) }
        }
    }

    /// Notes that a key was used.
    package func recordKeyUse(accountID: Int64, keyIndex: Int, now: Int64) {
        self.state.withLock { $0.keyUses[KeyUsed(accountID: accountID, keyIndex: keyIndex)] = now }
    }

    /// Writes what has come every second, and what is left when the service stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await self.flush(now: Now.milliseconds)
            }
        }
        await self.flush(now: Now.milliseconds)
    }

    /// Writes what has come until now.
    package func flush(now: Int64) async {
        let state = self.state.withLock { state in
            defer { state = State() }
            return state
        }
        guard !state.counts.isEmpty || !state.keyUses.isEmpty else { return }
        do {
            if !state.counts.isEmpty {
                try await self.store.record(state.refusals, counts: state.counts, hour: now / 3_600_000)
            }
            try await self.store.recordKeyUses(
                state.keyUses.map {
                    KeyUse(accountID: $0.key.accountID, keyIndex: $0.key.keyIndex, lastUsedAt: $0.value)
                }
            )
        } catch {
            // Statistics, not promises: a full disk must not make the loss of a counter an incident of its own.
            self.logger.warning("Refusals not recorded", metadata: ["error": "\(error)"])
        }
    }
}
