internal import NIOCore

/// The life of one connection on the public port, as a value: what came in, what has to be done.
///
/// | state | means | may be followed by |
/// |---|---|---|
/// | idle | between requests | receiving, answering, refusing |
/// | receiving | a believed callback's body is coming | storing, refusing |
/// | storing | the body is whole; the answer waits for the disk | idle, closing |
/// | finishing | answered, but the end of the request has not been seen | idle, closing |
/// | closing | answered for the last time; what still comes is thrown away | – |
struct IntakeConnection {
    /// What the channel has to do.
    enum Action: Equatable {
        case none
        /// Tell the client to go on.
        case sendContinue
        /// Answer now.
        case answer(IntakeAnswer)
        /// The request is refused: note it and answer.
        case refuse(RefusalReason, IntakeAnswer)
        /// The body is whole: read it, keep it, and come back with `stored`.
        case store(RequestJudge.Admission, ByteBuffer)
        /// Nothing more is expected: end the connection.
        case close
    }

    private enum State {
        case idle
        case receiving(Receiving)
        case storing
        case finishing
        case closing
    }

    private struct Receiving {
        var admission: RequestJudge.Admission
        var body: ByteBuffer?
        var length = 0
    }

    private var state = State.idle
    private let bodyLimit: Int
    private let budget: InFlightBudget
    /// Bytes taken from the budget for the request that is being worked on.
    private(set) var reserved = 0
    /// Whether nothing may follow the request that is being worked on: its answer ends the connection.
    private var isLast = false
    /// How many requests came before the first callback that was believed; nil from then on.
    private var strangeRequests: Int? = 0
    /// The most of them. Pipelined probes would otherwise keep an event loop from everyone else.
    private static let maximumStrangeRequests = 20

    init(bodyLimit: Int, budget: InFlightBudget) {
        self.bodyLimit = bodyLimit
        self.budget = budget
    }

    /// Whether no callback has been believed yet.
    var isStranger: Bool { self.strangeRequests != nil }
    /// Whether the last answer has been given.
    var isClosing: Bool { if case .closing = self.state { true } else { false } }
    /// Whether a whole callback waits for the disk.
    var isStoring: Bool { if case .storing = self.state { true } else { false } }

    /// A head has come.
    ///
    /// - Parameters:
    ///   - hasRoom: Whether the disk has room; told to probes. The store itself refuses what it cannot keep.
    ///   - isLast: The client wants, or the version demands, that the connection ends with the answer.
    mutating func received(
        _ judgement: RequestJudge.Judgement,
        isReady: Bool,
        hasRoom: @autoclosure () -> Bool = true,
        isLast: Bool = false
    ) -> Action {
        guard case .idle = self.state else { return .none }
        if case .callback = judgement { self.strangeRequests = nil }
        self.strangeRequests? += 1
        self.isLast = isLast || self.strangeRequests == Self.maximumStrangeRequests
        switch judgement {
        case .refused(let reason):
            return self.refuse(reason, closes: true)
        case .health:
            return self.answer(.probe(isGood: true, text: "alive"), then: .finishing)
        case .readiness:
            let isGood = isReady && hasRoom()
            return self.answer(.probe(isGood: isGood, text: isGood ? "ready" : "not ready"), then: .finishing)
        case .callback(let admission):
            // Not ready means on the way out, by a stop or because storage broke.
            guard isReady else { return self.refuse(.stopping, closes: true) }
            // What the head promises is taken at once, so that whoever is let in can finish.
            guard self.reserve(admission.declaredLength ?? 0) else { return self.refuse(.overloaded, closes: true) }
            self.state = .receiving(Receiving(admission: admission))
            return admission.expectsContinue ? .sendContinue : .none
        }
    }

    /// A part of the body has come.
    mutating func received(_ part: ByteBuffer) -> Action {
        guard case .receiving(var receiving) = self.state else { return .none }
        self.state = .storing
        let length = receiving.length + part.readableBytes
        guard length <= self.bodyLimit else { return self.refuse(.bodyTooLarge, closes: true) }
        guard length <= self.reserved || self.reserve(length - self.reserved) else {
            return self.refuse(.overloaded, closes: true)
        }
        receiving.length = length
        if receiving.body == nil {
            receiving.body = part
        } else {
            receiving.body?.writeImmutableBuffer(part)
        }
        self.state = .receiving(receiving)
        return .none
    }

    /// The request has ended.
    mutating func receivedEnd() -> Action {
        switch self.state {
        case .receiving(let receiving):
            guard let body = receiving.body, receiving.length > 0 else { return self.refuse(.emptyBody, closes: false) }
            self.state = .storing
            return .store(receiving.admission, body)
        case .finishing:
            self.state = self.isLast ? .closing : .idle
            return self.isLast ? .close : .none
        case .idle, .storing, .closing:
            return .none
        }
    }

    /// The store, or the check of the body, has answered.
    mutating func stored(_ answer: IntakeAnswer) -> Action {
        guard case .storing = self.state else { return .none }
        self.releaseReserved()
        return self.answer(answer, then: .idle)
    }

    /// The time for what the connection is doing is over.
    mutating func timedOut() -> Action {
        switch self.state {
        case .receiving: return self.refuse(.tooSlow, closes: true)
        case .storing: return .none
        case .idle, .finishing, .closing:
            self.state = .closing
            return .close
        }
    }

    /// The bytes that came are not HTTP.
    mutating func failedToParse() -> Action {
        switch self.state {
        // Thrown away like all that still comes; closing now would destroy the last answer on its way.
        case .closing: return .none
        case .storing:
            // The answer of the whole request before it is still to come; nothing behind it is believed.
            self.isLast = true
            return .none
        case .idle, .receiving, .finishing: return self.refuse(.badRequest, closes: true)
        }
    }

    /// The client has finished sending; it may still be waiting for answers.
    mutating func receivedLast() -> Action {
        switch self.state {
        case .receiving: return self.refuse(.disconnected, closes: true)
        case .storing:
            self.isLast = true
            return .none
        case .idle, .finishing, .closing:
            self.state = .closing
            return .close
        }
    }

    /// The service stops: the request that is being worked on ends, and nothing follows it.
    mutating func stopped() -> Action {
        switch self.state {
        case .idle:
            self.state = .closing
            return .close
        case .receiving, .storing, .finishing:
            self.isLast = true
            return .none
        // The last answer may still be on its way; the connection ends a moment after it.
        case .closing: return .none
        }
    }

    /// The client is gone. What is being stored is stored all the same.
    mutating func disconnected() -> Action {
        defer { self.state = .closing }
        switch self.state {
        case .receiving: return self.refuse(.disconnected, closes: true)
        case .storing, .idle, .finishing, .closing:
            self.releaseReserved()
            return .none
        }
    }

    private mutating func refuse(_ reason: RefusalReason, closes: Bool) -> Action {
        self.releaseReserved()
        let closes = closes || self.isLast
        self.state = closes ? .closing : .idle
        return .refuse(reason, .refused(reason, closes: closes))
    }

    private mutating func answer(_ answer: IntakeAnswer, then next: State) -> Action {
        var answer = answer
        answer.closes = answer.closes || self.isLast
        self.state = answer.closes ? .closing : next
        return .answer(answer)
    }

    private mutating func reserve(_ count: Int) -> Bool {
        guard self.budget.reserve(count) else { return false }
        self.reserved += count
        return true
    }

    private mutating func releaseReserved() {
        self.budget.release(self.reserved)
        self.reserved = 0
    }
}
