package import Logging
internal import ServiceLifecycle

/// Prunes the store now and then, for as long as the service runs.
///
/// It works a fifth of the time at most: after each step it rests four times as long as the step took, so that
/// callbacks find the writer free.
package struct Pruner: Service {
    /// How long to wait from one walk to the next.
    private static let interval = Duration.seconds(600)
    private static let restPerStep = 4.0

    private let store: EventStore
    private let retention: Retention
    private let logger: Logger

    package init(store: EventStore, retention: Retention, logger: Logger) {
        self.store = store
        self.retention = retention
        self.logger = logger
    }

    /// Walks at the start and every ten minutes, until graceful shutdown or cancellation.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.walk()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func walk() async {
        var pass = PrunePass(self.retention, now: Now.milliseconds)
        do {
            while !pass.isFinished, !Task.isCancelled {
                let (next, elapsed) = try await Self.step(pass, in: self.store)
                pass = next
                try await Task.sleep(for: elapsed * Self.restPerStep)
            }
        } catch is CancellationError {
            // The rest is for the next start.
        } catch {
            self.logger.warning("Store not pruned", metadata: ["error": "\(error)"])
        }
        guard !pass.counts.isEmpty else { return }
        self.logger.info(
            "Store pruned",
            metadata: [
                "prune.events": "\(pass.counts.events)", "prune.bodies": "\(pass.counts.bodies)",
                "prune.refusals": "\(pass.counts.refusals)", "prune.bytes": "\(pass.counts.freedBytes)",
            ]
        )
    }

    /// As many steps as fit a time, for whoever asks for pruning now.
    package static func slice(
        of pass: PrunePass,
        in store: EventStore,
        lasting duration: Duration = .seconds(1)
    ) async throws(StoreError) -> PrunePass {
        var pass = pass
        var spent = Duration.zero
        while !pass.isFinished, spent < duration {
            let (next, elapsed) = try await Self.step(pass, in: store)
            pass = next
            spent += elapsed
        }
        return pass
    }

    private static func step(
        _ pass: PrunePass,
        in store: EventStore
    ) async throws(StoreError) -> (PrunePass, elapsed: Duration) {
        let clock = ContinuousClock()
        let start = clock.now
        let next = try await store.prune(pass)
        return (next, clock.now - start)
    }
}
