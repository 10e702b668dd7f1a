import NIOCore
import NIOPosix
import NIOSSL

/// A TCP client that sends exactly the bytes it is given and tells exactly what came back.
final class RawClient: Sendable {
    /// How the server's side of a connection ended.
    enum Ending: Equatable {
        /// Not yet: the server would take another request.
        case open
        /// With an orderly end of its stream.
        case closed
        /// With a reset, which may destroy answers that were on their way.
        case reset
        /// Nothing happened for a time that only a hanging server takes.
        case silent
    }

    private enum Event: Sendable {
        case bytes([UInt8])
        case closed
        case reset
        case silent
    }

    /// Generous: a loaded machine is slow, a hanging server is silent for ever.
    static let patience = TimeAmount.seconds(20)

    private let channel: any Channel
    private let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    private init(channel: any Channel, _ stream: (AsyncStream<Event>, AsyncStream<Event>.Continuation)) {
        self.channel = channel
        (self.events, self.continuation) = stream
    }

    /// Connects to a port of this machine.
    ///
    /// - Parameter tls: How to do TLS; nil for none. Its handshake need not have ended, or succeeded, on return.
    static func connect(to port: Int, host: String, tls: TLSConfiguration? = nil) async throws -> RawClient {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        return try await Self.connect(tls: context) { $0.connect(host: host, port: port) }
    }

    /// Connects to a unix socket.
    static func connect(toSocketAt path: String) async throws -> RawClient {
        try await Self.connect { $0.connect(unixDomainSocketPath: path) }
    }

    private static func connect(
        tls: NIOSSLContext? = nil,
        _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) async throws -> RawClient {
        let stream = AsyncStream.makeStream(of: Event.self)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil), name: "tls")
                    }
                    try pipeline.addHandler(Listener(continuation: stream.continuation))
                }
            }
        let channel = try await connect(bootstrap).get()
        return RawClient(channel: channel, (stream.stream, stream.continuation))
    }

    /// The serial number of the server's certificate and the version, once the handshake has succeeded.
    func tlsDetails() async throws -> (serial: [UInt8]?, version: TLSVersion?) {
        try await self.channel.eventLoop
            .submit { [channel] in
                let handler = try channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
                return (handler.peerCertificate?.serialNumber, handler.tlsVersion)
            }
            .get()
    }

    /// Sends bytes. A server that has gone meanwhile is no error here: what it answered is what counts.
    func send(_ bytes: [UInt8]) async {
        try? await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func send(_ text: String) async { await self.send(Array(text.utf8)) }

    /// Sends bytes and does not wait until they are taken.
    func sendEventually(_ bytes: [UInt8]) {
        self.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Ends our side only.
    func finishSending() async {
        try? await self.channel.close(mode: .output).get()
    }

    /// Goes away.
    func close() async {
        try? await self.channel.close().get()
    }

    /// What the server says until it has given `count` final answers, or has ended.
    ///
    /// When the last of them announces the end of the connection, the end is waited for. May be called again for more.
    func receive(_ count: Int = .max, isHead: Bool = false) async -> (answers: [RawAnswer], ending: Ending) {
        var answers: [RawAnswer] = []
        var rest: [UInt8] = []
        var alarm = self.makeAlarm()
        defer { alarm.cancel() }
        for await event in self.events {
            alarm.cancel()
            alarm = self.makeAlarm()
            switch event {
            case .bytes(let bytes):
                rest += bytes
                answers += RawAnswer.takeAll(from: &rest, isHead: isHead)
                let final = answers.filter { $0.status >= 200 }
                if final.count >= count, final.last?.closes != true { return (answers, .open) }
            case .closed: return (answers, .closed)
            case .reset: return (answers, .reset)
            case .silent: return (answers, .silent)
            }
        }
        return (answers, .closed)
    }

    private func makeAlarm() -> Scheduled<Void> {
        self.channel.eventLoop.scheduleTask(in: Self.patience) { [continuation] in _ = continuation.yield(.silent) }
    }

    /// The first answer of any kind, a `100 Continue` too.
    func receiveAny() async -> RawAnswer? {
        var rest: [UInt8] = []
        for await event in self.events {
            guard case .bytes(let bytes) = event else { return nil }
            rest += bytes
            if let answer = RawAnswer.takeAll(from: &rest).first { return answer }
        }
        return nil
    }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let continuation: AsyncStream<Event>.Continuation

        init(continuation: AsyncStream<Event>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.continuation.yield(.bytes(Array(self.unwrapInboundIn(data).readableBytesView)))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { self.continuation.yield(.closed) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.continuation.yield(.reset)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.continuation.yield(.closed)
            self.continuation.finish()
        }
    }
}
