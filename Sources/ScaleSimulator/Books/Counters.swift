/// Running totals since the start, both modes together.
struct Counters: Sendable {
    /// API requests.
    var requests = 0

    /// API requests whose key is known; numbers them for chaos.
    var requestsJudged = 0

    /// Callbacks put on their way, duplicates included.
    var callbacksOrdered = 0

    /// Callbacks not dialled: email, no URL, a host that is not allowed.
    var callbacksNotSent = 0

    /// Callbacks that chaos never sent.
    var callbacksDropped = 0

    /// Tries that ended.
    var attempts = 0

    /// Callbacks answered 2xx.
    var callbacksSucceeded = 0

    /// Callbacks given up after the last try.
    var callbacksFailed = 0

    /// Callbacks neither acknowledged nor given up yet, those in flight included.
    var callbacksPending = 0

    /// Tries being made at this moment.
    var callbacksInFlight = 0
}
