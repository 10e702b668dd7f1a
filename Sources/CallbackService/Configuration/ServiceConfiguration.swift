import CallbackQueue
import CallbackServer
import Callbacks
import ScaleAPI

/// Everything the service is told from outside, checked and with its defaults filled in.
///
/// `ConfigurationFile` finds and reads it. The keys of the file have the names of the properties, in words joined by
/// hyphens.
struct ServiceConfiguration: Sendable {
    /// Where it was read from, for people: a path, or the environment.
    var source: String
    /// The public port.
    var listen = Listen()
    /// Whom we believe, and as whom we answer. Never empty.
    var accounts: [Account]
    /// Where events are kept.
    var store = Store.default
    /// The port for operators.
    var console = Console()
    /// The handlers in the order of the file. Their names differ.
    var handlers: [HandlerConfiguration] = []
    /// How long things are kept.
    var retention = Retention.default
    /// How many bytes of the disk are kept back for the day it is full; 0 for none.
    var ballast = EventStore.standardBallastSize
    /// How long a delivery belongs to the attempt that leased it, unless that renews it.
    var lease: Duration = .seconds(15)
    /// How long work in flight may take to finish when the service is told to stop.
    var drain: Duration = .seconds(25)

    /// The public port: who may come in and how much of it.
    struct Listen: Sendable, Hashable {
        /// Where to listen.
        var address = ListenAddress(host: "0.0.0.0", port: 8080)
        /// The path that callbacks are posted to.
        var path = "/callbacks"
        /// The largest body, in bytes.
        var bodyLimit = 64 << 20
        /// How many bytes of bodies may be in memory together.
        var inFlightLimit = 512 << 20
        /// How long the head of a request may take to arrive.
        var headerTimeout: Duration = .seconds(10)
        /// How long a whole request may take to arrive.
        var requestTimeout: Duration = .seconds(30)
        /// How long a connection may be silent between requests.
        var idleTimeout: Duration = .seconds(30)
        /// How many connections may be open at once.
        var maximumConnections = 10_000
        /// The files of TLS; nil for plain HTTP.
        var tls: TLSFiles?
        /// Whether callbacks are believed without a key. Only for trying things out.
        var insecureAcceptAll = false
    }

    /// The port for operators.
    struct Console: Sendable, Hashable {
        /// Where to listen.
        var address = ListenAddress(host: "127.0.0.1", port: 8081)
        /// What a caller has to show; never nil when `address` is not loopback.
        var token: Secret?
    }

    /// Where events are kept.
    enum Store: Sendable, Hashable {
        /// One SQLite file.
        case sqlite(path: String)

        /// A file in the working directory.
        static let `default` = Store.sqlite(path: "scale-callbacks.db")
    }
}
