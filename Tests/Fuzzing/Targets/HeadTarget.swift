import Callbacks
import ScaleAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import CallbackServer

/// Any bytes on a connection of the public port: every request is judged, what is believed is whole, and what was reserved
/// is given back.
///
/// Without sockets, deadlines and the store, which have tests of their own.
struct HeadTarget: FuzzTarget {
    static let key = "key-4711"
    static let bodyLimit = 2000

    private let judge = RequestJudge(
        path: "/callbacks",
        bodyLimit: Self.bodyLimit,
        verifier: CallbackVerifier(accounts: [Account(name: "live", callbackAuthKeys: [Secret(Self.key)])])
    )

    func tryOut(_ input: [UInt8]) -> Bool {
        let budget = InFlightBudget(limit: Self.bodyLimit * 2)
        let probe = IntakeProbe(judge: self.judge, budget: budget)
        let channel = EmbeddedChannel()
        do {
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
            try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), probe])
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "fuzz")).wait()
        } catch {
            found("the pipeline cannot be built: \(error)")
        }
        // As a network would cut them: the length of a piece is in the input itself.
        var rest = input[...]
        while let first = rest.first, channel.isActive {
            let piece = rest.prefix(first % 16 == 0 ? 1 : Int(first) * 8)
            rest = rest.dropFirst(piece.count)
            do { try channel.writeInbound(ByteBuffer(bytes: piece)) } catch { probe.fail() }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        require(budget.current == 0, "\(budget.current) bytes are never given back")
        return true
    }
}

/// Stands where `IntakeHandler` stands, and does what `IntakeConnection` says without a client.
private final class IntakeProbe: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let judge: RequestJudge
    private var connection: IntakeConnection
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(judge: RequestJudge, budget: InFlightBudget) {
        self.judge = judge
        self.connection = IntakeConnection(bodyLimit: judge.bodyLimit, budget: budget)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = []
            let judgement = self.judge.judge(head)
            self.check(judgement, of: head)
            self.perform(self.connection.received(judgement, isReady: true, isLast: self.judge.isLast(head)), context)
        case .body(let part):
            self.body += part.readableBytesView
            self.perform(self.connection.received(part), context)
        case .end:
            self.perform(self.connection.receivedEnd(), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        _ = self.connection.disconnected()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.perform(self.connection.failedToParse(), context)
    }

    /// The bytes are no HTTP.
    func fail() { _ = self.connection.failedToParse() }

    private func check(_ judgement: RequestJudge.Judgement, of head: HTTPRequestHead) {
        guard case .callback(let admission) = judgement else { return }
        require(head.method == .POST, "\(head.method) is believed")
        require(admission.account == "live", "another account")
        let keys = head.headers["scale-callback-auth"]
        require(keys.count == 1 && keys[0].contains(HeadTarget.key), "\(keys) is believed")
        require(head.headers["host"].count <= 1, "two hosts are believed")
        let lengths = head.headers["content-length"]
        require(
            lengths.isEmpty || head.headers["transfer-encoding"].isEmpty,
            "two ways to tell the length are believed"
        )
        require((0...HeadTarget.bodyLimit).contains(admission.declaredLength ?? 0), "\(lengths) is believed")
    }

    private func perform(_ action: IntakeConnection.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none, .sendContinue: break
        case .answer(let answer), .refuse(_, let answer):
            require((200..<600).contains(answer.status.code), "the status \(answer.status.code)")
            if answer.closes { context.close(promise: nil) }
        case .store(let admission, let buffer):
            require(Array(buffer.readableBytesView) == self.body, "the body is not what came")
            require((1...HeadTarget.bodyLimit).contains(self.body.count), "a body of \(self.body.count) bytes")
            require((admission.declaredLength ?? self.body.count) == self.body.count, "less than what was declared")
            require(self.connection.reserved >= self.body.count, "more than was reserved")
            self.perform(self.connection.stored(.kept), context)
        case .close: context.close(promise: nil)
        }
    }
}
