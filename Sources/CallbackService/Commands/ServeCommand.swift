import ArgumentParser
import AsyncHTTPClient
import CallbackQueue
import CallbackServer
import Callbacks
import Foundation
import Logging
import NIOCore
import ScaleAPI

/// Runs the service.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive callbacks, keep them, and hand them to the handlers.",
        discussion: """
            Runs until SIGTERM or SIGINT, then stops taking callbacks, lets work in flight end, and leaves with 0. Prints
            one line when it listens; logs go to standard error. Without a configuration file the environment is
            enough: SCALE_CALLBACK_AUTH_KEY, SCALE_API_KEY for handlers that call Scale, SCALE_CALLBACKS_LISTEN and
            SCALE_CALLBACKS_CONSOLE for addresses such as 127.0.0.1:8080.

            It leaves with 74 when the disk can no longer be trusted: have a supervisor start it again, which makes the
            store safe.

            Examples:
              SCALE_CALLBACK_AUTH_KEY=... scale-callbacks serve
              scale-callbacks serve --config /etc/scale-callbacks.yaml --log-level debug
            """
    )

    @OptionGroup var configuration: ConfigurationOptions

    @Option(
        name: .long,
        help: "How much is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("There is no level \(text).") }
            return level
        }
    )
    var logLevel: Logger.Level = .info

    func run() async throws {
        // What the service makes, the store above all, is its owner's alone.
        umask(0o077)
        var configuration = try self.configuration.read()
        var logger = Logger(label: "scale-callbacks") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.logLevel
        let files = OpenFileLimit.raise()
        if configuration.listen.insecureAcceptAll {
            logger.warning("Callbacks are believed WITHOUT a key: insecure-accept-all is on")
        }
        let connections = OpenFileLimit.connections(of: configuration.listen.maximumConnections, files: files)
        if connections < configuration.listen.maximumConnections {
            logger.warning(
                "Fewer connections are taken than configured, because too few files may be open: raise `ulimit -n`",
                metadata: ["files": "\(files)", "connections": "\(connections)"]
            )
            configuration.listen.maximumConnections = connections
        }
        let configured = try configuration.handlers.map { try $0.registration() }
        let registrations = try configured + CallbackProgram.handlers(beside: configured)

        let scale = configuration.scaleClients
        let httpClient = HTTPClient(
            configuration: try scale.values.first?.httpClientConfiguration ?? .init()
        )
        do {
            try await self.receiver(configuration, registrations, scale, httpClient, logger)
                .run { [configuration] ports in
                    // Standard output may be closed; the service does not depend on it.
                    let scheme = configuration.listen.tls == nil ? "http" : "https"
                    try? DescriptorSink.standardOutput.writeLine(
                        "scale-callbacks takes callbacks on \(scheme)://\(configuration.listen.address.with(port: ports.intake))"
                            + "\(configuration.listen.path), console on "
                            + "http://\(configuration.console.address.with(port: ports.console))"
                    )
                }
            try await httpClient.shutdown()
        } catch {
            // The first error is the one to tell.
            try? await httpClient.shutdown()
            throw configuration.listenError(from: error) ?? error
        }
    }

    private func receiver(
        _ configuration: ServiceConfiguration,
        _ registrations: [HandlerRegistration],
        _ scale: [String: ScaleClient.Configuration],
        _ httpClient: HTTPClient,
        _ logger: Logger
    ) -> CallbackReceiver {
        let clients = scale.mapValues { ScaleClient(configuration: $0, httpClient: httpClient, logger: logger) }
        return CallbackReceiver(
            configuration: configuration.receiver,
            handlers: registrations,
            logger: logger,
            scale: { clients[$0] }
        )
    }
}

extension ServiceConfiguration {
    /// How to answer as each account that has an API key.
    fileprivate var scaleClients: [String: ScaleClient.Configuration] {
        var clients: [String: ScaleClient.Configuration] = [:]
        for account in self.accounts {
            guard let apiKey = account.apiKey else { continue }
            clients[account.name] = ScaleClient.Configuration(apiKey: apiKey, baseURL: account.url)
            clients[account.name]?.requestsPerSecond = account.requestsPerSecond
        }
        return clients
    }

    /// The same in the words of the server.
    fileprivate var receiver: CallbackReceiver.Configuration {
        let storePath =
            switch self.store {
            case .sqlite(let path): path
            }
        var receiver = CallbackReceiver.Configuration(
            accounts: self.accounts,
            acceptsAllAs: self.listen.insecureAcceptAll ? self.accounts.first?.name : nil,
            store: .init(path: storePath, lease: self.lease)
        )
        receiver.store.ballastSize = self.ballast
        receiver.retention = self.retention
        receiver.intake.host = self.listen.address.host
        receiver.intake.port = self.listen.address.port
        receiver.intake.path = self.listen.path
        receiver.intake.bodyLimit = self.listen.bodyLimit
        receiver.intake.inFlightLimit = self.listen.inFlightLimit
        receiver.intake.maximumConnections = self.listen.maximumConnections
        receiver.intake.tls = self.listen.tls
        receiver.intake.deadlines.header = self.listen.headerTimeout
        receiver.intake.deadlines.request = self.listen.requestTimeout
        receiver.intake.deadlines.idle = self.listen.idleTimeout
        receiver.console.host = self.console.address.host
        receiver.console.port = self.console.address.port
        receiver.dispatcher.drain = self.drain
        return receiver
    }
}

extension ServiceConfiguration {
    /// Why the service cannot listen, with what to do; nil for other errors.
    fileprivate func listenError(from error: any Error) -> CommandError? {
        let reason: String
        switch error {
        case let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode):
            reason = String(cString: strerror(error.errnoCode))
        case is SocketAddressError: reason = "the host is unknown"
        default: return nil
        }
        return CommandError(
            "Cannot listen on \(self.listen.address) (callbacks) or \(self.console.address) (console): \(reason). "
                + "Change \"listen\" or \"console\", or stop what listens there.",
            exitCode: .unavailable
        )
    }
}

extension ListenAddress {
    /// The address with the port that the system chose.
    fileprivate func with(port: Int) -> ListenAddress { ListenAddress(host: self.host, port: port) }
}
