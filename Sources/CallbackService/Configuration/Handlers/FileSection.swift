import Handlers
import Yams

/// The keys of `file`.
extension ConfigurationReader {
    /// The sizes of files that make sense.
    private static let sizes = 1 << 10...1 << 40

    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func file(_ entry: Section.Entry) -> FileHandler.Configuration? {
        let keys = ["path", "format", "rotate", "gzip", "fetch"]
        guard let section = self.section(entry.node, "\"file\"", keys: keys) else { return nil }
        guard let path = section["path"] else {
            self.report(missing: "path", in: section, "such as \"dump/{project}/{task_id}-{event_id}.json\"")
            return nil
        }
        let problemCount = self.problemCount
        var file = FileHandler.split(path: self.text(path) ?? "")
        file.format = self.choice(section["format"]) ?? file.format
        file.rotateAt = self.bytes(section["rotate"], in: Self.sizes)
        file.isCompressed = self.bool(section["gzip"]) ?? file.isCompressed
        file.fetch = section["fetch"].flatMap { self.fetch($0) }
        return self.problemCount == problemCount ? file : nil
    }

    private mutating func fetch(_ entry: Section.Entry) -> FileHandler.Fetch? {
        if entry.node.scalar != nil {
            return self.value(entry, "results, or a section with \"path\", \"limit\" and \"types\"") { text in
                text == "results" ? FileHandler.Fetch() : nil
            }
        }
        guard let section = self.section(entry.node, "\"fetch\"", keys: ["path", "limit", "types"]) else { return nil }
        var fetch = FileHandler.Fetch()
        fetch.template = section["path"].flatMap { self.text($0) } ?? fetch.template
        fetch.limit = self.bytes(section["limit"], in: Self.sizes) ?? fetch.limit
        guard let types = section["types"] else { return fetch }
        fetch.kinds = []
        for name in self.texts(types) ?? [] {
            if let kind = ResultKind(rawValue: name) {
                fetch.kinds.append(kind)
            } else {
                let known = ResultKind.allCases.map(\.rawValue).joined(separator: ", ")
                self.report(types.line, "unknown type of file \(Self.quoted(name)); it is one of \(known)")
            }
        }
        return fetch
    }
}

extension FileHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        let separator = self.folder.hasSuffix("/") ? "" : "/"
        writer.value("path", self.folder == "." ? self.template : self.folder + separator + self.template)
        writer.value("format", self.format.rawValue)
        writer.value("rotate", self.rotateAt.map(Quantity.text(bytes:)))
        writer.value("gzip", "\(self.isCompressed)")
        guard let fetch = self.fetch else { return }
        writer.section("fetch") { writer in
            writer.value("path", fetch.template)
            writer.value("limit", Quantity.text(bytes: fetch.limit))
            writer.values("types", fetch.kinds.map(\.rawValue))
        }
    }
}
