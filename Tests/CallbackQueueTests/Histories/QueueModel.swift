import Callbacks

@testable import CallbackQueue

/// What the queue should do, as plain code over a handful of values: the store is compared with it step by step.
///
/// Written from what the queue promises, not from its statements, and without its cleverness: what may run is found by
/// looking at everything.
struct QueueModel {
    struct Event {
        let id: Int64
        let callback: Int
        let receivedAt: Int64
        var seen = 1
        var hasBody = true
    }

    struct Delivery {
        let eventID: Int64
        let handler: Int
        /// The subject, with the account it belongs to.
        let subject: Int
        var state = "pending"
        var dueAt: Int64
        var token: Int64?
        var failures = 0
        var attempts: [Attempt] = []
    }

    struct Attempt {
        /// How it ended; nil while nothing is known of its end.
        var outcome: String?
        var hasNote = false
    }

    /// What a lease should be.
    struct Expectation {
        let delivery: Int
        let eventID: Int64
        let attempt: Int
        let failures: Int
        let notes: Int
        let newerEvent: Int64?
    }

    static let leaseLength: Int64 = 15_000
    static let maximumAttempts = 3

    /// In the order of arrival.
    var events: [Event] = []
    /// In the order of arrival.
    var deliveries: [Delivery] = []
    var isHeld = [false, false]
    var isAllHeld = false
    var now: Int64 = 1_000_000_000

    // MARK: - Keeping

    mutating func keep(_ callback: Int, for handlers: [Int]) -> KeepResult {
        if let index = self.events.firstIndex(where: { $0.callback == callback }) {
            self.events[index].seen += 1
            return .repeated(eventID: self.events[index].id)
        }
        let id = (self.events.last?.id ?? 0) + 1
        self.events.append(Event(id: id, callback: callback, receivedAt: self.now))
        for handler in handlers {
            let subject = callback % HistoryCallbacks.subjectCount
            self.deliveries.append(Delivery(eventID: id, handler: handler, subject: subject, dueAt: self.now))
        }
        return .kept(eventID: id)
    }

    // MARK: - Leasing

    /// Whether somebody may be at work on it.
    func isRunning(_ delivery: Delivery) -> Bool {
        delivery.state == "pending" && delivery.token != nil && delivery.dueAt > self.now
    }

    /// Which deliveries are due, and which of them may run: the oldest unsettled of its subject, while no other of the
    /// subject runs.
    func leasable(_ handler: Int) -> (due: Int, free: [Int]) {
        guard !self.isHeld[handler], !self.isAllHeld else { return (0, []) }
        var due = 0
        var free: [Int] = []
        for (index, delivery) in self.deliveries.enumerated()
        where delivery.handler == handler && delivery.state == "pending" && delivery.dueAt <= self.now {
            due += 1
            var isFree = true
            for (other, rival) in self.deliveries.enumerated()
            where other != index && rival.handler == handler && rival.subject == delivery.subject {
                if rival.state == "pending", other < index || self.isRunning(rival) { isFree = false }
            }
            if isFree { free.append(index) }
        }
        return (due, free.sorted { (self.deliveries[$0].dueAt, $0) < (self.deliveries[$1].dueAt, $1) })
    }

    /// Takes what should be leased. Deliveries without a body become dead letters and are not among it.
    mutating func lease(_ handler: Int, limit: Int) -> (expected: [Expectation], nextDueAt: Int64?) {
        guard !self.isHeld[handler], !self.isAllHeld else { return ([], nil) }
        var expected: [Expectation] = []
        let taken = self.leasable(handler).free.prefix(limit)
        for index in taken {
            let notes = self.deliveries[index].attempts.count { $0.hasNote }
            self.endAttempt(of: index, as: "interrupted", unlessEnded: true)
            self.deliveries[index].attempts.append(Attempt())
            self.deliveries[index].dueAt = self.now + Self.leaseLength
            expected.append(
                Expectation(
                    delivery: index,
                    eventID: self.deliveries[index].eventID,
                    attempt: self.deliveries[index].attempts.count,
                    failures: self.deliveries[index].failures,
                    notes: notes,
                    newerEvent: self.newerEvent(than: self.deliveries[index].eventID)
                )
            )
        }
        let next = self.deliveries.filter { $0.handler == handler && $0.state == "pending" }.map(\.dueAt).min()
        for index in taken where !self.hasBody(self.deliveries[index].eventID) {
            self.settle(index, as: .dead, stale: false)
        }
        return (expected.filter { self.hasBody($0.eventID) }, next)
    }

    private func hasBody(_ eventID: Int64) -> Bool { self.events.first { $0.id == eventID }?.hasBody ?? false }

    /// The newest event of the subject whose state is later and not just a verdict on the same response.
    private func newerEvent(than id: Int64) -> Int64? {
        guard let event = self.events.first(where: { $0.id == id }) else { return nil }
        let this = HistoryCallbacks.all[event.callback].callback
        guard let changedAt = this.changedAt else { return nil }
        var newest: (changedAt: Int64, id: Int64)?
        for other in self.events
        where other.id != id && (other.callback - event.callback) % HistoryCallbacks.subjectCount == 0 {
            let that = HistoryCallbacks.all[other.callback].callback
            guard let later = that.changedAt,
                later > changedAt || later == changedAt && that.priorResponseCount > this.priorResponseCount
            else { continue }
            let isSameResponse =
                that.completedAt == this.completedAt && that.priorResponseCount == this.priorResponseCount
            if that.kind == .audit, isSameResponse { continue }
            if newest.map({ ($0.changedAt, $0.id) < (later, other.id) }) ?? true { newest = (later, other.id) }
        }
        return newest?.id
    }

    // MARK: - Settling

    /// The delivery that a token still fences.
    func delivery(heldBy token: Int64) -> Int? {
        self.deliveries.firstIndex { $0.token == token && $0.state == "pending" }
    }

    /// How long a failed attempt may have to wait, in milliseconds; nil when it was the last.
    func delay(afterFailures failures: Int, floor: Duration?) -> ClosedRange<Int64>? {
        guard failures < Self.maximumAttempts else { return nil }
        let floor = floor?.inMilliseconds ?? 0
        let least: Int64 = failures == 1 ? 1000 : 2000
        return max(least, floor)...max(2 * least, floor)
    }

    mutating func settle(_ index: Int, as settlement: Settlement, stale: Bool) {
        self.deliveries[index].token = nil
        let outcome: String
        switch settlement {
        case .completed:
            self.deliveries[index].state = "completed"
            outcome = stale ? "stale" : "completed"
        case .dead:
            self.deliveries[index].state = "dead"
            self.deliveries[index].failures += 1
            outcome = "dead"
        case .released:
            self.deliveries[index].dueAt = self.now
            outcome = "released"
        case .retry(let dueAt):
            self.deliveries[index].dueAt = dueAt
            self.deliveries[index].failures += 1
            outcome = "retry"
        }
        self.endAttempt(of: index, as: outcome)
    }

    private mutating func endAttempt(of index: Int, as outcome: String, unlessEnded: Bool = false) {
        guard let last = self.deliveries[index].attempts.indices.last else { return }
        if unlessEnded, self.deliveries[index].attempts[last].outcome != nil { return }
        self.deliveries[index].attempts[last].outcome = outcome
    }

    mutating func renew(_ index: Int) { self.deliveries[index].dueAt = self.now + Self.leaseLength }

    mutating func note(on index: Int) {
        self.deliveries[index].attempts[self.deliveries[index].attempts.count - 1].hasNote = true
    }

    /// Makes dead and waiting deliveries due and says how many.
    mutating func retry(_ handler: Int, onlyDead: Bool) -> Int {
        var count = 0
        for (index, delivery) in self.deliveries.enumerated() where delivery.handler == handler {
            guard delivery.token == nil, delivery.state == "dead" || delivery.state == "pending" && !onlyDead else {
                continue
            }
            self.deliveries[index].state = "pending"
            self.deliveries[index].dueAt = self.now
            self.deliveries[index].failures = 0
            count += 1
        }
        return count
    }

    // MARK: - Pruning

    /// Removes what is too old: bodies, and events with everything. What waits keeps all of it, the newest event its
    /// number, and each walk ends at the first event that is too young, unless that came from the future.
    mutating func prune(bodies: Int64?, facts: Int64?) -> (bodies: Int, events: Int) {
        var gone: [Int64] = []
        if let facts {
            for event in self.events.dropLast() {
                guard event.receivedAt < self.now - facts || event.receivedAt > self.now else { break }
                if event.receivedAt < self.now - facts, !self.isPending(event.id) { gone.append(event.id) }
            }
        }
        self.events.removeAll { gone.contains($0.id) }
        self.deliveries.removeAll { gone.contains($0.eventID) }
        var count = 0
        if let bodies {
            for (index, event) in self.events.enumerated() where event.hasBody {
                guard event.receivedAt < self.now - bodies || event.receivedAt > self.now else { break }
                if event.receivedAt < self.now - bodies, !self.isPending(event.id) {
                    self.events[index].hasBody = false
                    count += 1
                }
            }
        }
        return (count, gone.count)
    }

    private func isPending(_ eventID: Int64) -> Bool {
        self.deliveries.contains { $0.eventID == eventID && $0.state == "pending" }
    }

    // MARK: - Comparing

    /// Every column that the queue decides by, a line for each event and then for each delivery.
    var text: String {
        var lines: [String] = []
        for event in self.events {
            lines.append("event \(event.id) seen \(event.seen) body \(event.hasBody ? 1 : 0) at \(event.receivedAt)")
        }
        for delivery in self.deliveries {
            let attempts = delivery.attempts.map { $0.outcome ?? "open" }.joined(separator: ",")
            lines.append(
                "delivery of \(delivery.eventID) to \(delivery.handler): \(delivery.state) at \(delivery.dueAt) "
                    + "token \(delivery.token ?? 0) failures \(delivery.failures) "
                    + "attempts \(delivery.attempts.count) \(attempts)"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The same of the store, as one value. The numbers of the handlers are 1 and 2.
    static let storedText = """
        SELECT coalesce((SELECT group_concat(line, char(10)) FROM (
            SELECT 'event ' || id || ' seen ' || seen || ' body '
                || EXISTS (SELECT 1 FROM body WHERE eventID = event.id) || ' at ' || receivedAt AS line
            FROM event ORDER BY id)), '')
        || coalesce((SELECT group_concat(line, '') FROM (
            SELECT char(10) || 'delivery of ' || eventID || ' to ' || (handlerID - 1) || ': ' || state
                || ' at ' || dueAt || ' token ' || coalesce(leaseToken, 0)
                || ' failures ' || failureCount || ' attempts ' || attemptCount
                || ' ' || coalesce((SELECT group_concat(outcome) FROM (SELECT coalesce(outcome, 'open') AS outcome
                    FROM attempt WHERE deliveryID = delivery.id ORDER BY number)), '') AS line
            FROM delivery ORDER BY id)), '')
        """
}
