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
            case .audit(let audit):
                writer.value("mode", audit.mode.rawValue)
                writer.list("rules", audit.rules) { $1.write(to: &$0) }
            case .tags(let tags):
                writer.values("set", tags.set)
                writer.values("add", tags.add.isEmpty ? nil : tags.add)
                writer.values("remove", tags.remove.isEmpty ? nil : tags.remove)
            case .file(let file):
                let separator = file.folder.hasSuffix("/") ? "" : "/"
                writer.value("path", file.folder == "." ? file.template : file.folder + separator + file.template)
            }
        }
    }
}

extension AuditHandler.Configuration.Rule {
    fileprivate func write(to writer: inout YAMLWriter) {
        writer.value(self.verdict.rawValue, self.reason)
        switch self.condition {
        case .always: break
        case .when(let sql): writer.value("when", sql)
        case .find(let sql): writer.value("find", sql)
        case .sample(let share): writer.value("sample", Quantity.text(share: share))
        case .check(let name, let parameters):
            writer.value("check", name)
            for (key, value) in parameters.sorted(by: { $0.key < $1.key }) { writer.value(key, value) }
        }
    }
}

/// Writes block YAML with quotes where they are needed.
private struct YAMLWriter {
    private(set) var text = ""
    private var depth = 0
    /// Whether the next key stands behind the dash of a list.
    private var isItemStart = false

    mutating func comment(_ comment: String) {
        self.text += "# \(TerminalText.escaped(comment))\n"
    }

    /// Writes a key with its value; nothing for nil.
    mutating func value(_ key: String, _ value: String?) {
        guard let value else { return }
        self.line("\(Self.scalar(key)): \(Self.scalar(value))")
    }

    mutating func values(_ key: String, _ values: [String]?) {
        guard let values else { return }
        self.line("\(Self.scalar(key)): [\(values.map(Self.scalar).joined(separator: ", "))]")
    }

    mutating func section(_ key: String, _ body: (inout Self) -> Void) {
        self.line("\(key):")
        self.depth += 1
        body(&self)
        self.depth -= 1
    }

    mutating func list<Element>(_ key: String, _ elements: [Element], _ body: (inout Self, Element) -> Void) {
        guard !elements.isEmpty else {
            self.line("\(key): []")
            return
        }
        self.line("\(key):")
        for element in elements {
            self.depth += 2
            self.isItemStart = true
            body(&self, element)
            self.depth -= 2
        }
    }

    private mutating func line(_ line: String) {
        let indentation = String(repeating: "  ", count: self.isItemStart ? self.depth - 1 : self.depth)
        self.text += indentation + (self.isItemStart ? "- " : "") + line + "\n"
        self.isItemStart = false
    }

    private static func scalar(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        let startsPlain = value.first.map { $0.isLetter || $0.isNumber || $0 == "/" } ?? false
        if isPlain, startsPlain, !value.hasSuffix(":"), !["null", "Null", "NULL"].contains(value) { return value }
        return JSON.string(value.replacing("${", with: "$${")).encodedString
    }
}
