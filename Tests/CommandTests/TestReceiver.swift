import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server that keeps what is posted and answers as it is told.
final class TestReceiver: Sendable {
    /// One request.
    struct Request: Sendable {
        var path: String
        var headers: HTTPHeaders
        var body: [UInt8]
    }

    /// How to answer one request.
    enum Behaviour: Sendable {
        /// With this status and the connection kept.
        case status(Int)
        /// With this status and the connection closed.
        case lastStatus(Int)
        /// With the connection closed instead.
        case close
        /// Never.
        case silence
    }

    private let received = Mutex<[Request]>([])
    private let behaviour: @Sendable (Int) -> Behaviour

    private init(_ behaviour: @escaping @Sendable (Int) -> Behaviour) {
        self.behaviour = behaviour
    }

    /// What was posted so far, in the order of its end.
    var requests: [Request] { self.received.withLock { $0 } }

    /// Runs a receiver on a port that the system chooses.
    ///
    /// - Parameter behaviour: Answers the request with this number, from 0.
    static func run<Result>(
        port: Int = 0,
        answering behaviour: @escaping @Sendable (Int) -> Behaviour = { _ in .status(200) },
        _ body: (TestReceiver, _ port: Int) async throws -> Result
    ) async throws -> Result {
        let receiver = TestReceiver(behaviour)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline()
                    .flatMapThrowing {
                        try channel.pipeline.syncOperations.addHandler(Handler(receiver: receiver))
                    }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        do {
            let result = try await body(receiver, channel.localAddress?.port ?? 0)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private func keep(_ request: Request) -> Behaviour {
        let number = self.received.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return self.behaviour(number)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: TestReceiver
        private var request: Request?

        init(receiver: TestReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head(let head): self.request = Request(path: head.uri, headers: head.headers, body: [])
            case .body(let part): self.request?.body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let request = self.request else { return }
                switch self.receiver.keep(request) {
                case .status(let status): self.answer(status, context)
                case .lastStatus(let status): self.answer(status, context, closes: true)
                case .close: context.close(promise: nil)
                case .silence: break
                }
            }
        }

        private func answer(_ status: Int, _ context: ChannelHandlerContext, closes: Bool = false) {
            let text = "answer"
            var headers: HTTPHeaders = ["content-length": "\(text.utf8.count)"]
            if closes { headers.add(name: "connection", value: "close") }
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(self.wrapOutboundOut(.head(head)), promise: nil)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            let done = context.eventLoop.makePromise(of: Void.self)
            if closes { done.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: done)
        }
    }
}
