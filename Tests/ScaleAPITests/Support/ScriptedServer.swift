import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A real HTTP server on a port of its own whose answers are written down by the test, byte by byte if need be.
final class ScriptedServer: Sendable {
    /// A request as it arrived.
    struct Request: Sendable {
        var method: String
        var uri: String
        var headers: HTTPHeaders
        var body: String
        /// Counts accepted connections, from 1.
        var connection: Int
    }

    /// What the server does with one request.
    struct Answer: Sendable {
        enum Ending: Sendable {
            case keepOpen
            case close
            /// A TCP reset instead of an orderly end.
            case reset
        }

        /// What is written; nil for nothing at all.
        var text: String?
        var ending: Ending = .keepOpen

        static func raw(_ text: String, _ ending: Ending = .close) -> Answer { Answer(text: text, ending: ending) }

        static func status(_ status: Int, _ body: String = "", headers: [(String, String)] = []) -> Answer {
            var text = "HTTP/1.1 \(status) Reason\r\nContent-Length: \(body.utf8.count)\r\n"
            for header in headers { text += "\(header.0): \(header.1)\r\n" }
            return Answer(text: text + "\r\n" + body)
        }

        static func json(_ body: String) -> Answer {
            .status(200, body, headers: [("Content-Type", "application/json; charset=utf-8")])
        }

        /// A page as Scale sends it to people: not JSON.
        static func html(_ status: Int) -> Answer {
            .status(status, "<html><body>\(status)</body></html>", headers: [("Content-Type", "text/html")])
        }

        /// The head promises more than the body holds.
        static func truncated(_ status: Int = 200, _ body: String = #"{"task_id":"#) -> Answer {
            .raw("HTTP/1.1 \(status) Reason\r\nContent-Length: 1000\r\n\r\n\(body)")
        }

        static let never = Answer(text: nil)
        static let close = Answer(text: nil, ending: .close)
        static let reset = Answer(text: nil, ending: .reset)
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
    }

    private let state = Mutex(State())
    private let script: @Sendable (Request, Int) -> Answer
    private let onHead: @Sendable () -> Answer?

    private init(script: @escaping @Sendable (Request, Int) -> Answer, onHead: @escaping @Sendable () -> Answer?) {
        self.script = script
        self.onHead = onHead
    }

    /// Everything that arrived so far.
    var requests: [Request] { self.state.withLock(\.requests) }

    /// How many connections were accepted so far.
    var connections: Int { self.state.withLock(\.connections) }

    /// Runs a server for the length of `body`; `script` answers the request with a number counted from 0.
    ///
    /// `onHead` is called when the head of a request is there. What it answers is given at once, and the body is not read.
    static func run<Result: Sendable>(
        tls: NIOSSLContext? = nil,
        onHead: @escaping @Sendable () -> Answer? = { nil },
        script: @escaping @Sendable (Request, Int) -> Answer,
        body: (ScriptedServer, Int) async throws -> Result
    ) async throws -> Result {
        let server = ScriptedServer(script: script, onHead: onHead)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = server.state.withLock { state in
                        state.connections += 1
                        return state.connections
                    }
                    let sync = channel.pipeline.syncOperations
                    if let tls { try sync.addHandler(NIOSSLServerHandler(context: tls)) }
                    try sync.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try sync.addHandler(Handler(server: server, connection: connection))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = channel.localAddress?.port ?? 0
        do {
            let result = try await body(server, port)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// Runs a server that gives one answer to everything.
    static func run<Result: Sendable>(
        answer: Answer,
        body: (ScriptedServer, Int) async throws -> Result
    ) async throws -> Result {
        try await Self.run(script: { _, _ in answer }, body: body)
    }

    private func answer(to request: Request) -> Answer {
        let number = self.state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        return self.script(request, number)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = ByteBuffer

        private let server: ScriptedServer
        private let connection: Int
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(server: ScriptedServer, connection: Int) {
            self.server = server
            self.connection = connection
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                self.body = ByteBuffer()
                guard let answer = self.server.onHead() else { return }
                _ = context.channel.setOption(.autoRead, value: false)
                self.head = nil
                self.perform(answer, context: context)
            case .body(var part):
                self.body.writeBuffer(&part)
            case .end:
                guard let head = self.head else { return }
                let request = Request(
                    method: head.method.rawValue,
                    uri: head.uri,
                    headers: head.headers,
                    body: String(buffer: self.body),
                    connection: self.connection
                )
                self.perform(self.server.answer(to: request), context: context)
            }
        }

        private func perform(_ answer: Answer, context: ChannelHandlerContext) {
            if let text = answer.text {
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            }
            switch answer.ending {
            case .keepOpen: break
            case .close: context.close(promise: nil)
            case .reset:
                // No lingering: what was not sent is dropped and the peer sees a reset.
                _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                context.close(promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
