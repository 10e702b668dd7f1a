/// One try of one callback, ready to be posted.
struct CallbackAttempt: Sendable {
    /// A callback on its way, across its tries.
    struct Order: Sendable {
        let mode: Mode
        let subject: CallbackSubject

        /// The task id or the batch name.
        let name: String

        /// As the task or batch names it.
        let url: String

        /// Where to dial, and the Host header to send.
        let target: (url: String, host: String)

        /// Tries begun so far.
        var attempts = 0
    }

    /// How a try ended.
    enum Outcome: Sendable {
        /// There was an answer; only 2xx is a success.
        case answered(status: Int)

        /// There was none.
        case failed(reason: String)

        /// The simulator stops.
        case interrupted
    }

    let order: Order
    let authKey: String

    /// Rendered from what its subject is at this moment.
    let body: JSON
}
