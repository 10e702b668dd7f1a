internal import Callbacks
internal import Logging
internal import ScaleAPI

/// One try of one delivery: calls the handler, keeps the lease alive meanwhile, ends it when its time is over.
struct Attempt: Sendable {
    /// How it ended.
    enum End: Sendable {
        /// The handler said so, threw, or ran out of time.
        case ended(Outcome)
        /// The service stops.
        case interrupted
        /// Another attempt has the delivery.
        case leaseLost

        /// Which of two ends counts when both come: a lost lease always, then what the handler really did, which
        /// comes second when a timer hurried it.
        func superseded(by later: End) -> End {
            switch (self, later) {
            case (.leaseLost, _), (_, .interrupted): self
            case (_, .leaseLost), (.interrupted, _): later
            case (.ended(let first), .ended(let second)): first.disposition == .completed ? self : .ended(second)
            }
        }
    }

    let lease: Lease
    let registration: HandlerRegistration
    let store: EventStore
    let logger: Logger

    /// Runs to the end. A cancelled attempt ends as `interrupted` unless the handler still finished its work.
    func run(scale: ScaleClient?) async -> End {
        await withTaskGroup(of: End?.self) { group in
            group.addTask { await self.callHandler(scale) }
            group.addTask { await self.waitForTimeout() }
            group.addTask { await self.keepLease() }
            var end: End?
            for await result in group {
                guard let result else { continue }
                group.cancelAll()
                // What the handler really did counts more than the timer that hurried it.
                end = end.map { $0.superseded(by: result) } ?? result
            }
            return end ?? .interrupted
        }
    }

    private func callHandler(_ scale: ScaleClient?) async -> End? {
        let context = HandlerContext(
            attempt: self.lease.attempt,
            scale: scale,
            newerEvent: self.lease.newerEvent,
            earlierNotes: self.lease.earlierNotes,
            logger: self.logger
        ) { note in
            guard try await self.store.note(note, on: self.lease) == .done else { throw LeaseLostError() }
        }
        do {
            return .ended(try await self.registration.handler.handle(self.lease.event, in: context))
        } catch is LeaseLostError {
            return .leaseLost
        } catch {
            if Task.isCancelled { return .interrupted }
            return .ended(.retry(.fault, "The handler failed: \(error)"))
        }
    }

    private func waitForTimeout() async -> End? {
        do {
            try await Task.sleep(for: self.registration.timeout)
            return .ended(.retry(.unavailable, "No end within \(self.registration.timeout)."))
        } catch {
            return nil
        }
    }

    /// Renews the lease well before it runs out.
    private func keepLease() async -> End? {
        while true {
            do {
                try await Task.sleep(for: self.store.configuration.lease / 3)
            } catch {
                return nil
            }
            // A store that refuses for a moment is no reason to stop: two more renewals fit into the lease.
            if let use = try? await self.store.renew(self.lease, now: Now.milliseconds), use == .leaseLost {
                return .leaseLost
            }
        }
    }
}

/// Thrown to a handler that notes something under a lease it no longer has.
private struct LeaseLostError: Error {}
