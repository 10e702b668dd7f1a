import Synchronization

extension World {
    /// Rules of one kind waiting at one time, at most.
    private static let maximumRules = 1000

    /// The knobs as they are turned at this moment.
    var knobs: Knobs { self.read { $0.knobs } }

    /// Turns knobs, all of those named or none, and says how all of them are turned now.
    func turnKnobs(_ body: JSON?) throws(APIError) -> Knobs {
        try self.state.withLock { state throws(APIError) in
            try state.knobs.turn(body)
            return state.knobs
        }
    }

    /// Writes down a request and its answer.
    ///
    /// - Parameters:
    ///   - entry: Everything but the task, the batch and the time.
    ///   - taskID: The id or `unique_id` by which the request named its task.
    ///   - batch: The name of its batch.
    func recordRequest(
        _ event: JournalEntry.Event,
        mode: Mode?,
        taskID: String?,
        batch: String?,
        mishaps: [String]
    ) {
        let now = self.now()
        self.state.withLock { state in
            state.counters.requests += 1
            let id = mode.flatMap { state.realm($0).taskID(of: taskID) } ?? taskID
            state.journal.record(
                JournalEntry(time: now, mode: mode, taskID: id, batch: batch, mishaps: mishaps, event: event)
            )
        }
    }

    /// Adds an order to let requests fail.
    func add(_ rule: FailureRule) throws(APIError) {
        try self.state.withLock { state throws(APIError) in
            try Self.checkRoom(state.failureRules.count)
            state.failureRules.append(rule)
        }
    }

    /// Adds an order to let something happen to callbacks.
    func add(_ rule: CallbackRule) throws(APIError) {
        try self.state.withLock { state throws(APIError) in
            try Self.checkRoom(state.callbackRules.count)
            state.callbackRules.append(rule)
        }
    }

    /// What happens to this request: the oldest rule that means it, used up by one, else what chance brings.
    func takeFailureRule(method: String, path: String) -> FailureRule? {
        self.state.withLock { state in
            state.counters.requestsJudged += 1
            if let index = state.failureRules.firstIndex(where: { $0.matches(method: method, path: path) }) {
                let rule = state.failureRules[index]
                state.failureRules[index].times -= 1
                if state.failureRules[index].times <= 0 { state.failureRules.remove(at: index) }
                return rule
            }
            var generator = SeededGenerator(
                seed: self.configuration.seed,
                UInt64(state.counters.requestsJudged),
                0xA75
            )
            return state.knobs.answerMishap(
                isCreation: Self.isCreation(method: method, path: path),
                using: &generator
            )
        }
    }

    private static func checkRoom(_ count: Int) throws(APIError) {
        guard count < self.maximumRules else {
            throw .badRequest("There are already \(self.maximumRules) orders of this kind.")
        }
    }

    /// A POST to a path of so many parts that begins with this word creates something.
    private static let creations: [Substring: Int] = [
        "task": 2, "evaluation_tasks": 2, "training_tasks": 2, "files": 2, "batches": 1, "projects": 1,
    ]

    /// Whether the request creates a task, a batch, a project or a file.
    private static func isCreation(method: String, path: String) -> Bool {
        guard method == "POST" else { return false }
        var parts = path.prefix { $0 != "?" }.split(separator: "/")
        if parts.first == "v1" { parts.removeFirst() }
        return parts.first.flatMap { self.creations[$0] } == parts.count
    }
}

extension Realm {
    /// The id of the task that a request named by its id or its `unique_id`; nil when there is none.
    fileprivate func taskID(of name: String?) -> String? {
        name.flatMap { self.taskNumbers[$0] ?? self.uniqueIDs[$0] }.map { self.tasks[$0].id }
    }
}
