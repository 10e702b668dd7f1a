import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy on a port of its own that connects to whatever it is asked for.
final class TestProxy: Sendable {
    private let received = Mutex<[String]>([])

    /// The heads of the requests to connect so far.
    var heads: [String] { self.received.withLock { $0 } }

    /// Runs a proxy for the length of `body`; with `authorization` it refuses all who do not send that.
    static func run<Result: Sendable>(
        authorization: String? = nil,
        body: (TestProxy, Int) async throws -> Result
    ) async throws -> Result {
        let proxy = TestProxy()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(proxy: proxy, authorization: authorization)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = channel.localAddress?.port ?? 0
        do {
            let result = try await body(proxy, port)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// Reads the request to connect, then passes on bytes.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let proxy: TestProxy
        private let authorization: String?
        private var head = ""
        private var isAnswered = false

        init(proxy: TestProxy, authorization: String?) {
            self.proxy = proxy
            self.authorization = authorization
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !self.isAnswered else { return context.fireChannelRead(data) }
            self.head += String(buffer: self.unwrapInboundIn(data))
            guard self.head.hasSuffix("\r\n\r\n") else { return }
            self.isAnswered = true
            let head = self.head
            self.proxy.received.withLock { $0.append(head) }
            if let authorization, !head.lowercased().contains("proxy-authorization: \(authorization.lowercased())\r\n")
            {
                let answer = ByteBuffer(string: "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
                return
            }
            let target = head.split(separator: " ")[1].split(separator: ":")
            let near = context.channel
            // The same event loop for both, so that neither overtakes the other.
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { far in
                    far.eventLoop.makeCompletedFuture { try far.pipeline.syncOperations.addHandler(Pipe(to: near)) }
                }
                .connect(host: String(target[0]), port: Int(target[1]) ?? 0)
                .whenSuccess { far in
                    try? near.pipeline.syncOperations.addHandler(Pipe(to: far))
                    near.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n"), promise: nil)
                }
        }
    }

    private final class Pipe: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let target: any Channel

        init(to target: any Channel) { self.target = target }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.target.writeAndFlush(self.unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { self.target.close(promise: nil) }
    }
}
