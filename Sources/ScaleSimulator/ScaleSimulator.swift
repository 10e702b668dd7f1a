import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// A local Scale AI: answers REST v1 as the real service does, makes up the work, and calls back.
///
/// It is the test double of the whole project and the Scale of the quick start. Everything is in memory. The value is
/// also the handle: while it runs, tests read its books and order failures without HTTP.
package struct ScaleSimulator: Service {
    /// How it behaves.
    package let configuration: Configuration

    let world: World
    private let logger: Logger
    private let port: AsyncStream<Int>
    private let portKnown: AsyncStream<Int>.Continuation

    /// A simulator that does nothing until it runs.
    ///
    /// It can run once.
    package init(configuration: Configuration = Configuration(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.world = World(configuration: configuration)
        (self.port, self.portKnown) = AsyncStream.makeStream()
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: `CannotListen` when the address and port cannot be had.
    package func run() async throws {
        // Whoever waits for the address must not wait for a simulator that never listened.
        defer { self.portKnown.finish() }
        let portKnown = self.portKnown
        let application = Application(
            router: self.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(self.configuration.address, port: self.configuration.port),
                serverName: "scale-simulator"
            ),
            services: [CallbackSender(world: self.world, logger: self.logger)],
            onServerRunning: { [world = self.world] channel in
                let port = channel.localAddress?.port ?? 0
                world.listens(at: port)
                portKnown.yield(port)
            },
            logger: self.logger
        )
        do {
            try await application.run()
        } catch let error as IOError {
            let place = "\(self.configuration.address), port \(self.configuration.port)"
            throw CannotListen(description: "Cannot listen at \(place): \(error). Choose another --port or --address.")
        }
    }

    /// The address and port cannot be had; the description says what to do.
    package struct CannotListen: Error, CustomStringConvertible {
        /// For people.
        package let description: String
    }

    /// The base URL clients use, `/v1` included.
    ///
    /// Waits until the simulator listens; one caller only.
    ///
    /// - Throws: `NotListening` when it ended without ever listening.
    package func baseURL() async throws -> String {
        for await port in self.port {
            let address = self.configuration.address
            return "http://\(address.contains(":") ? "[\(address)]" : address):\(port)/v1"
        }
        throw NotListening()
    }

    /// The simulator ended before it could listen, usually because the port is taken.
    package struct NotListening: Error {}

    private func router() -> Router<SimulatorContext> {
        let access = Access(apiKeys: self.configuration.apiKeys, testAPIKeys: self.configuration.testAPIKeys)
        let router = Router(context: SimulatorContext.self)
        router.add(middleware: JournalMiddleware(world: self.world, access: access))
        router.add(middleware: ErrorMiddleware())
        // Clients configured with or without the version in their base URL both work.
        for prefix in ["", "v1"] {
            let routes = router.group(RouterPath(prefix))
                .add(middleware: KeyMiddleware())
                .add(middleware: FailureMiddleware(world: self.world))
            TaskRoutes(world: self.world).add(to: routes)
            BatchRoutes(world: self.world).add(to: routes)
            ProjectRoutes(world: self.world).add(to: routes)
            FileRoutes(world: self.world).add(to: routes)
            TeamRoutes(world: self.world).add(to: routes)
            StudioRoutes(world: self.world).add(to: routes)
            QualityRoutes(world: self.world).add(to: routes)
            NucleusRoutes(world: self.world).add(to: routes)
            ResultRoutes(world: self.world).addSecure(to: routes)
        }
        UploadRoutes(world: self.world).add(to: router)
        ResultRoutes(world: self.world).addOpen(to: router)
        ControlRoutes(world: self.world).add(to: router.group("simulator"))
        FileRoutes(world: self.world).addBook(to: router.group("simulator"))
        return router
    }
}
