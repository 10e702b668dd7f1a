extension ScaleSimulator {
    /// An order to let something happen to the next callbacks, so that a test can see what a receiver does.
    package struct CallbackRule: Sendable, Equatable {
        /// What happens to each of them.
        package var mishaps: Set<CallbackMishap>

        /// How many callbacks before the rule is used up.
        package var times: Int

        /// Only callbacks of the task with this id or the batch with this name are meant; nil means all.
        package var subject: String?

        /// A rule for one callback, unless `times` says more.
        package init(_ mishaps: Set<CallbackMishap>, times: Int = 1, subject: String? = nil) {
            self.mishaps = mishaps
            self.times = times
            self.subject = subject
        }
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias CallbackRule = ScaleSimulator.CallbackRule

extension CallbackRule {
    /// Reads the body of `POST /simulator/fail-next-callback`: a member for each mishap, true or false.
    ///
    /// - Throws: 400 that names the member which is unknown or wrong.
    init(_ body: JSON?) throws(APIError) {
        var order = try ControlBody(body)
        let task = try order.text("task_id")
        let batch = try order.text("batch")
        self.init([], times: try order.count("times", 1...1_000_000) ?? 1, subject: task ?? batch)
        for mishap in CallbackMishap.allCases where try order.flag(mishap.rawValue) {
            self.mishaps.insert(mishap)
        }
        try order.finish()
        guard !self.mishaps.isEmpty else {
            let names = CallbackMishap.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw .invalid("at least one of \(names) must be true")
        }
    }
}
