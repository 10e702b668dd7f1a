package import CallbackQueue
package import Callbacks
package import Logging
package import ScaleAPI
internal import ServiceLifecycle
internal import Synchronization
package import UnixSignals

/// The whole service: store, intake, dispatcher, console and control socket, started and stopped in order.
///
/// Started in this order, and on a graceful stop ended in the reverse one, so that callbacks stop coming first and the
/// store is closed last.
package struct CallbackReceiver: Sendable {
    /// What it is started with.
    package struct Configuration: Sendable {
        /// Whom it believes.
        package var accounts: [Account]
        /// The account as which callbacks without a key are kept; nil to refuse them.
        package var acceptsAllAs: String?
        /// Where events are kept.
        package var store: EventStore.Configuration
        /// How long they are kept.
        package var retention = Retention.default
        /// The public port.
        package var intake = IntakeServer.Configuration()
        /// The console port.
        package var console = ConsoleServer.Configuration()
        /// How deliveries are run.
        package var dispatcher = Dispatcher.Configuration()

        package init(accounts: [Account], acceptsAllAs: String? = nil, store: EventStore.Configuration) {
            self.accounts = accounts
            self.acceptsAllAs = acceptsAllAs
            self.store = store
        }
    }

    /// The ports it listens on, once it does.
    package struct Ports: Sendable, Hashable {
        /// Where callbacks are taken.
        package var intake: Int
        /// Where operators look.
        package var console: Int
    }

    private let configuration: Configuration
    private let handlers: [HandlerRegistration]
    private let scale: @Sendable (_ account: String) -> ScaleClient?
    private let logger: Logger

    /// A receiver with its handlers.
    ///
    /// - Parameter scale: The client that answers as an account; nil when that account has no API key.
    package init(
        configuration: Configuration,
        handlers: [HandlerRegistration],
        logger: Logger,
        scale: @escaping @Sendable (_ account: String) -> ScaleClient?
    ) {
        self.configuration = configuration
        self.handlers = handlers
        self.scale = scale
        self.logger = logger
    }

    /// Runs until a signal stops it, or its task is cancelled, or the storage can no longer be trusted.
    ///
    /// - Parameters:
    ///   - stopSignals: The signals that stop it gracefully.
    ///   - onListening: Called once both ports take connections.
    /// - Throws: `StoreError` when the store cannot be opened, or `StoreError.broken` when it has to be left: start the
    ///   process again then.
    package func run(
        stopSignals: [UnixSignal] = [.sigterm, .sigint],
        onListening: @escaping @Sendable (Ports) -> Void = { _ in }
    ) async throws {
        LargeAllocations.giveBack()
        let readiness = Readiness()
        let breakage = Breakage(readiness: readiness)
        let store = try EventStore.open(self.configuration.store, logger: self.logger) { breakage.report($0) }
        do {
            try await self.serve(store, readiness, breakage, stopSignals, onListening)
        } catch {
            readiness.isReady = false
            try? await store.close()
            throw breakage.error ?? error
        }
        readiness.isReady = false
        try await store.close()
    }

    private func serve(
        _ store: EventStore,
        _ readiness: Readiness,
        _ breakage: Breakage,
        _ stopSignals: [UnixSignal],
        _ onListening: @escaping @Sendable (Ports) -> Void
    ) async throws {
        let dispatcher = try await Dispatcher(
            store: store,
            handlers: self.handlers,
            configuration: self.configuration.dispatcher,
            logger: self.logger,
            scale: self.scale
        )
        let pruner = Pruner(store: store, retention: self.configuration.retention, logger: self.logger)
        let trainer = DictionaryTrainer(store: store, logger: self.logger)
        let survey = StretchSurvey(store: store, logger: self.logger)
        let roomKeeper = RoomKeeper(store: store, logger: self.logger) { readiness.hasRoom = $0 }
        let refusals = RefusalLog(store: store, logger: self.logger)
        let intake = try await Intake(
            store: store,
            dispatcher: dispatcher,
            refusals: refusals,
            accounts: self.configuration.accounts.map(\.name),
            readiness: readiness
        )
        let certificates = try self.configuration.intake.tls.map { files throws(TLSProblem) in
            try TLSCertificates(files, interval: self.configuration.intake.tlsInterval, logger: self.logger)
        }
        readiness.isReady = true

        let ports = PortsInProgress(onListening)
        let console = ConsoleServer.makeApplication(
            configuration: self.configuration.console,
            readiness: readiness,
            logger: self.logger,
            onListening: { ports.setConsole($0) }
        )
        let control = try ControlServer.makeApplication(store: store, dispatcher: dispatcher, logger: self.logger)
        let server = IntakeServer(
            configuration: self.configuration.intake,
            verifier: CallbackVerifier(
                accounts: self.configuration.accounts,
                insecurelyAcceptingAllAs: self.configuration.acceptsAllAs
            ),
            intake: intake,
            certificates: certificates,
            logger: self.logger,
            onListening: { ports.setIntake($0) }
        )
        let services: [any Service] =
            [breakage, HangUpNotice(certificates: certificates, logger: self.logger)]
            + (certificates.map { [$0] } ?? [])
            + [refusals, trainer, survey, pruner, roomKeeper, dispatcher, control, console, server]
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: stopSignals,
            logger: self.logger
        )
        // Requests and handlers keep their own time. A handler that heeds no cancellation must not hold the process up.
        group.maximumGracefulShutdownDuration =
            self.configuration.intake.deadlines.request + self.configuration.dispatcher.drain + .seconds(10)
        group.maximumCancellationDuration = .seconds(10)
        try await ServiceGroup(configuration: group).run()
    }
}

/// Ends the service when storage breaks: a service that throws takes the group down.
private final class Breakage: Service, Sendable {
    private let readiness: Readiness
    private let state = Mutex<StoreError?>(nil)
    private let reports: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init(readiness: Readiness) {
        self.readiness = readiness
        (self.reports, self.continuation) = AsyncStream.makeStream(of: Void.self)
    }

    var error: StoreError? { self.state.withLock { $0 } }

    func report(_ error: StoreError) {
        self.readiness.isReady = false
        self.state.withLock { $0 = $0 ?? error }
        self.continuation.finish()
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.reports {}
        }
        if let error = self.error { throw error }
    }
}

/// Answers SIGHUP, which would otherwise end the process on the spot: reads the files of TLS anew, and says that nothing
/// else is.
private struct HangUpNotice: Service {
    let certificates: TLSCertificates?
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            self.certificates?.reload()
            self.logger.warning(
                "SIGHUP reads the files of TLS only; restart the service to read its configuration anew"
            )
        }
    }
}

/// Waits for both ports before it tells of them.
private final class PortsInProgress: Sendable {
    private let state = Mutex<(intake: Int?, console: Int?)>((nil, nil))
    private let onListening: @Sendable (CallbackReceiver.Ports) -> Void

    init(_ onListening: @escaping @Sendable (CallbackReceiver.Ports) -> Void) { self.onListening = onListening }

    func setIntake(_ port: Int) { self.set { $0.intake = port } }

    func setConsole(_ port: Int) { self.set { $0.console = port } }

    private func set(_ change: (inout (intake: Int?, console: Int?)) -> Void) {
        let ports: CallbackReceiver.Ports? = self.state.withLock { state in
            change(&state)
            guard let intake = state.intake, let console = state.console else { return nil }
            return CallbackReceiver.Ports(intake: intake, console: console)
        }
        if let ports { self.onListening(ports) }
    }
}
