import Handlers
import ScaleAPI

/// The keys of `forward`.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func forward(_ entry: Section.Entry) -> ForwardHandler.Configuration? {
        guard
            let section = self.section(
                entry.node,
                "\"forward\"",
                keys: ["url", "secrets", "headers", "timeout", "allow-networks", "body"]
            )
        else { return nil }
        let problemCount = self.problemCount
        if section["url"] == nil {
            self.report(missing: "url", in: section, "such as \"https://pipeline.example.com/scale\"")
        }
        if section["secrets"] == nil {
            self.report(
                missing: "secrets",
                in: section,
                "the receiver needs one to verify what comes; make it with: echo \"whsec_$(openssl rand -base64 32)\""
            )
        }
        var forward = ForwardHandler.Configuration(
            url: section["url"].flatMap { self.text($0) } ?? "",
            secrets: (self.secrets(section["secrets"]) ?? []).map(\.secret)
        )
        if self.problemCount == problemCount, forward.secrets.isEmpty {
            self.report(section["secrets"]?.line ?? section.line, "\"secrets\" is an empty list; give it one")
        }
        forward.headers = self.headers(section["headers"])
        forward.timeout = self.duration(section["timeout"], atLeast: .milliseconds(100)) ?? forward.timeout
        for name in self.texts(section["allow-networks"]) ?? [] {
            if ForwardHandler.networks(named: name) == nil {
                self.report(
                    section["allow-networks"]?.line ?? section.line,
                    "\(Self.quoted(name)) is no network; write \"private\" or a range such as 10.1.0.0/16 or fd00::/8, "
                        + "with zeros behind its prefix"
                )
            }
            forward.allowedNetworks.append(name)
        }
        forward.body = self.choice(section["body"]) ?? forward.body
        // What could not be read is not missing, so the handler is not asked about it.
        return self.problemCount == problemCount ? forward : nil
    }

    private mutating func headers(_ entry: Section.Entry?) -> [ForwardHandler.Configuration.Header] {
        guard let entry, let section = self.section(entry.node, "\"headers\"", keys: [], later: nil) else { return [] }
        var headers: [ForwardHandler.Configuration.Header] = []
        for entry in section.entries {
            guard let value = self.text(entry) else { continue }
            if let problem = ForwardHandler.problem(withHeader: entry.key, value: value) {
                self.report(entry.line, "the header \(Self.quoted(entry.key)) cannot be sent: \(problem)")
            } else if headers.contains(where: { $0.name.lowercased() == entry.key.lowercased() }) {
                self.report(entry.line, "the header \(Self.quoted(entry.key)) is there more than once; keep one")
            }
            headers.append(.init(name: entry.key, value: Secret(value)))
        }
        return headers
    }
}

extension ForwardHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.value("url", self.url)
        writer.values("secrets", self.secrets.map(\.description))
        if !self.headers.isEmpty {
            writer.section("headers") { writer in
                for header in self.headers { writer.value(header.name, header.value.description) }
            }
        }
        writer.value("timeout", Quantity.text(self.timeout))
        writer.values("allow-networks", self.allowedNetworks.isEmpty ? nil : self.allowedNetworks)
        writer.value("body", self.body.rawValue)
    }
}
