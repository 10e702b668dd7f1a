import Synchronization

/// All state of one simulator behind one lock: both modes, the agenda, the journal, the counters.
///
/// Requests and the callback sender meet here and nowhere else. Nothing under the lock waits.
final class World: Sendable {
    /// What the lock guards.
    struct State: Sendable {
        var live: Realm
        var test: Realm
        var journal: Journal
        var agenda = Agenda<Appointment>()

        /// Attempts whose time has come and which wait for a free place.
        var ready = Queue<CallbackAttempt.Order>()
        var counters = Counters()
        var knobs: Knobs {
            didSet {
                self.live.knobs = self.knobs
                self.test.knobs = self.knobs
            }
        }
        var failureRules: [FailureRule] = []
        var callbackRules: [CallbackRule] = []

        /// Reordered callbacks that wait for another one, by their number.
        var held: [Int: CallbackAttempt.Order] = [:]
    }

    /// What the agenda holds.
    enum Appointment: Sendable {
        case work(Mode, task: Int, round: Int)
        case attempt(CallbackAttempt.Order)

        /// A reordered callback has waited long enough.
        case release(order: Int)
    }

    let configuration: ScaleSimulator.Configuration

    /// Rings whenever the agenda may have become due; the callback sender listens.
    let wake: AsyncStream<Void>

    private let bell: AsyncStream<Void>.Continuation
    let state: Mutex<State>

    /// Stamps tasks and the journal.
    let now: @Sendable () -> Timestamp
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - configuration: How the simulator behaves.
    ///   - now: The clock that stamps tasks and the journal.
    init(configuration: ScaleSimulator.Configuration, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.configuration = configuration
        self.now = now
        (self.wake, self.bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let responses = ResponseMaker(seed: configuration.seed, faultShare: configuration.knobs.faultShare)
        // Ids differ between two starts, as no real id ever comes twice; responses do not depend on ids.
        var salt = SeededGenerator(seed: configuration.seed, UInt64(bitPattern: now().milliseconds))
        func realm(_ mode: Mode) -> Realm {
            var realm = Realm(mode: mode, responses: responses, idSalt: SeededGenerator.hex(salt.next(), 10))
            realm.knobs = configuration.knobs
            realm.limits = configuration.limits
            return realm
        }
        self.state = Mutex(
            State(
                live: realm(.live),
                test: realm(.test),
                journal: Journal(capacity: configuration.journalCapacity),
                knobs: configuration.knobs
            )
        )
    }

    /// The simulator's own clock: time since it was made.
    var elapsed: Duration { ContinuousClock.now - self.start }

    /// Lets the callback sender look at the agenda.
    func ring() { self.bell.yield() }

    /// Reads or changes one mode in one step, and puts on the agenda what the change set going.
    func perform<Result: Sendable>(
        _ mode: Mode,
        _ body: (inout Realm, Timestamp) throws(APIError) -> Result
    ) throws(APIError) -> Result {
        let now = self.now()
        let elapsed = self.elapsed
        let result = try self.state.withLock { state throws(APIError) in
            let result = try state.change(mode) { realm throws(APIError) in try body(&realm, now) }
            self.schedule(&state, mode, now: now, elapsed: elapsed)
            return result
        }
        self.ring()
        return result
    }

    /// Looks at everything at one moment.
    func read<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result {
        self.state.withLock { body($0) }
    }
}

extension World.State {
    /// One mode, to look at.
    func realm(_ mode: Mode) -> Realm {
        switch mode {
        case .live: self.live
        case .test: self.test
        }
    }

    /// Changes one mode in place.
    @discardableResult
    mutating func change<Result, Failure: Error>(
        _ mode: Mode,
        _ body: (inout Realm) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch mode {
        case .live: try body(&self.live)
        case .test: try body(&self.test)
        }
    }
}
