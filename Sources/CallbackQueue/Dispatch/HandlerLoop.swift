internal import Callbacks
internal import Logging
internal import ScaleAPI
internal import ServiceLifecycle

/// Leases and runs the deliveries of one handler, as many at a time as it allows.
///
/// A place is free for the next delivery as soon as the handler returns; settling, which waits for the disk, goes on
/// beside it, many at a time. The next of the same task waits for it all the same, because only the store hands it out.
struct HandlerLoop: Sendable {
    let handlerID: Int64
    let registration: HandlerRegistration
    let store: EventStore
    let configuration: Dispatcher.Configuration
    let bell: Bell
    let logger: Logger
    let scale: @Sendable (_ account: String) -> ScaleClient?
    private let hand: Hand

    init(
        handlerID: Int64,
        registration: HandlerRegistration,
        store: EventStore,
        configuration: Dispatcher.Configuration,
        bell: Bell,
        logger: Logger,
        scale: @escaping @Sendable (_ account: String) -> ScaleClient?
    ) {
        self.handlerID = handlerID
        self.registration = registration
        self.store = store
        self.configuration = configuration
        self.bell = bell
        self.logger = logger
        self.scale = scale
        self.hand = Hand(concurrency: registration.concurrency)
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
                var isAlarm = self.bell.takeAlarm()
                while !self.bell.isClosed, case let room = self.hand.room, room > 0 || isAlarm {
                    isAlarm = false
                    guard let batch = await self.lease(room) else {
                        // The ring is spent, so the next tick has to look again.
                        self.hand.nextLookAt = 0
                        break
                    }
                    for _ in 0..<self.hand.add(batch, limit: room, now: self.store.clock.now) {
                        group.addTask { await self.occupyPlace() }
                    }
                    if batch.isHeld { self.release(self.hand.takeWaiting()) }
                    if batch.deliveries.count < room, !batch.isCut { break }
                }
            }
            self.hand.stop()
            self.release(self.hand.takeWaiting())
        }
        await self.hand.waitUntilSettled()
    }

    /// Runs one delivery after the other for as long as some are waiting.
    private func occupyPlace() async {
        var thread = HandlerThread()
        var last: (delivery: TakenDelivery, elapsed: Int64)?
        while true {
            // A cancelled place begins nothing more.
            if Task.isCancelled { self.hand.stop() }
            let now = self.store.clock.now
            let (delivery, isLow) = self.hand.next(after: last?.delivery, elapsed: last?.elapsed, now: now)
            if isLow { self.bell.ring() }
            guard let delivery else { return }
            if await self.run(delivery, on: thread) { thread = HandlerThread() }
            last = (delivery, self.store.clock.now - now)
        }
    }

    /// Does from time to time what no ring asks for, until cancelled: rings when something becomes due, ends attempts
    /// that take too long, and renews leases well before they run out.
    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: self.configuration.tick)
            let now = self.store.clock.now
            if self.hand.nextLookAt <= now { self.bell.ring() }
            self.hand.interrupt(beganBefore: now - self.registration.timeout.inMilliseconds, now: now)
            for lease in self.hand.hanging(interruptedBefore: now - HandlerCall.patience.inMilliseconds) {
                self.logger.error(
                    "Handler goes on after its timeout; its task waits until it ends or the service restarts",
                    metadata: [
                        LogKey.handler: "\(self.registration.name)", LogKey.delivery: "\(lease.deliveryID)",
                    ]
                )
            }
            let third = self.store.configuration.lease.inMilliseconds / 3
            let leases = self.hand.leases(renewedBefore: now - third, now: now)
            // A store that refuses for a moment is no reason to stop: two more renewals fit into the lease.
            if !leases.isEmpty, let lost = try? await self.store.renew(leases, now: now) { self.hand.lose(lost) }
        }
    }

    private func lease(_ limit: Int) async -> TakenBatch? {
        do {
            return try await self.store.take(
                handlerID: self.handlerID,
                limit: limit,
                bytes: Hand.fewBytes,
                now: self.store.clock.now
            )
        } catch {
            self.logger.warning(
                "Deliveries not leased",
                metadata: [LogKey.handler: "\(self.registration.name)", LogKey.error: "\(error)"]
            )
            return nil
        }
    }

    /// Makes one attempt.
    ///
    /// - Returns: Whether the handler goes on, on its thread, although nobody waits for it any longer.
    private func run(_ delivery: TakenDelivery, on thread: HandlerThread) async -> Bool {
        let lease: Lease
        do {
            guard let read = try await self.store.read(delivery, now: self.store.clock.now) else {
                // A dead letter: the subject's next delivery may run now.
                self.bell.ring()
                return false
            }
            lease = read
        } catch {
            self.logger.warning("Dead letter not settled", metadata: [LogKey.error: "\(error)"])
            return false
        }
        var logger = self.logger
        logger[metadataKey: LogKey.handler] = "\(self.registration.name)"
        logger[metadataKey: LogKey.delivery] = "\(lease.deliveryID)"
        logger[metadataKey: LogKey.event] = "\(lease.event.id)"
        logger[metadataKey: LogKey.attempt] = "\(lease.attempt)"
        let attempt = Attempt(
            lease: lease,
            registration: self.registration,
            store: self.store,
            hand: self.hand,
            logger: logger
        )
        let (end, isGivenUp) = await attempt.run(on: thread, scale: self.scale(lease.event.account))
        switch end {
        case .leaseLost: logger.warning("Lease lost; another attempt has the delivery")
        case .interrupted: self.release([delivery])
        case .ended(let outcome): await self.settle(lease, outcome, logger: logger)
        }
        return isGivenUp
    }

    private func settle(_ lease: Lease, _ outcome: Outcome, logger: Logger) async {
        let now = self.store.clock.now
        if outcome.disposition == .hold { await self.hold(outcome.summary, logger: logger) }
        if outcome.disposition == .released { self.release(self.hand.takeWaiting()) }
        var generator = SystemRandomNumberGenerator()
        let settlement = SettlementDecision.settlement(
            for: outcome,
            failures: lease.failures,
            backoff: self.registration.backoff,
            now: now,
            using: &generator
        )
        logger.debug(
            "Attempt ended",
            metadata: [LogKey.settlement: "\(settlement)", LogKey.summary: "\(outcome.summary)"]
        )
        self.settle([AttemptEnd(lease: LeaseKey(lease), settlement: settlement, outcome: outcome, at: now)])
    }

    /// Holds the handler before the delivery is given back, or it would be leased again at once.
    private func hold(_ reason: String, logger: Logger) async {
        do {
            _ = try await self.store.holdHandler(
                named: self.registration.name,
                reason: reason,
                now: self.store.clock.now
            )
            logger.error("Handler held; resume it when the cause is mended", metadata: ["reason": "\(reason)"])
        } catch {
            logger.warning("Handler not held", metadata: [LogKey.error: "\(error)"])
        }
        self.release(self.hand.takeWaiting())
    }

    /// Gives back leases whose deliveries were not begun, or were interrupted by a stop.
    private func release(_ deliveries: [TakenDelivery]) {
        let now = self.store.clock.now
        let outcome = Outcome(disposition: .retry(after: nil), summary: "Interrupted by a stop; does not count.")
        self.settle(
            deliveries.map { AttemptEnd(lease: LeaseKey($0), settlement: .released, outcome: outcome, at: now) }
        )
    }

    /// Settles ends together with those that come until the store has time for them.
    private func settle(_ ends: [AttemptEnd]) { self.write(self.hand.settle(ends)) }

    private func write(_ ends: [AttemptEnd]) {
        guard !ends.isEmpty else { return }
        self.store.settle(ends) { result in
            self.log(result, of: ends)
            self.write(self.hand.settled())
            // The subjects' next deliveries may run now.
            self.bell.ring()
        }
    }

    private func log(_ result: Result<[LeaseUse], StoreError>, of ends: [AttemptEnd]) {
        switch result {
        case .success(let uses):
            for (end, use) in zip(ends, uses) where use == .leaseLost {
                self.logger.warning(
                    "Lease lost; another attempt has the delivery",
                    metadata: [
                        LogKey.handler: "\(self.registration.name)", LogKey.delivery: "\(end.lease.deliveryID)",
                    ]
                )
            }
        case .failure(let error):
            // The leases run out and the deliveries are tried again: at least once, as promised.
            self.logger.warning(
                "Attempts not settled",
                metadata: [
                    LogKey.handler: "\(self.registration.name)", LogKey.error: "\(error)",
                    "attempts.count": "\(ends.count)",
                ]
            )
        }
    }
}
