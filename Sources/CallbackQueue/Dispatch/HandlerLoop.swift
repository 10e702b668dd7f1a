internal import Callbacks
internal import Logging
internal import ScaleAPI
internal import ServiceLifecycle
internal import Synchronization

/// Leases and runs the deliveries of one handler, as many at a time as it allows.
struct HandlerLoop: Sendable {
    let handlerID: Int64
    let registration: HandlerRegistration
    let store: EventStore
    let configuration: Dispatcher.Configuration
    let bell: Bell
    let logger: Logger
    let scale: @Sendable (_ account: String) -> ScaleClient?
    private let progress = Progress()

    /// What the loop and its attempts share.
    private final class Progress: Sendable {
        private let state = Mutex<(inFlight: Int, nextLookAt: Int64)>((0, 0))

        var inFlight: Int { self.state.withLock { $0.inFlight } }

        func started(_ count: Int) { self.state.withLock { $0.inFlight += count } }

        func ended() { self.state.withLock { $0.inFlight -= 1 } }

        /// When the queue is worth a look although nobody rang, in milliseconds since 1970.
        var nextLookAt: Int64 {
            get { self.state.withLock { $0.nextLookAt } }
            set { self.state.withLock { $0.nextLookAt = newValue } }
        }
    }

    /// Runs until the bell is closed and what was in flight has ended or the drain time is over.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.takeDeliveries() }
            group.addTask {
                // Both waits end by throwing when the group is cancelled.
                try? await gracefulShutdown()
                try? await Task.sleep(for: self.configuration.drain)
            }
            group.addTask { await self.tick() }
            // Whichever ends first, all in flight drained or the drain time over, ends the rest.
            await group.next()
            group.cancelAll()
        }
    }

    private func takeDeliveries() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.bell.rings {
                while case let free = self.registration.concurrency - self.progress.inFlight, free > 0,
                    !self.bell.isClosed
                {
                    guard let batch = await self.lease(free) else {
                        // The ring is spent, so the next tick has to look again.
                        self.progress.nextLookAt = 0
                        break
                    }
                    self.progress.nextLookAt = batch.nextDueAt ?? .max
                    self.progress.started(batch.leases.count)
                    for lease in batch.leases {
                        group.addTask {
                            await self.run(lease)
                            self.progress.ended()
                            // A place is free, and the subject's next delivery may run now.
                            self.bell.ring()
                        }
                    }
                    if batch.leases.count < free { break }
                }
            }
        }
    }

    /// Rings the same bell from time to time, until cancelled: racing "a ring or a time-out" and cancelling the loser
    /// would end the stream of rings for good.
    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: self.configuration.tick)
            if self.progress.nextLookAt <= Now.milliseconds { self.bell.ring() }
        }
    }

    private func lease(_ limit: Int) async -> LeaseBatch? {
        do {
            return try await self.store.lease(handlerID: self.handlerID, limit: limit, now: Now.milliseconds)
        } catch {
            self.logger.warning(
                "Deliveries not leased",
                metadata: [LogKey.handler: "\(self.registration.name)", LogKey.error: "\(error)"]
            )
            return nil
        }
    }

    /// Makes one attempt and settles it.
    private func run(_ lease: Lease) async {
        var logger = self.logger
        logger[metadataKey: LogKey.handler] = "\(self.registration.name)"
        logger[metadataKey: LogKey.delivery] = "\(lease.deliveryID)"
        logger[metadataKey: LogKey.event] = "\(lease.event.id)"
        logger[metadataKey: LogKey.attempt] = "\(lease.attempt)"

        let end = await Attempt(lease: lease, registration: self.registration, store: self.store, logger: logger)
            .run(scale: self.scale(lease.event.account))
        let now = Now.milliseconds
        var generator = SystemRandomNumberGenerator()
        let settlement: Settlement
        let outcome: Outcome
        switch end {
        case .leaseLost:
            logger.warning("Lease lost; another attempt has the delivery")
            return
        case .interrupted:
            settlement = .released
            outcome = Outcome(disposition: .retry(after: nil), summary: "Interrupted by a stop; does not count.")
        case .ended(let ended):
            outcome = ended
            settlement = SettlementDecision.settlement(
                for: ended,
                failures: lease.failures,
                backoff: self.registration.backoff,
                now: now,
                using: &generator
            )
        }
        do {
            if outcome.disposition == .hold {
                _ = try await self.store.holdHandler(named: self.registration.name, reason: outcome.summary, now: now)
                logger.error(
                    "Handler held; resume it when the cause is mended",
                    metadata: ["reason": "\(outcome.summary)"]
                )
            }
            let use = try await self.store.settle(lease, as: settlement, outcome: outcome, now: now)
            logger.debug(
                "Delivery settled",
                metadata: [
                    LogKey.settlement: "\(settlement)", LogKey.summary: "\(outcome.summary)", "lease": "\(use)",
                ]
            )
        } catch {
            // The lease runs out and the delivery is tried again: at least once, as promised.
            logger.warning("Attempt not settled", metadata: [LogKey.error: "\(error)"])
        }
    }
}
