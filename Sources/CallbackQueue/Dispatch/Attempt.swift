internal import Callbacks
internal import Logging
internal import ScaleAPI

/// One try of one delivery: calls the handler, and says how it ended.
///
/// Time limits and leases are looked after for all attempts together, by whoever holds the `Hand`: timers of its own
/// would cost an attempt more than all the rest.
struct Attempt: Sendable {
    /// How it ended.
    enum End: Sendable {
        /// The handler said so, threw, or ran out of time.
        case ended(Outcome)
        /// The service stops.
        case interrupted
        /// Another attempt has the delivery.
        case leaseLost
    }

    let lease: Lease
    let registration: HandlerRegistration
    let store: EventStore
    let hand: Hand
    let logger: Logger

    /// Runs to the end. A cancelled attempt ends as `interrupted` unless the handler still finished its work.
    ///
    /// A handler that goes on when its time is over keeps its place and the lease: the events of its task wait, and the
    /// next attempt does not run beside it. Only a stop gives it up.
    ///
    /// - Parameter thread: Where the handler computes.
    /// - Returns: Also whether the handler goes on although nobody waits for it any longer.
    func run(on thread: HandlerThread, scale: ScaleClient?) async -> (end: End, isGivenUp: Bool) {
        let context = HandlerContext(
            attempt: self.lease.attempt,
            scale: scale,
            newerEvent: self.lease.newerEvent,
            earlierNotes: self.lease.earlierNotes,
            mode: self.lease.modeSwitch?.mode(for: self.registration.digest),
            repeatsEffects: self.lease.repeatsEffects,
            logger: self.logger,
            keepNote: { note in
                guard try await self.store.note(note, on: self.lease) == .done else { throw LeaseLostError() }
            },
            readEarlierEvents: { try await self.store.earlierEvents(than: self.lease.event.id) },
            makeClaim: { claim in
                let now = self.store.clock.now
                guard let answer = try await self.store.claim(claim, on: self.lease, now: now) else {
                    throw LeaseLostError()
                }
                if case .held(let reason) = answer {
                    self.logger.error("Effect withheld", metadata: ["reason": "\(reason)"])
                }
                return answer
            }
        )
        let call = HandlerCall(on: thread) { try await self.registration.handler.handle(self.lease.event, in: context) }
        let key = LeaseKey(self.lease)
        self.hand.began(key, now: self.store.clock.now) { interruption in
            switch interruption {
            case .timeout: call.cancel()
            case .leaseLost: call.giveUp()
            }
        }
        let result = await call.end()
        return (self.end(of: result, isCancelled: call.isCancelled, self.hand.ended(key)), result == nil)
    }

    private func end(
        of result: Result<Outcome, any Error>?,
        isCancelled: Bool,
        _ interruption: Hand.Interruption?
    ) -> End {
        switch (result, interruption) {
        case (_, .leaseLost): .leaseLost
        // What the handler really did counts more than the timer that hurried it.
        case (.success(let outcome), _): .ended(outcome)
        case (.failure(is LeaseLostError), _): .leaseLost
        case (_, .timeout): .ended(.retry(.unavailable, "No end within \(self.registration.timeout)."))
        // Given up, or ended because it was told to.
        case (nil, nil): .interrupted
        case (.failure, nil) where isCancelled: .interrupted
        case (.failure(let error), nil): .ended(.retry(.fault, "The handler failed: \(error)"))
        }
    }
}

/// Thrown to a handler that notes something under a lease it no longer has.
private struct LeaseLostError: Error {}
