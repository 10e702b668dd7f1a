import Synchronization

extension World {
    /// Callbacks being posted at one time, at most.
    private static let maximumInFlight = 32

    /// Appointments kept under the lock at one time, so that requests get their turn when many are due.
    private static let slice = 200

    /// Does what is due, and hands out the attempts there is a free place for.
    ///
    /// - Returns: The attempts, each of which must be settled, and when to look again, which may be at once; nil when
    ///   nothing waits.
    func takeDue() -> (attempts: [CallbackAttempt], next: Duration?) {
        let now = self.now()
        let elapsed = self.elapsed
        return self.state.withLock { state in
            for _ in 0..<Self.slice {
                guard let appointment = state.agenda.take(dueBy: elapsed) else { break }
                switch appointment {
                case .work(let mode, let task, let round):
                    state.change(mode) { $0.completeTask(task, round: round, now: now) }
                    self.schedule(&state, mode, now: now, elapsed: elapsed)
                case .attempt(let order):
                    state.ready.append(order)
                case .release(let number):
                    if let order = state.held.removeValue(forKey: number) { state.ready.append(order) }
                }
            }
            var attempts: [CallbackAttempt] = []
            while state.counters.callbacksInFlight < Self.maximumInFlight, let order = state.ready.popFirst() {
                guard let attempt = self.attempt(order, state) else { continue }
                state.counters.callbacksInFlight += 1
                attempts.append(attempt)
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
            let delay = RetrySchedule(state.knobs).delay(afterAttempt: order.attempts)
            let text: String
            switch outcome {
            case .answered(let code, let redirects):
                status = code
                isSuccess = (200..<300).contains(code)
                let word = isSuccess ? "acknowledged" : delay == nil ? "refused, given up" : "refused"
                text = redirects == 0 ? word : "\(word), redirects: \(redirects)"
            case .failed(let reason): text = delay == nil ? "\(reason), given up" : reason
            case .interrupted: text = "interrupted by shutdown"
            }
            if isSuccess {
                state.counters.callbacksSucceeded += 1
                state.counters.callbacksPending -= 1
                state.change(order.mode) { $0.noteCallback(order.subject, succeededAt: now, acknowledged: true) }
            } else if let delay {
                var order = order
                order.mishaps = []
                state.agenda.add(.attempt(order), due: elapsed + delay)
            } else {
                state.counters.callbacksFailed += 1
                state.counters.callbacksPending -= 1
                state.change(order.mode) { $0.noteCallback(order.subject, succeededAt: nil, acknowledged: false) }
            }
            state.record(order, status: status, outcome: text, at: now)
            // Another callback went first: now those it overtook may go.
            if !state.held.isEmpty {
                for (_, order) in state.held.sorted(by: { $0.key < $1.key }) { state.ready.append(order) }
                state.held = [:]
            }
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
                // Work on a recalled task takes its time in either mode.
                let isFirstTest = mode == .test && round == 1
                let delay = isFirstTest ? state.knobs.testCompletionDelayMs / 1000 : state.knobs.completionDelay
                state.agenda.add(
                    .work(mode, task: task, round: round),
                    due: elapsed + .seconds(delay / state.knobs.clockScale)
                )
            case .callback(let subject):
                self.order(subject, &state, mode, now: now, elapsed: elapsed)
            }
        }
    }

    /// The next try of a callback, with the mishaps that chance brings; nil when its subject is gone.
    private func attempt(_ order: CallbackAttempt.Order, _ state: borrowing State) -> CallbackAttempt? {
        guard let body = order.frozenBody ?? state.realm(order.mode).callbackBody(order.subject) else { return nil }
        let knobs = state.knobs
        var order = order
        order.attempts += 1
        order.frozenBody = knobs.retriedBody == .frozen ? body : nil
        var generator = SeededGenerator(seed: order.luck, UInt64(order.attempts))
        order.mishaps.formUnion(knobs.callbackMishaps(decidedOnce: false, using: &generator))
        let authKey: String?
        if order.mishaps.contains(.missingAuth) {
            authKey = nil
        } else if order.mishaps.contains(.wrongAuth) {
            authKey = "wrong_auth_simulator"
        } else {
            authKey = self.configuration.callbackAuthKey(order.mode, knobs.callbackAuth)
        }
        return CallbackAttempt(
            order: order,
            authKey: authKey,
            body: body,
            paddedTo: order.mishaps.contains(.oversized) ? knobs.oversizedBytes : 0,
            timeout: knobs.attemptTimeout,
            followsRedirects: knobs.redirects == .follow
        )
    }
}

extension World.State {
    /// Writes down one try of a callback.
    mutating func record(_ order: CallbackAttempt.Order, status: Int?, outcome: String, at time: Timestamp) {
        self.record(
            order.subject,
            order.name,
            mode: order.mode,
            mishaps: CallbackMishap.allCases.filter(order.mishaps.contains).map(\.rawValue),
            .callback(url: order.url, attempt: order.attempts, status: status, outcome: outcome),
            at: time
        )
    }

    /// Writes down what became of a callback.
    mutating func record(
        _ subject: CallbackSubject,
        _ name: String,
        mode: Mode,
        mishaps: [String] = [],
        _ event: JournalEntry.Event,
        at time: Timestamp
    ) {
        let isBatch = if case .batch = subject { true } else { false }
        self.journal.record(
            JournalEntry(
                time: time,
                mode: mode,
                taskID: isBatch ? nil : name,
                batch: isBatch ? name : nil,
                mishaps: mishaps,
                event: event
            )
        )
    }
}

extension Realm {
    /// Notes on the task how its callback ended (contract A6): the time when it was acknowledged, nil when given up.
    ///
    /// A later success outweighs an earlier failure.
    mutating func noteCallback(_ subject: CallbackSubject, succeededAt: Timestamp?, acknowledged: Bool) {
        guard case .task(let number) = subject else { return }
        var task = self.tasks[number]
        if acknowledged { task.acknowledgedCallbacks += 1 }
        task.callbackSucceeded = succeededAt != nil
        task.callbackSucceededAt = succeededAt
        self.tasks[number] = task
    }
}
