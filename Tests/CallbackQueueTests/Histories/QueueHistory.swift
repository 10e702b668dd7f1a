import Callbacks
import GRDB
import ScaleAPI

@testable import CallbackQueue

/// One random history of the queue in virtual time, each step compared with the model.
struct QueueHistory {
    /// The queue did not do what the model does.
    struct Divergence: Error, CustomStringConvertible {
        let seed: UInt64
        let steps: [HistoryStep]
        let message: String

        var description: String {
            let list = self.steps.enumerated().map { "  \($0.offset + 1). \($0.element)" }.joined(separator: "\n")
            return "seed \(self.seed), run it with SEED=\(self.seed):\n\(list)\n\(self.message)"
        }
    }

    let seed: UInt64
    private let lane: HistoryLane
    private var script: HistoryScript
    private var model = QueueModel()
    private var steps: [HistoryStep] = []
    /// Every lease that was handed out since the last crash, also those that are lost.
    private var leases: [(lease: Lease, handler: Int)] = []
    private var tally = HistoryTally()

    init(seed: UInt64, lane: HistoryLane) {
        self.seed = seed
        self.lane = lane
        self.script = HistoryScript(seed: seed)
    }

    /// Runs it on an empty store and leaves an empty store.
    mutating func run() async throws -> HistoryTally {
        do {
            try await self.compare()
        } catch let error where !(error is Divergence) {
            throw Divergence(seed: self.seed, steps: self.steps, message: "\(error)")
        }
        return self.tally
    }

    private mutating func compare() async throws {
        for _ in 0..<self.script.stepCount {
            self.model.now += Int64(self.script.number(below: 500))
            try await self.perform(self.script.step(leases: self.leases.count, of: self.model))
        }
        if self.script.number(below: 32) == 0 { try await self.finish() }
        let text = self.model.text
        let found = try await self.lane.takeText()
        try self.check(found == text, "the store is\n\(found)\nand should be\n\(text)")
    }

    private func check(_ isRight: Bool, _ message: @autoclosure () -> String) throws {
        if !isRight { throw Divergence(seed: self.seed, steps: self.steps, message: message()) }
    }

    private mutating func perform(_ step: HistoryStep) async throws {
        self.steps.append(step)
        self.tally.steps += 1
        switch step {
        case .keep(let callback, let handlers): try await self.keep(callback, for: handlers)
        case .lease(let handler, let limit): try await self.lease(handler, limit: limit)
        case .settle(let lease, let disposition):
            try await self.settle(self.leases[lease].lease, ofHandler: self.leases[lease].handler, as: disposition)
        case .renew(let lease): try await self.renew(self.leases[lease].lease)
        case .note(let lease): try await self.note(on: self.leases[lease].lease)
        case .hold(let handler): try await self.hold(handler)
        case .resume(let handler):
            self.model.isHeld[handler] = false
            let isKnown = try await self.lane.store.resumeHandler(named: HistoryLane.handlers[handler])
            try self.check(isKnown, "the handler is not known")
        case .holdAll(let isHeld):
            if isHeld {
                try await self.lane.store.holdAll(reason: "Tested.", now: self.model.now)
            } else {
                try self.check(try await self.lane.store.resumeAll(), "nothing was held")
            }
            self.model.isAllHeld = isHeld
        case .retry(let handler, let onlyDead): try await self.retry(handler, onlyDead: onlyDead)
        case .crash(let reopens):
            self.leases = []
            if reopens { try await self.lane.reopen() }
        case .clock(let milliseconds): self.model.now += milliseconds
        case .prune(let bodies, let facts): try await self.prune(bodies: bodies, facts: facts)
        }
    }

    private mutating func keep(_ number: Int, for handlers: [Int]) async throws {
        let entry = HistoryCallbacks.all[number]
        let arrival = Arrival(
            callback: entry.callback,
            accountID: self.lane.accountIDs[entry.account],
            receivedAt: self.model.now,
            handlerIDs: handlers.map { self.lane.handlerIDs[$0] }
        )
        let result = try await self.lane.store.keep(arrival)
        let expected = self.model.keep(number, for: handlers)
        if case .repeated = expected { self.tally.repeats += 1 }
        try self.check(result == expected, "\(result), should be \(expected)")
    }

    private mutating func lease(_ handler: Int, limit: Int) async throws {
        let before = self.model.leasable(handler)
        self.tally.blocked += before.due - before.free.count
        self.tally.taken += before.free.prefix(limit).count { self.model.deliveries[$0].token != nil }
        let batch = try await self.lane.store.lease(
            handlerID: self.lane.handlerIDs[handler],
            limit: limit,
            now: self.model.now
        )
        let (expected, nextDueAt) = self.model.lease(handler, limit: limit)
        self.tally.unreadable += before.free.prefix(limit).count - expected.count
        try self.check(
            batch.leases.map(\.event.id) == expected.map(\.eventID),
            "leased \(batch.leases.map(\.event.id)), should be \(expected.map(\.eventID))"
        )
        for (lease, entry) in zip(batch.leases, expected) {
            let attempts =
                "attempt \(lease.attempt) after \(lease.failures) failures and \(lease.earlierNotes.count) notes"
            try self.check(
                lease.attempt == entry.attempt && lease.failures == entry.failures
                    && lease.earlierNotes.count == entry.notes,
                "\(attempts), should be \(entry)"
            )
            try self.check(
                lease.newerEvent == entry.newerEvent,
                "newer is \(lease.newerEvent ?? 0), should be \(entry.newerEvent ?? 0)"
            )
            if lease.newerEvent != nil { self.tally.stale += 1 }
            self.model.deliveries[entry.delivery].token = lease.token
            self.leases.append((lease, handler))
        }
        self.tally.leases += batch.leases.count
        try self.check(
            batch.nextDueAt == nextDueAt,
            "next is due at \(batch.nextDueAt ?? 0), should be \(nextDueAt ?? 0)"
        )
    }

    private mutating func settle(
        _ lease: Lease,
        ofHandler handler: Int,
        as disposition: Outcome.Disposition
    ) async throws {
        var generator = SeededGenerator(seed: self.seed &+ UInt64(self.steps.count))
        let settlement = SettlementDecision.settlement(
            for: Outcome(disposition: disposition, summary: "Tested."),
            failures: lease.failures,
            backoff: Backoff(maximumAttempts: QueueModel.maximumAttempts),
            now: self.model.now,
            using: &generator
        )
        try self.check(self.isRight(settlement, for: disposition, of: lease), "decided on \(settlement)")
        if disposition == .hold { try await self.hold(handler) }
        let use = try await self.lane.store.settle(
            lease,
            as: settlement,
            outcome: Outcome(disposition: disposition, summary: "Tested."),
            now: self.model.now
        )
        let index = self.model.delivery(heldBy: lease.token)
        try self.check(use == (index == nil ? .leaseLost : .done), "\(use)")
        guard let index else {
            self.tally.lateSettles += 1
            return
        }
        if settlement == .dead { self.tally.dead += 1 }
        self.model.settle(index, as: settlement, stale: disposition == .stale)
    }

    /// What becomes of a delivery, said once more: failures count to the last attempt, delays grow and obey the floor.
    private func isRight(_ settlement: Settlement, for disposition: Outcome.Disposition, of lease: Lease) -> Bool {
        switch (disposition, settlement) {
        case (.completed, .completed), (.stale, .completed), (.dead, .dead), (.hold, .released): true
        case (.retry(let floor), .retry(let dueAt)):
            self.model.delay(afterFailures: lease.failures + 1, floor: floor)?.contains(dueAt - self.model.now) ?? false
        case (.retry(let floor), .dead): self.model.delay(afterFailures: lease.failures + 1, floor: floor) == nil
        default: false
        }
    }

    private mutating func renew(_ lease: Lease) async throws {
        let use = try await self.lane.store.renew(lease, now: self.model.now)
        let index = self.model.delivery(heldBy: lease.token)
        try self.check(use == (index == nil ? .leaseLost : .done), "\(use)")
        if let index { self.model.renew(index) }
    }

    private mutating func note(on lease: Lease) async throws {
        let use = try await self.lane.store.note("noted", on: lease)
        let index = self.model.delivery(heldBy: lease.token)
        try self.check(use == (index == nil ? .leaseLost : .done), "\(use)")
        if let index { self.model.note(on: index) }
    }

    private mutating func hold(_ handler: Int) async throws {
        self.model.isHeld[handler] = true
        let isKnown = try await self.lane.store.holdHandler(
            named: HistoryLane.handlers[handler],
            reason: "Tested.",
            now: self.model.now
        )
        try self.check(isKnown, "the handler is not known")
    }

    private mutating func retry(_ handler: Int, onlyDead: Bool) async throws {
        let selection = DeliverySelection(
            handlers: [HistoryLane.handlers[handler]],
            states: onlyDead ? ["dead"] : nil
        )
        let count = try await self.lane.store.retryDeliveries(selection, now: self.model.now)
        let expected = self.model.retry(handler, onlyDead: onlyDead)
        self.tally.retried += count
        try self.check(count == expected, "\(count) made due, should be \(expected)")
    }

    private mutating func prune(bodies: Int64?, facts: Int64?) async throws {
        let retention = Retention(
            bodies: bodies.map { .milliseconds($0) },
            facts: facts.map { .milliseconds($0) },
            refused: nil
        )
        var pass = PrunePass(retention, now: self.model.now)
        // What comes after is about refusals and pages.
        while pass.stage == .facts || pass.stage == .bodies { pass = try await self.lane.store.prune(pass) }
        let expected = self.model.prune(bodies: bodies, facts: facts)
        self.tally.pruned += expected.bodies + expected.events
        try self.check(
            (pass.counts.bodies, pass.counts.events) == expected,
            "\(pass.counts.bodies) bodies and \(pass.counts.events) events went, should be \(expected)"
        )
    }

    /// However a history went, patience settles everything, in order.
    private mutating func finish() async throws {
        self.tally.finished += 1
        if self.model.isAllHeld { try await self.perform(.holdAll(false)) }
        for handler in self.model.isHeld.indices {
            if self.model.isHeld[handler] { try await self.perform(.resume(handler: handler)) }
            // A retry may be years away.
            try await self.perform(.retry(handler: handler, onlyDead: false))
            var rounds = 0
            var lastOfSubject: [Int: Int64] = [:]
            while let last = self.lastDue(of: handler) {
                rounds += 1
                try self.check(rounds <= self.model.deliveries.count + 1, "not all is settled")
                try await self.perform(.clock(milliseconds: max(0, last - self.model.now)))
                let first = self.leases.count
                try await self.perform(.lease(handler: handler, limit: 10))
                for index in first..<self.leases.count {
                    let eventID = self.leases[index].lease.event.id
                    guard let delivery = self.model.delivery(heldBy: self.leases[index].lease.token) else { continue }
                    let subject = self.model.deliveries[delivery].subject
                    try self.check(eventID > lastOfSubject[subject] ?? 0, "out of order")
                    lastOfSubject[subject] = eventID
                    try await self.perform(.settle(lease: index, .completed))
                }
            }
        }
    }

    /// When the last that waits is due; nil when nothing waits.
    private func lastDue(of handler: Int) -> Int64? {
        self.model.deliveries.filter { $0.handler == handler && $0.state == "pending" }.map(\.dueAt).max()
    }
}
