/// One try of one callback, ready to be posted.
struct CallbackAttempt: Sendable {
    /// A callback on its way, across its tries.
    struct Order: Sendable {
        /// Tells it from all other callbacks.
        var number: Int

        let mode: Mode
        let subject: CallbackSubject

        /// The task id or the batch name.
        let name: String

        /// As the task or batch names it.
        let url: String

        /// Where to dial, and the Host header to send.
        let target: (url: String, host: String)

        /// Seeds the mishaps of its tries.
        let luck: UInt64

        /// What happens to the callback, or to its next try.
        var mishaps: Set<CallbackMishap>

        /// Tries begun so far.
        var attempts = 0

        /// The body of the first try, when every try sends the same.
        var frozenBody: JSON?
    }

    /// How a try ended.
    enum Outcome: Sendable {
        /// There was an answer, after so many redirects; only 2xx is a success.
        case answered(status: Int, redirects: Int)

        /// There was none.
        case failed(reason: String)

        /// The simulator stops.
        case interrupted
    }

    let order: Order

    /// What goes into `scale-callback-auth`; nil leaves it out.
    let authKey: String?

    /// Rendered from what its subject is at this moment, or was at the first try.
    let body: JSON

    /// The body is padded to so many bytes.
    let paddedTo: Int

    /// Seconds it may take.
    let timeout: Double

    let followsRedirects: Bool
}
