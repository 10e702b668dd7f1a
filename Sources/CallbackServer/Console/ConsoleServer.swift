package import Hummingbird
package import Logging
internal import NIOCore

/// The console port, where operators and their probes look. Loopback by default.
package enum ConsoleServer {
    /// How it listens.
    package struct Configuration: Sendable {
        /// The address to listen on.
        package var host = "127.0.0.1"
        /// The port; 0 lets the kernel choose.
        package var port = 8081

        package init() {}
    }

    /// The server as a service.
    ///
    /// - Parameter onListening: Called with the port once connections are taken.
    package static func makeApplication(
        configuration: Configuration,
        readiness: Readiness,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: Self.makeRouter(readiness: readiness),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                logger.info("Console listens", metadata: ["address": "\(configuration.host):\(port)"])
                onListening(port)
            },
            logger: logger
        )
    }

    static func makeRouter(readiness: Readiness) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in "alive\n" }
        router.get("/readyz") { _, _ in
            readiness.keepsCallbacks
                ? Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ready\n")))
                : Response(status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: "not ready\n")))
        }
        return router
    }
}
