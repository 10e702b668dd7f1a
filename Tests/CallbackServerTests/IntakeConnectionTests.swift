import NIOCore
import NIOHTTP1
import Testing

@testable import CallbackServer

/// The life of a connection as a value: what comes in, what has to be done, and that the budget is always given back.
@Suite struct IntakeConnectionTests {
    /// Everything that can come in.
    enum Input: Hashable, CaseIterable {
        case smallHead, largeHead, chunkedHead, continueHead, lastHead, refusedHead, headWhileNotReady, probe, readiness
        case smallPart, largePart, emptyPart, end, kept, storeFailed, timedOut, parseError, finishedSending,
            disconnected, stopped
    }

    private static let bodyLimit = 1000

    private static func apply(_ input: Input, to connection: inout IntakeConnection) -> IntakeConnection.Action {
        func head(_ length: Int?, expects: Bool = false) -> RequestJudge.Judgement {
            .callback(.init(account: "live", keyIndex: 0, declaredLength: length, expectsContinue: expects))
        }
        return switch input {
        case .smallHead: connection.received(head(10), isReady: true)
        case .largeHead: connection.received(head(Self.bodyLimit), isReady: true)
        case .chunkedHead: connection.received(head(nil), isReady: true)
        case .continueHead: connection.received(head(10, expects: true), isReady: true)
        case .lastHead: connection.received(head(10), isReady: true, isLast: true)
        case .refusedHead: connection.received(.refused(.wrongKey), isReady: true)
        case .headWhileNotReady: connection.received(head(10), isReady: false)
        case .probe: connection.received(.health, isReady: true)
        case .readiness: connection.received(.readiness, isReady: false)
        case .smallPart: connection.received(ByteBuffer(string: "0123456789"))
        case .largePart: connection.received(ByteBuffer(repeating: 0x20, count: 600))
        case .emptyPart: connection.received(ByteBuffer())
        case .end: connection.receivedEnd()
        case .kept: connection.stored(.kept)
        case .storeFailed: connection.stored(.refused(.storage, closes: false))
        case .timedOut: connection.timedOut()
        case .parseError: connection.failedToParse()
        case .finishedSending: connection.receivedLast()
        case .disconnected: connection.disconnected()
        case .stopped: connection.stopped()
        }
    }

    private static func play(
        _ inputs: [Input],
        budget: InFlightBudget = InFlightBudget(limit: 2000)
    ) -> [IntakeConnection.Action] {
        var connection = IntakeConnection(bodyLimit: Self.bodyLimit, budget: budget)
        return inputs.map { Self.apply($0, to: &connection) }.filter { $0 != .none }
    }

    private static let admission = RequestJudge.Admission(
        account: "live",
        keyIndex: 0,
        declaredLength: 10,
        expectsContinue: false
    )
    private static let body = ByteBuffer(string: "0123456789")
    private static let store = IntakeConnection.Action.store(Self.admission, Self.body)
    private static let storeChunked = IntakeConnection.Action.store(
        .init(account: "live", keyIndex: 0, declaredLength: nil, expectsContinue: false),
        Self.body
    )

    private static func refuse(_ reason: RefusalReason, closes: Bool = true) -> IntakeConnection.Action {
        .refuse(reason, .refused(reason, closes: closes))
    }

    private static func answer(_ answer: IntakeAnswer, closes: Bool) -> IntakeConnection.Action {
        var answer = answer
        answer.closes = closes
        return .answer(answer)
    }

    @Test(
        arguments: [
            ([.smallHead, .smallPart, .end, .kept], [Self.store, .answer(.kept)]),
            ([.smallHead, .smallPart, .end, .storeFailed], [Self.store, .answer(.refused(.storage, closes: false))]),
            (
                [.smallHead, .smallPart, .end, .kept, .smallHead, .smallPart, .end, .kept],
                [Self.store, .answer(.kept), Self.store, .answer(.kept)]
            ),
            (
                [.lastHead, .smallPart, .end, .kept, .smallHead, .smallPart, .end],
                [Self.store, Self.answer(.kept, closes: true)]
            ),
            ([.chunkedHead, .smallPart, .end, .kept], [Self.storeChunked, .answer(.kept)]),
            ([.chunkedHead, .end, .smallHead], [Self.refuse(.emptyBody, closes: false)]),
            ([.chunkedHead, .emptyPart, .end], [Self.refuse(.emptyBody, closes: false)]),
            ([.chunkedHead, .largePart, .largePart, .largePart, .end], [Self.refuse(.bodyTooLarge)]),
            ([.refusedHead, .smallPart, .end, .smallHead, .end], [Self.refuse(.wrongKey)]),
            ([.headWhileNotReady, .smallPart, .end], [Self.refuse(.stopping)]),
            (
                [.probe, .end, .readiness, .smallPart, .end],
                [.answer(.probe(isGood: true, text: "alive")), .answer(.probe(isGood: false, text: "not ready"))]
            ),
            ([.smallHead, .timedOut, .smallPart, .end], [Self.refuse(.tooSlow)]),
            ([.smallHead, .smallPart, .end, .timedOut, .kept], [Self.store, .answer(.kept)]),
            ([.timedOut, .smallHead], [.close]),
            ([.refusedHead, .timedOut], [Self.refuse(.wrongKey), .close]),
            ([.probe, .timedOut], [.answer(.probe(isGood: true, text: "alive")), .close]),
            ([.parseError, .timedOut], [Self.refuse(.badRequest), .close]),
            ([.smallHead, .parseError, .end], [Self.refuse(.badRequest)]),
            ([.refusedHead, .parseError, .parseError], [Self.refuse(.wrongKey)]),
            (
                [.smallHead, .smallPart, .end, .parseError, .kept, .smallHead, .end],
                [
                    Self.store, Self.answer(.kept, closes: true),
                ]
            ),
            ([.smallHead, .smallPart, .end, .finishedSending, .kept], [Self.store, Self.answer(.kept, closes: true)]),
            ([.smallHead, .finishedSending], [Self.refuse(.disconnected)]),
            ([.finishedSending], [.close]),
            ([.smallHead, .smallPart, .disconnected, .end, .kept], [Self.refuse(.disconnected)]),
            ([.smallHead, .smallPart, .end, .disconnected, .kept], [Self.store]),
            ([.disconnected, .smallHead, .smallPart, .end], []),
            ([.kept, .end, .smallPart], []),
            ([.stopped, .smallHead, .smallPart, .end], [.close]),
            (
                [.smallHead, .stopped, .smallPart, .end, .kept, .smallHead, .smallPart, .end],
                [Self.store, Self.answer(.kept, closes: true)]
            ),
            (
                [.smallHead, .smallPart, .end, .stopped, .storeFailed, .smallHead],
                [Self.store, .answer(.refused(.storage, closes: true))]
            ),
            ([.chunkedHead, .stopped, .end, .smallHead], [Self.refuse(.emptyBody)]),
            ([.probe, .stopped, .smallPart, .end, .probe], [.answer(.probe(isGood: true, text: "alive")), .close]),
            ([.refusedHead, .stopped, .smallPart, .timedOut], [Self.refuse(.wrongKey), .close]),
            ([.disconnected, .stopped], []),
        ] as [([Input], [IntakeConnection.Action])]
    )
    func `what comes in decides what is done`(inputs: [Input], actions: [IntakeConnection.Action]) {
        #expect(Self.play(inputs) == actions)
    }

    @Test func `a body may be as long as the limit and comes out whole`() {
        let budget = InFlightBudget(limit: 1000)
        var connection = IntakeConnection(bodyLimit: 1000, budget: budget)
        _ = Self.apply(.chunkedHead, to: &connection)
        for _ in 0..<100 { #expect(Self.apply(.smallPart, to: &connection) == .none) }
        #expect(budget.current == 1000)
        guard case .store(_, let body) = Self.apply(.end, to: &connection) else {
            Issue.record("not stored")
            return
        }
        #expect(String(buffer: body) == String(repeating: "0123456789", count: 100))
        #expect(budget.current == 1000)
        _ = Self.apply(.kept, to: &connection)
        #expect(budget.current == 0)
    }

    @Test func `without budget the request is refused, and taken once there is some`() {
        let budget = InFlightBudget(limit: 1500)
        var first = IntakeConnection(bodyLimit: 1000, budget: budget)
        var second = IntakeConnection(bodyLimit: 1000, budget: budget)
        #expect(Self.apply(.largeHead, to: &first) == .none)
        #expect(Self.apply(.largeHead, to: &second) == Self.refuse(.overloaded))
        #expect(budget.current == 1000)

        var third = IntakeConnection(bodyLimit: 1000, budget: budget)
        #expect(Self.apply(.chunkedHead, to: &third) == .none)
        #expect(Self.apply(.largePart, to: &third) == Self.refuse(.overloaded))
        #expect(budget.current == 1000)

        _ = Self.apply(.disconnected, to: &first)
        var fourth = IntakeConnection(bodyLimit: 1000, budget: budget)
        #expect(Self.apply(.largeHead, to: &fourth) == .none)
        _ = Self.apply(.timedOut, to: &fourth)
        #expect(budget.current == 0)
    }

    @Test(arguments: 0..<20)
    func `whatever comes in which order, the budget is kept and given back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let budget = InFlightBudget(limit: 1500)
            var connections = (0..<3).map { _ in IntakeConnection(bodyLimit: Self.bodyLimit, budget: budget) }
            // A channel gets one end, and one answer from the store for each body that it hands over.
            var unanswered = [0, 0, 0]
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                let index = Int.random(in: 0..<3, using: &generator)
                let input = Input.allCases.randomElement(using: &generator) ?? .end
                switch Self.apply(input, to: &connections[index]) {
                case .store(_, let body):
                    unanswered[index] += 1
                    #expect(body.readableBytes > 0)
                    #expect(body.readableBytes <= Self.bodyLimit)
                case .answer(let answer) where answer == .kept:
                    unanswered[index] -= 1
                case .refuse(_, let answer):
                    #expect(answer.status.code >= 400)
                default: break
                }
                #expect(unanswered[index] >= 0, "kept was said without a body: \(input)")
                if input == .storeFailed || input == .disconnected { unanswered[index] = 0 }
                #expect((0...1500).contains(budget.current))
                #expect(budget.current == connections.reduce(0) { $0 + $1.reserved })
            }
            for index in connections.indices {
                _ = Self.apply(.disconnected, to: &connections[index])
                // What was being stored comes back although nobody waits any more.
                #expect(Self.apply(.kept, to: &connections[index]) == .none)
            }
            #expect(budget.current == 0)
        }
    }
}

/// A generator whose numbers follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
