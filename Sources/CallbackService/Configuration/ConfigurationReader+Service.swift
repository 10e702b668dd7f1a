import CallbackServer
import CallbackQueue
import Callbacks
import Foundation
import ScaleAPI
import Yams

/// The keys of the file, except those of handlers.
extension ConfigurationReader {
    /// Reads a whole file.
    ///
    /// - Returns: The configuration; when there are `problems` it must not be used.
    mutating func service(_ text: String, source: String) -> ServiceConfiguration? {
        guard let section = self.file(text) else { return nil }
        let listen = self.listen(section["listen"])
        var configuration = ServiceConfiguration(
            source: source,
            listen: listen,
            accounts: self.accounts(section, insecureAcceptAll: listen.insecureAcceptAll)
        )
        if let store = self.store(section["store"]) { configuration.store = store }
        configuration.console = self.console(section["console"])
        configuration.retention = self.retention(section["retention"])
        if let ballast = self.bytes(section["ballast"], in: 0...64 << 30) { configuration.ballast = ballast }
        if let lease = self.duration(section["lease"], atLeast: .seconds(1)) { configuration.lease = lease }
        if let drain = self.duration(section["drain"], atLeast: .seconds(1)) { configuration.drain = drain }
        configuration.handlers = self.handlers(section["handlers"], accounts: configuration.accounts)
        return configuration
    }

    /// Reads a file for its store only.
    ///
    /// - Returns: The store, or the default when the file names none; nil when what it says of the store is wrong, which
    ///   must not lead to another store.
    mutating func storeAlone(_ text: String) -> ServiceConfiguration.Store? {
        guard let section = self.file(text), !section.mistyped.contains("store") else { return nil }
        guard let entry = section["store"] else { return .default }
        return self.store(entry)
    }

    private mutating func file(_ text: String) -> Section? {
        guard let root = self.parse(text) else { return nil }
        return self.section(
            root,
            "the file",
            keys: ["listen", "accounts", "store", "retention", "ballast", "console", "handlers", "lease", "drain"],
            later: ["reconcile", "limits", "tls", "metrics", "logging"]
        )
    }

    private mutating func listen(_ entry: Section.Entry?) -> ServiceConfiguration.Listen {
        var listen = ServiceConfiguration.Listen()
        guard let entry,
            let section = self.section(
                entry.node,
                "\"listen\"",
                keys: [
                    "address", "path", "body-limit", "in-flight-limit", "header-timeout", "request-timeout",
                    "idle-timeout", "maximum-connections", "tls", "insecure-accept-all",
                ]
            )
        else { return listen }
        listen.address = self.address(section["address"]) ?? listen.address
        let path = self.value(section["path"], "a path such as /callbacks, without \"?\", \"#\" and spaces") { text in
            let isPath = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 }
            return text.hasPrefix("/") && isPath ? text : nil
        }
        listen.path = path ?? listen.path
        listen.bodyLimit = self.bytes(section["body-limit"], in: 1 << 10...1 << 30) ?? listen.bodyLimit
        let inFlightLimit = self.bytes(section["in-flight-limit"], in: 1 << 10...1 << 40)
        listen.inFlightLimit = inFlightLimit ?? max(listen.inFlightLimit, listen.bodyLimit)
        listen.headerTimeout = self.duration(section["header-timeout"]) ?? listen.headerTimeout
        listen.requestTimeout = self.duration(section["request-timeout"]) ?? listen.requestTimeout
        listen.idleTimeout = self.duration(section["idle-timeout"]) ?? listen.idleTimeout
        let maximumConnections = self.integer(section["maximum-connections"], in: 1...1_000_000)
        listen.maximumConnections = maximumConnections ?? listen.maximumConnections
        listen.tls = self.tls(section["tls"])
        listen.insecureAcceptAll = self.bool(section["insecure-accept-all"]) ?? false
        if let inFlightLimit, inFlightLimit < listen.bodyLimit {
            self.report(
                section["in-flight-limit"]?.line ?? section.line,
                "\"in-flight-limit\" is less than \"body-limit\", so that the largest body never fits; raise it"
            )
        }
        return listen
    }

    /// Reads the section, and the files, so that what is wrong with them is found now.
    private mutating func tls(_ entry: Section.Entry?) -> TLSFiles? {
        guard let entry,
            let section = self.section(entry.node, "\"tls\"", keys: ["certificate", "key", "client-ca"])
        else { return nil }
        for key in ["certificate", "key"] where section[key] == nil {
            self.report(missing: key, in: section, "name the file in PEM form that holds it")
        }
        let clientCA = section["client-ca"].flatMap { self.text($0) }
        guard let certificate = section["certificate"].flatMap({ self.text($0) }),
            let key = section["key"].flatMap({ self.text($0) }), clientCA != nil || section["client-ca"] == nil
        else { return nil }
        let files = TLSFiles(certificate: certificate, key: key, clientCA: clientCA)
        do {
            let warning = try TLSCredentials(files).warning(now: Date())
            if let warning { self.warn(section["certificate"]?.line ?? section.line, warning) }
        } catch {
            self.report(section[error.file.rawValue]?.line ?? section.line, TerminalText.escaped(error.message))
        }
        return files
    }

    private mutating func accounts(_ file: Section, insecureAcceptAll: Bool) -> [Account] {
        guard let entry = file["accounts"] else {
            guard !insecureAcceptAll else { return [Account(name: "default", callbackAuthKeys: [])] }
            self.report(
                missing: "accounts",
                in: file,
                "add one with a name and the callback auth key from Scale's dashboard"
            )
            return []
        }
        guard case .sequence(let sequence) = entry.node, !sequence.isEmpty else {
            self.report(entry.line, "\"accounts\" must be a list with at least one account")
            return []
        }
        var accounts: [Account] = []
        var names: [String: Int] = [:]
        var keys: [Secret: Int] = [:]
        for node in sequence {
            guard
                let section = self.section(
                    node,
                    "an account",
                    keys: ["name", "callback-auth-keys", "api-key", "url", "requests-per-second"],
                    later: ["limits", "tls"]
                )
            else { continue }
            let name = self.name(of: section)
            if let name, let line = section["name"]?.line {
                if let first = names[name] {
                    self.report(line, "an account named \"\(name)\" is already on line \(first); rename one")
                }
                names[name] = names[name] ?? line
            }
            let authKeys = self.callbackAuthKeys(section, insecureAcceptAll: insecureAcceptAll)
            for (key, line) in authKeys {
                if let first = keys[key] {
                    let place = first == line ? "twice" : "also on line \(first)"
                    self.report(line, "this callback auth key is there \(place); each key belongs to one account, once")
                }
                keys[key] = keys[key] ?? line
            }
            // A base for the checks that follow, even when the name is missing.
            accounts.append(
                Account(
                    name: name ?? "",
                    callbackAuthKeys: authKeys.map(\.secret),
                    // What is there but wrong is reported once, so it does not count as missing.
                    apiKey: section["api-key"].map { self.secret($0) ?? Secret("") },
                    url: self.value(section["url"], "a URL such as https://api.scale.com/v1", parse: Self.url)
                        ?? "https://api.scale.com/v1",
                    requestsPerSecond: self.value(section["requests-per-second"], "a number above 0") { text in
                        Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
                    }
                )
            )
        }
        return accounts
    }

    private mutating func callbackAuthKeys(
        _ section: Section,
        insecureAcceptAll: Bool
    ) -> [(secret: Secret, line: Int)] {
        let entry = section["callback-auth-keys"]
        let problemCount = self.problemCount
        let keys = self.secrets(entry) ?? []
        let isMistyped = section.mistyped.contains("callback-auth-keys")
        if keys.isEmpty, !insecureAcceptAll, !isMistyped, self.problemCount == problemCount {
            self.report(
                entry?.line ?? section.line,
                """
                an account has no \"callback-auth-keys\", so that anybody could post; copy the key from Scale's \
                dashboard, or say `insecure-accept-all: true` in `listen` to try things out
                """
            )
        }
        return keys
    }

    /// A base URL without a trailing slash; nil when it is none.
    static func url(_ text: String) -> String? {
        guard let components = URLComponents(string: text), ["http", "https"].contains(components.scheme),
            let host = components.host, !host.isEmpty, components.query == nil, components.fragment == nil,
            components.user == nil, components.password == nil
        else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private mutating func store(_ entry: Section.Entry?) -> ServiceConfiguration.Store? {
        guard let entry, let text = self.text(entry) else { return nil }
        // The text is not quoted: a database's URL may hold a password.
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self.report(entry.line, "PostgreSQL is not in this version; use `store: sqlite:scale-callbacks.db`")
            return nil
        }
        let path = text.hasPrefix("sqlite:") ? String(text.dropFirst("sqlite:".count)) : ""
        guard !path.isEmpty, !path.hasPrefix("//"), path != ":memory:" else {
            self.report(
                entry.line,
                "\"store\" must be `sqlite:` and the path of a file, such as sqlite:scale-callbacks.db"
            )
            return nil
        }
        let socket = Control.socketPath(ofStore: path)
        if socket.utf8.count > Control.maximumSocketPathBytes {
            self.report(
                entry.line,
                "the service's control socket beside the store would have a path of \(socket.utf8.count) bytes, and "
                    + "\(Control.maximumSocketPathBytes) are possible; put the store into a shorter path"
            )
        }
        return .sqlite(path: path)
    }

    private mutating func console(_ entry: Section.Entry?) -> ServiceConfiguration.Console {
        var console = ServiceConfiguration.Console()
        guard let entry,
            let section = self.section(entry.node, "\"console\"", keys: ["address", "token"], later: ["tls"])
        else { return console }
        console.address = self.address(section["address"]) ?? console.address
        console.token = self.secret(section["token"])
        if !console.address.isLoopback, section["token"] == nil {
            self.report(
                section["address"]?.line ?? section.line,
                "\"console\" can be reached from other machines and needs a \"token\"; or listen on 127.0.0.1"
            )
        }
        return console
    }

    private mutating func retention(_ entry: Section.Entry?) -> Retention {
        var retention = Retention.default
        guard let entry,
            let section = self.section(entry.node, "\"retention\"", keys: ["bodies", "facts", "refused"])
        else { return retention }
        retention.bodies = self.period(section["bodies"], atLeast: .seconds(3600), default: retention.bodies)
        retention.facts = self.period(section["facts"], atLeast: .seconds(3600), default: retention.facts)
        retention.refused = self.period(section["refused"], atLeast: .seconds(60), default: retention.refused)
        if let facts = retention.facts, retention.bodies.map({ facts < $0 }) ?? true {
            self.report(
                section["facts"]?.line ?? section["bodies"]?.line ?? section.line,
                "\"facts\" must not be kept shorter than \"bodies\"; raise it or lower \"bodies\""
            )
        }
        return retention
    }
}
