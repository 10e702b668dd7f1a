package import Callbacks
package import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

/// The public port: takes callbacks over HTTP/1.1 and nothing else.
///
/// On graceful shutdown it stops listening, lets requests that have begun end, and closes the rest.
package struct IntakeServer: Service, Sendable {
    /// How long a client may take.
    package struct Deadlines: Sendable {
        /// From the connection to the end of the first head.
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
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameter onListening: Called with the port once connections are taken.
    package init(
        configuration: Configuration,
        verifier: CallbackVerifier,
        intake: Intake,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.verifier = verifier
        self.intake = intake
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
        let connections = ConnectionCount(limit: self.configuration.maximumConnections)
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
            .childChannelInitializer { [mailboxes, configuration, intake] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard connections.open() else {
                        channel.close(promise: nil)
                        return
                    }
                    channel.closeFuture.whenComplete { _ in connections.close() }
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes,
                        limitConfiguration: Self.headLimits
                    )
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(HTTPServerPipelineHandler())
                    try pipeline.addHandler(
                        IntakeHandler(
                            intake: intake,
                            judge: judge,
                            deadlines: configuration.deadlines,
                            budget: budget,
                            mailbox: mailboxes[ObjectIdentifier(channel.eventLoop)]
                                ?? AnswerMailbox(eventLoop: channel.eventLoop)
                        )
                    )
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

/// Counts open connections against a limit.
private final class ConnectionCount: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) { self.limit = limit }

    func open() -> Bool {
        self.count.withLock { count in
            guard count < self.limit else { return false }
            count += 1
            return true
        }
    }

    func close() { self.count.withLock { $0 -= 1 } }
}
