extension World {
    /// Callbacks waiting at one time, at most; further ones are not sent.
    private static let maximumPending = 1_000_000

    /// Where a callback to this URL may go.
    func target(_ url: String?) -> CallbackTarget {
        CallbackTarget(url, allowedHosts: self.configuration.allowedCallbackHosts)
    }

    /// Puts a callback on its way, with the mishaps that were ordered for it or that chance brings.
    func order(_ subject: CallbackSubject, _ state: inout State, _ mode: Mode, now: Timestamp, elapsed: Duration) {
        let url = state.realm(mode).callbackURL(subject)
        let name: String
        let salt: UInt64
        switch subject {
        case .task(let number):
            name = state.realm(mode).tasks[number].id
            salt = UInt64(number)
        case .batch(let batch):
            name = batch
            salt = MultipartForm.digest(of: batch)
        }
        let ordinal = state.change(mode) { $0.nextCallbackOrdinal(subject) }
        let isFull = state.counters.callbacksPending >= Self.maximumPending
        switch self.target(url) {
        case .notSent(let reason):
            self.refuse(subject, name, &state, mode, url: url, reason: reason, now: now)
        case .dial where isFull:
            self.refuse(subject, name, &state, mode, url: url, reason: "too many callbacks are waiting", now: now)
        case .dial(let target, let host):
            var generator = SeededGenerator(seed: self.configuration.seed, salt, UInt64(ordinal), 0xD0)
            let order = CallbackAttempt.Order(
                number: 0,
                mode: mode,
                subject: subject,
                name: name,
                url: url ?? "",
                target: (target, host),
                luck: SeededGenerator.first(self.configuration.seed, salt, UInt64(ordinal), mode == .live ? 1 : 2),
                mishaps: state.takeCallbackRule(name)
                    .union(state.knobs.callbackMishaps(decidedOnce: true, using: &generator))
            )
            self.send(order, &state, now: now, elapsed: elapsed)
        }
    }

    /// Lets the mishaps of a fresh callback that are decided once come true, and puts it on the agenda.
    private func send(_ order: CallbackAttempt.Order, _ state: inout State, now: Timestamp, elapsed: Duration) {
        var order = order
        let isDoubled = order.mishaps.contains(.duplicate)
        let latest = elapsed + .seconds(state.knobs.callbackDelay / state.knobs.clockScale)
        for copy in 0..<(isDoubled ? 2 : 1) {
            // The journal calls the second one the duplicate.
            if copy == 0 { order.mishaps.remove(.duplicate) } else { order.mishaps.insert(.duplicate) }
            state.counters.callbacksOrdered += 1
            order.number = state.counters.callbacksOrdered
            if order.mishaps.contains(.drop) {
                state.counters.callbacksDropped += 1
                state.change(order.mode) { $0.noteCallback(order.subject, succeededAt: now, acknowledged: false) }
                state.record(order, status: nil, outcome: "dropped", at: now)
                continue
            }
            state.counters.callbacksPending += 1
            if order.mishaps.contains(.reorder) {
                state.held[order.number] = order
                state.agenda.add(.release(order: order.number), due: latest)
            } else {
                state.agenda.add(.attempt(order), due: order.mishaps.contains(.delay) ? latest : elapsed)
            }
        }
    }

    /// Writes down that a callback is not sent at all.
    private func refuse(
        _ subject: CallbackSubject,
        _ name: String,
        _ state: inout State,
        _ mode: Mode,
        url: String?,
        reason: String,
        now: Timestamp
    ) {
        state.counters.callbacksNotSent += 1
        state.record(
            subject,
            name,
            mode: mode,
            .callback(url: url ?? "", attempt: 0, status: nil, outcome: "not sent: \(reason)"),
            at: now
        )
    }
}

extension World.State {
    /// The mishaps of the oldest rule that means this callback, used up by one.
    fileprivate mutating func takeCallbackRule(_ name: String) -> Set<CallbackMishap> {
        guard let index = self.callbackRules.firstIndex(where: { ($0.subject ?? name) == name }) else { return [] }
        let mishaps = self.callbackRules[index].mishaps
        self.callbackRules[index].times -= 1
        if self.callbackRules[index].times <= 0 { self.callbackRules.remove(at: index) }
        return mishaps
    }
}

extension SeededGenerator {
    /// The first number of a row, to seed others with.
    fileprivate static func first(_ seed: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: seed, a, b, c)
        return generator.next()
    }
}
