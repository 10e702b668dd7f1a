import Synchronization

extension World {
    /// Callbacks being posted at one time, at most.
    private static let maximumInFlight = 32

    /// Does what is due, and hands out the attempts there is a free place for.
    ///
    /// - Returns: The attempts, each of which must be settled, and when to look again; nil when nothing waits.
    func takeDue() -> (attempts: [CallbackAttempt], next: Duration?) {
        let now = self.now()
        let elapsed = self.elapsed
        return self.state.withLock { state in
            while let appointment = state.agenda.take(dueBy: elapsed) {
                switch appointment {
                case .work(let mode, let task, let round):
                    state.change(mode) { $0.completeTask(task, round: round, now: now) }
                    self.schedule(&state, mode, now: now, elapsed: elapsed)
                case .attempt(let order):
                    state.ready.append(order)
                }
            }
            var attempts: [CallbackAttempt] = []
            while state.counters.callbacksInFlight < Self.maximumInFlight, var order = state.ready.popFirst() {
                guard let body = state.realm(order.mode).callbackBody(order.subject) else { continue }
                order.attempts += 1
                state.counters.callbacksInFlight += 1
                let authKey = self.configuration.callbackAuthKey(order.mode)
                attempts.append(CallbackAttempt(order: order, authKey: authKey, body: body))
            }
            return (attempts, state.agenda.nextDue)
        }
    }

    /// Ends a try: writes it down, and plans the next one or notes that the callback was acknowledged or given up.
    func settle(_ order: CallbackAttempt.Order, _ outcome: CallbackAttempt.Outcome) {
        let now = self.now()
        let elapsed = self.elapsed
        self.state.withLock { state in
            state.counters.callbacksInFlight -= 1
            state.counters.attempts += 1
            var status: Int?
            var isSuccess = false
            let delay = RetrySchedule(clockScale: self.configuration.clockScale).delay(afterAttempt: order.attempts)
            let text: String
            switch outcome {
            case .answered(let code):
                status = code
                isSuccess = (200..<300).contains(code)
                text = isSuccess ? "acknowledged" : delay == nil ? "refused, given up" : "refused"
            case .failed(let reason): text = delay == nil ? "\(reason), given up" : reason
            case .interrupted: text = "interrupted by shutdown"
            }
            if isSuccess {
                state.counters.callbacksSucceeded += 1
                state.counters.callbacksPending -= 1
                state.change(order.mode) { $0.noteCallback(order.subject, succeeded: true) }
            } else if let delay {
                state.agenda.add(.attempt(order), due: elapsed + delay)
            } else {
                state.counters.callbacksFailed += 1
                state.counters.callbacksPending -= 1
                state.change(order.mode) { $0.noteCallback(order.subject, succeeded: false) }
            }
            state.record(order, status: status, outcome: text, at: now)
        }
        self.ring()
    }

    /// Turns the effects of a change into appointments; callbacks that may not be sent end here, in the journal.
    func schedule(_ state: inout State, _ mode: Mode, now: Timestamp, elapsed: Duration) {
        let effects = state.change(mode) { realm in
            defer { realm.effects.removeAll(keepingCapacity: true) }
            return realm.effects
        }
        for effect in effects {
            switch effect {
            case .work(let task, let round):
                let delay = self.configuration.completionDelay / self.configuration.clockScale
                state.agenda.add(.work(mode, task: task, round: round), due: elapsed + .seconds(delay))
            case .callback(let subject):
                self.order(subject, &state, mode, now: now, elapsed: elapsed)
            }
        }
    }

    private func order(
        _ subject: CallbackSubject,
        _ state: inout State,
        _ mode: Mode,
        now: Timestamp,
        elapsed: Duration
    ) {
        let url = state.realm(mode).callbackURL(subject)
        let name: String
        let salt: UInt64
        switch subject {
        case .task(let number):
            name = state.realm(mode).tasks[number].id
            salt = UInt64(number)
        case .batch(let batch):
            name = batch
            salt = batch.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
        let ordinal = state.change(mode) { $0.nextCallbackOrdinal(subject) }
        switch CallbackTarget(url, allowedHosts: self.configuration.allowedCallbackHosts) {
        case .notSent(let reason):
            state.counters.callbacksNotSent += 1
            let isBatch = if case .batch = subject { true } else { false }
            state.journal.record(
                .callback(
                    subject: name,
                    isBatch: isBatch,
                    url: url ?? "",
                    attempt: 0,
                    status: nil,
                    outcome: "not sent: \(reason)"
                ),
                mode: mode,
                at: now
            )
        case .dial(let target, let host):
            let order = CallbackAttempt.Order(
                mode: mode,
                subject: subject,
                name: name,
                url: url ?? "",
                target: (target, host)
            )
            var generator = SeededGenerator(seed: self.configuration.seed, salt, UInt64(ordinal), 0xD0)
            let isDoubled = generator.fraction() < self.configuration.duplicateShare
            for _ in 0..<(isDoubled ? 2 : 1) {
                state.counters.callbacksOrdered += 1
                state.counters.callbacksPending += 1
                state.agenda.add(.attempt(order), due: elapsed)
            }
        }
    }
}

extension World.State {
    /// Writes down one try of a callback.
    mutating func record(_ order: CallbackAttempt.Order, status: Int?, outcome: String, at time: Timestamp) {
        let isBatch = if case .batch = order.subject { true } else { false }
        self.journal.record(
            .callback(
                subject: order.name,
                isBatch: isBatch,
                url: order.url,
                attempt: order.attempts,
                status: status,
                outcome: outcome
            ),
            mode: order.mode,
            at: time
        )
    }
}

extension Realm {
    /// Notes on the task how its callback ended (contract A6).
    ///
    /// A later success outweighs an earlier failure.
    mutating func noteCallback(_ subject: CallbackSubject, succeeded: Bool) {
        guard case .task(let number) = subject else { return }
        if succeeded { self.tasks[number].acknowledgedCallbacks += 1 }
        self.tasks[number].callbackSucceeded = succeeded
    }
}
