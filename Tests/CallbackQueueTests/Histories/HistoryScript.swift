import Callbacks

@testable import CallbackQueue

/// Draws the steps of one history.
///
/// Each history has only some of the rarer kinds of steps, so that those it has meet each other more often. Most are
/// short: what goes wrong in a queue needs few steps, and the time for one long history finds more as four short ones.
struct HistoryScript {
    private enum Kind { case keep, lease, settle, renew, note, hold, retry, crash, clock, prune }

    private static let always: [Kind] =
        Array(repeating: .keep, count: 4) + Array(repeating: .lease, count: 6) + Array(repeating: .settle, count: 6)
    private static let sometimes: [(kind: Kind, count: Int)] = [
        (.renew, 2), (.note, 1), (.hold, 1), (.retry, 3), (.crash, 1), (.clock, 5), (.prune, 3),
    ]

    private var generator: SeededGenerator
    private let kinds: [Kind]
    /// How many subjects there are: with one, everything waits for everything.
    private let subjectCount: Int
    let stepCount: Int

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var kinds = Self.always
        let choice = generator.next()
        for (index, (kind, count)) in Self.sometimes.enumerated() where choice >> index & 1 == 0 {
            for _ in 0..<count { kinds.append(kind) }
        }
        self.kinds = kinds
        self.subjectCount = 1 + Int(generator.next() % UInt64(HistoryCallbacks.subjectCount))
        let isLong = generator.next() % 16 == 0
        self.stepCount = (isLong ? 16 : 5) + Int(generator.next() % 5)
        self.generator = generator
    }

    mutating func number(below bound: Int) -> Int { Int(self.generator.next() % UInt64(bound)) }

    /// The next step, given how many leases are remembered and what the queue is like.
    mutating func step(leases: Int, of model: QueueModel) -> HistoryStep {
        if model.events.isEmpty { return self.keep() }
        switch self.kinds[self.number(below: self.kinds.count)] {
        case .keep: return self.keep()
        case .settle where leases > 0: return .settle(lease: self.lease(of: leases), self.disposition())
        case .renew where leases > 0: return .renew(lease: self.lease(of: leases))
        case .note where leases > 0: return .note(lease: self.lease(of: leases))
        case .lease, .settle, .renew, .note: return self.lease(of: model)
        case .hold:
            let handler = self.number(below: 3)
            if handler == 2 { return .holdAll(!model.isAllHeld) }
            return model.isHeld[handler] ? .resume(handler: handler) : .hold(handler: handler)
        case .retry: return .retry(handler: self.number(below: 2), onlyDead: self.number(below: 2) == 0)
        case .crash: return .crash(reopens: self.number(below: 100) == 0)
        case .clock: return .clock(milliseconds: self.jump())
        case .prune:
            return .prune(
                bodies: self.number(below: 4) == 0 ? nil : Int64(self.number(below: 1000)),
                facts: self.number(below: 4) < 2 ? nil : Int64(self.number(below: 3000))
            )
        }
    }

    private mutating func keep() -> HistoryStep {
        let subject = self.number(below: self.subjectCount)
        let set = self.number(below: 8)
        return .keep(
            callback: subject + HistoryCallbacks.subjectCount * self.number(below: HistoryCallbacks.countOfSubject),
            // Now and then none, which parks the event.
            handlers: set == 0 ? [] : set == 1 ? [0, 1] : set == 2 ? [1] : [0]
        )
    }

    /// Mostly of a handler for which something waits.
    private mutating func lease(of model: QueueModel) -> HistoryStep {
        var handler = self.number(below: 2)
        let mayHaveNone = self.number(below: 16) == 0
        if !mayHaveNone, !model.deliveries.contains(where: { $0.handler == handler && $0.state == "pending" }) {
            handler = 1 - handler
        }
        return .lease(handler: handler, limit: 1 + self.number(below: 3))
    }

    /// Mostly a young lease, which may still hold.
    private mutating func lease(of count: Int) -> Int {
        self.number(below: 3) == 0 ? self.number(below: count) : count - 1 - self.number(below: min(count, 2))
    }

    private mutating func jump() -> Int64 {
        switch self.number(below: 8) {
        case 0: -Int64(self.number(below: 60_000))
        case 1: 86_400_000
        case 2: -86_400_000
        case 3: Int64(self.number(below: 3000))
        default: Int64(self.number(below: 25_000))
        }
    }

    private mutating func disposition() -> Outcome.Disposition {
        switch self.number(below: 16) {
        case 0...2: .dead
        case 3: .hold
        case 4: .stale
        case 5...8: .retry(after: nil)
        case 9: .retry(after: .seconds(self.number(below: 30)))
        case 10: .retry(after: .seconds(-30))
        case 11: .retry(after: .days(3650))
        default: .completed
        }
    }
}
