import Handlers
import ScaleAPI

/// The keys of `metadata`.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func metadata(_ entry: Section.Entry) -> MetadataHandler.Configuration? {
        let modes = MetadataHandler.Configuration.Mode.allCases
        let keys = modes.map(\.rawValue) + ["find"]
        guard let section = self.section(entry.node, "\"metadata\"", keys: keys) else { return nil }
        let given = modes.filter { section[$0.rawValue] != nil }
        guard let mode = given.first, let values = section[mode.rawValue] else {
            self.report(section.line, "\"metadata\" changes nothing; give it \"set\" or \"merge\"")
            return nil
        }
        guard given.count == 1 else {
            self.report(values.line, "\"metadata\" has both \"set\" and \"merge\"; decide for one")
            return nil
        }
        let problemCount = self.problemCount
        let object = self.object(values)
        let find = section["find"].flatMap { self.text($0) }
        guard self.problemCount == problemCount, let object else { return nil }
        return MetadataHandler.Configuration(mode: mode, values: object, find: find)
    }
}

extension MetadataHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.json(self.mode.rawValue, .object(self.values))
        writer.value("find", self.find)
    }
}
