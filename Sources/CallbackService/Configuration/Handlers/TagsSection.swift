import Handlers

/// The keys of `tags`.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func tags(_ entry: Section.Entry) -> TagsHandler.Configuration? {
        guard let section = self.section(entry.node, "\"tags\"", keys: ["set", "add", "remove", "find"]) else {
            return nil
        }
        guard section.entries.contains(where: { $0.key != "find" }) else {
            self.report(section.line, "\"tags\" changes nothing; give it \"set\", \"add\" or \"remove\"")
            return nil
        }
        let problemCount = self.problemCount
        let tags = TagsHandler.Configuration(
            set: self.texts(section["set"], allowsNone: true),
            add: self.texts(section["add"]) ?? [],
            remove: self.texts(section["remove"]) ?? [],
            find: section["find"].flatMap { self.text($0) }
        )
        // What could not be read is not missing, so the handler is not asked about it.
        return self.problemCount == problemCount ? tags : nil
    }
}

extension TagsHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.values("set", self.set)
        writer.values("add", self.add.isEmpty ? nil : self.add)
        writer.values("remove", self.remove.isEmpty ? nil : self.remove)
        writer.value("find", self.find)
    }
}
