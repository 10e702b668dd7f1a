import Synchronization

/// What is learnt of a request on its way, for the journal.
final class RequestNotes: Sendable {
    /// Everything noted.
    struct Values: Sendable {
        /// The task it created.
        var taskID: String?

        /// The batch it created or put its task into.
        var batch: String?

        /// What went wrong on purpose.
        var mishaps: [String] = []
    }

    private let noted = Mutex(Values())

    /// What was noted so far.
    var values: Values { self.noted.withLock { $0 } }

    /// Notes something more.
    func note(_ body: @Sendable (inout Values) -> Void) { self.noted.withLock { body(&$0) } }
}
