import CallbackQueue
import CallbackServer
import Callbacks
import Handlers
import ScaleAPI

/// The effective configuration as text.
extension ServiceConfiguration {
    /// The configuration with its defaults as YAML that can be read again, once the secrets are put in.
    var yaml: String {
        var writer = YAMLWriter()
        writer.comment("from \(self.source); secrets are not shown")
        writer.section("listen") { writer in
            writer.value("address", self.listen.address.description)
            writer.value("path", self.listen.path)
            writer.value("body-limit", Quantity.text(bytes: self.listen.bodyLimit))
            writer.value("in-flight-limit", Quantity.text(bytes: self.listen.inFlightLimit))
            writer.value("header-timeout", Quantity.text(self.listen.headerTimeout))
            writer.value("request-timeout", Quantity.text(self.listen.requestTimeout))
            writer.value("idle-timeout", Quantity.text(self.listen.idleTimeout))
            writer.value("maximum-connections", "\(self.listen.maximumConnections)")
            if let tls = self.listen.tls {
                writer.section("tls") { writer in
                    writer.value("certificate", tls.certificate)
                    writer.value("key", tls.key)
                    writer.value("client-ca", tls.clientCA)
                }
            }
            writer.value("insecure-accept-all", "\(self.listen.insecureAcceptAll)")
        }
        writer.list("accounts", self.accounts) { writer, account in
            writer.value("name", account.name)
            writer.values("callback-auth-keys", account.callbackAuthKeys.map(\.description))
            writer.value("api-key", account.apiKey?.description)
            writer.value("url", account.url)
            writer.value("requests-per-second", account.requestsPerSecond.map { "\($0)" })
        }
        switch self.store {
        case .sqlite(let path): writer.value("store", "sqlite:\(path)")
        }
        writer.section("retention") { writer in
            for (key, period) in [
                ("bodies", self.retention.bodies), ("facts", self.retention.facts), ("refused", self.retention.refused),
            ] {
                writer.value(key, period.map(Quantity.text) ?? "forever")
            }
        }
        writer.value("ballast", Quantity.text(bytes: self.ballast))
        writer.section("console") { writer in
            writer.value("address", self.console.address.description)
            writer.value("token", self.console.token?.description)
        }
        writer.value("lease", Quantity.text(self.lease))
        writer.value("drain", Quantity.text(self.drain))
        writer.list("handlers", self.handlers) { $1.write(to: &$0) }
        return writer.text
    }
}

extension HandlerConfiguration {
    fileprivate func write(to writer: inout YAMLWriter) {
        writer.value("name", self.name)
        if self.match != EventMatch() {
            writer.section("match") { writer in
                writer.values("account", self.match.accounts)
                writer.values("project", self.match.projects)
                writer.values("batch", self.match.batches)
                writer.values("type", self.match.types)
                writer.values("status", self.match.statuses)
                writer.values("event", self.match.kinds.map { $0.map(\.rawValue).sorted() })
                writer.values("tags", self.match.tags.isEmpty ? nil : self.match.tags)
                writer.values("metadata-keys", self.match.metadataKeys.isEmpty ? nil : self.match.metadataKeys)
            }
        }
        writer.value("concurrency", "\(self.concurrency)")
        writer.value("timeout", Quantity.text(self.timeout))
        writer.section("retries") { writer in
            writer.value("first-delay", Quantity.text(self.backoff.firstDelay))
            writer.value("maximum-delay", Quantity.text(self.backoff.maximumDelay))
            writer.value("attempts", "\(self.backoff.maximumAttempts)")
        }
        writer.section(self.kind.name) { writer in
            switch self.kind {
            case .audit(let audit): audit.write(to: &writer)
            case .tags(let tags): tags.write(to: &writer)
            case .metadata(let metadata): metadata.write(to: &writer)
            case .file(let file): file.write(to: &writer)
            case .forward(let forward): forward.write(to: &writer)
            case .command(let command): command.write(to: &writer)
            case .nucleus(let nucleus): nucleus.write(to: &writer)
            }
        }
    }
}
