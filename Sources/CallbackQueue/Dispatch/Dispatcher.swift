package import Callbacks
package import Logging
package import ScaleAPI
internal import ServiceLifecycle

/// Hands every due delivery to its handler until it is settled.
///
/// One loop a handler, so that a slow or held handler never holds up another. On graceful shutdown the loops take no
/// more, what is in flight may finish within the drain time, and what has not is given back without counting as a
/// failure.
package struct Dispatcher: Service, Sendable {
    /// How it works.
    package struct Configuration: Sendable {
        /// How long what is in flight may go on after a graceful shutdown began.
        package var drain: Duration
        /// How often the queue is looked at when nothing rings.
        package var tick: Duration

        package init(drain: Duration = .seconds(25), tick: Duration = .milliseconds(200)) {
            self.drain = drain
            self.tick = tick
        }
    }

    /// The handlers with their numbers in the store.
    package let handlers: [Int64: HandlerRegistration]
    private let store: EventStore
    private let configuration: Configuration
    private let scale: @Sendable (_ account: String) -> ScaleClient?
    private let bells: [Int64: Bell]
    private let logger: Logger

    /// Registers the handlers in the store.
    ///
    /// - Parameter scale: The client that answers as an account; nil when that account has no API key.
    package init(
        store: EventStore,
        handlers: [HandlerRegistration],
        configuration: Configuration = Configuration(),
        logger: Logger,
        scale: @escaping @Sendable (_ account: String) -> ScaleClient?
    ) async throws(StoreError) {
        let ids = try await store.handlerIDs(
            for: handlers.map { ($0.name, $0.type, $0.digest) },
            now: Now.milliseconds
        )
        try await Self.tellOfModes(of: handlers, in: store, logger: logger)
        var byID: [Int64: HandlerRegistration] = [:]
        for handler in handlers {
            if let id = ids[handler.name] { byID[id] = handler }
        }
        self.handlers = byID
        self.store = store
        self.configuration = configuration
        self.scale = scale
        self.bells = byID.mapValues { _ in Bell() }
        self.logger = logger
    }

    /// Tells of handlers that do not work as they are configured, or no longer as they were switched to.
    private static func tellOfModes(
        of handlers: [HandlerRegistration],
        in store: EventStore,
        logger: Logger
    ) async throws(StoreError) {
        let switches = try await store.modeSwitches()
        for handler in handlers {
            guard let modeSwitch = switches[handler.name] else { continue }
            let metadata: Logger.Metadata = [LogKey.handler: "\(handler.name)"]
            switch modeSwitch.mode(for: handler.digest) {
            case .live: logger.notice("Handler works live: it was promoted", metadata: metadata)
            case .shadow: logger.notice("Handler works in shadow: it was demoted", metadata: metadata)
            case nil:
                logger.warning(
                    "Handler works as configured again: it was promoted with other rules; promote it anew",
                    metadata: metadata
                )
            }
        }
    }

    /// The handlers that take a callback of this account.
    package func handlerIDs(accepting callback: Callback, account: String) -> [Int64] {
        self.handlers.filter { $0.value.match.accepts(callback, account: account) }.map(\.key)
    }

    /// Tells handlers that something became due.
    package func wake(_ handlerIDs: [Int64]) {
        for id in handlerIDs { self.bells[id]?.ring() }
    }

    /// Tells every handler to look at its queue.
    package func wakeAll() {
        for bell in self.bells.values { bell.alarm() }
    }

    /// Dispatches until the service stops.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                for (id, registration) in self.handlers {
                    guard let bell = self.bells[id] else { continue }
                    let loop = HandlerLoop(
                        handlerID: id,
                        registration: registration,
                        store: self.store,
                        configuration: self.configuration,
                        bell: bell,
                        logger: self.logger,
                        scale: self.scale
                    )
                    group.addTask { await registration.handler.withResources { await loop.run() } }
                }
                if self.handlers.isEmpty {
                    group.addTask { try? await gracefulShutdown() }
                }
                await group.waitForAll()
            }
        } onGracefulShutdown: {
            for bell in self.bells.values { bell.close() }
        }
    }
}
