extension ScaleSimulator {
    /// How much one mode may hold, so that no client can fill the memory; what is full answers 400.
    package struct Limits: Sendable {
        /// Tasks of all types together.
        package var tasks = 1_000_000

        /// Batches of all projects together.
        package var batches = 100_000

        /// Projects.
        package var projects = 10_000

        /// Audits of one task.
        package var audits = 1000

        /// Recalls of one task.
        package var recalls = 1000

        /// The defaults.
        package init() {}
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias Limits = ScaleSimulator.Limits

extension Limits {
    /// Refuses one more of what is full.
    ///
    /// - Throws: 400 that says how many there may be.
    func check(_ limit: KeyPath<Limits, Int>, has count: Int, of things: String) throws(APIError) {
        guard count >= self[keyPath: limit] else { return }
        throw .badRequest(
            "This simulator holds at most \(self[keyPath: limit]) \(things); start it with a higher limit."
        )
    }
}
