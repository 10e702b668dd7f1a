internal import Callbacks
internal import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import ServiceLifecycle

/// The public port: takes callbacks over HTTP/1.1, with TLS or without, and nothing else.
///
/// On graceful shutdown it stops listening, lets requests that have begun end, and closes the rest.
package struct IntakeServer: Service, Sendable {
    /// How long a client may take.
    package struct Deadlines: Sendable {
        /// From the connection to the end of the first head, a TLS handshake included.
        package var header = Duration.seconds(10)
        /// From a head to the end of its body.
        package var request = Duration.seconds(30)
        /// From an answer to the end of the next head.
        package var idle = Duration.seconds(30)
        /// From the last answer to the end of the connection.
        package var linger = Duration.seconds(1)

        package init() {}
    }

    /// How it listens.
    package struct Configuration: Sendable {
        /// The address to listen on.
        package var host = "0.0.0.0"
        /// The port; 0 lets the kernel choose.
        package var port = 8080
        /// The path that callbacks are posted to.
        package var path = "/callbacks"
        /// The longest body in bytes.
        package var bodyLimit = 64 << 20
        /// The most bytes of bodies that are received and stored at one time.
        package var inFlightLimit = 512 << 20
        /// The most connections at one time.
        package var maximumConnections = 10_000
        /// The files of TLS; nil for plain HTTP.
        package var tls: TLSFiles?
        /// How often the files of TLS are looked at for a change.
        package var tlsInterval = Duration.seconds(60)
        /// How long a client may take.
        package var deadlines = Deadlines()

        package init() {}
    }

    /// The largest head: 32 KB in 100 fields.
    private static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    private let configuration: Configuration
    private let verifier: CallbackVerifier
    private let intake: Intake
    private let certificates: TLSCertificates?
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameters:
    ///   - certificates: What connections are encrypted with; nil for plain HTTP.
    ///   - onListening: Called with the port once connections are taken.
    init(
        configuration: Configuration,
        verifier: CallbackVerifier,
        intake: Intake,
        certificates: TLSCertificates? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.verifier = verifier
        self.intake = intake
        self.certificates = certificates
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service stops.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        do {
            try await self.serve(on: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        // Both on one loop: when the port cannot be had, its thread is the last to let go of the helper, whose promise
        // may then belong to no loop that has already ended.
        let accepting = group.next()
        let quiescing = ServerQuiescingHelper(group: accepting)
        let judge = RequestJudge(
            path: self.configuration.path,
            bodyLimit: self.configuration.bodyLimit,
            verifier: self.verifier
        )
        let budget = InFlightBudget(limit: self.configuration.inFlightLimit)
        let deadlines = IntakeDeadlines(self.configuration.deadlines)
        let connections = ConnectionLimit(limit: self.configuration.maximumConnections, logger: self.logger)
        var mailboxes: [ObjectIdentifier: AnswerMailbox] = [:]
        for eventLoop in group.makeIterator() {
            mailboxes[ObjectIdentifier(eventLoop)] = AnswerMailbox(eventLoop: eventLoop)
        }
        let channel = try await ServerBootstrap(group: accepting, childGroup: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // Answers are short. What the system would hold of them for a client that does not read is bounded, too.
            .childChannelOption(.socketOption(.so_sndbuf), value: 64 << 10)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 << 10, high: 128 << 10))
            .childChannelInitializer { [mailboxes, intake, certificates] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let seat = connections.admit(channel) else {
                        channel.close(promise: nil)
                        return
                    }
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes,
                        limitConfiguration: Self.headLimits
                    )
                    let handler = IntakeHandler(
                        intake: intake,
                        judge: judge,
                        deadlines: deadlines,
                        budget: budget,
                        seat: seat,
                        mailbox: mailboxes[ObjectIdentifier(channel.eventLoop)]
                            ?? AnswerMailbox(eventLoop: channel.eventLoop)
                    )
                    let pipeline = channel.pipeline.syncOperations
                    if let certificates {
                        try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
                        try pipeline.addHandler(HandshakeHandler(intake: intake))
                    }
                    try pipeline.addHandler(IntakeGate(before: handler))
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(handler)
                }
            }
            .bind(host: self.configuration.host, port: self.configuration.port)
            .get()

        let port = channel.localAddress?.port ?? self.configuration.port
        self.logger.info("Callbacks are taken", metadata: ["address": "\(self.configuration.host):\(port)"])
        self.onListening(port)
        // Throws when the task is cancelled instead: then, too, requests that have begun may end.
        try? await gracefulShutdown()
        // First, so that a balancer looks elsewhere while what has begun ends.
        self.intake.announceStop()
        let drained = accepting.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: drained)
        try await drained.futureResult.get()
    }
}
