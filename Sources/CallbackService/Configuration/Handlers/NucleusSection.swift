import Handlers
import ScaleAPI

/// The keys of `nucleus`.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func nucleus(_ entry: Section.Entry) -> NucleusHandler.Configuration? {
        let keys = ["dataset", "reference-id", "metadata", "update", "follow", "find"]
        guard let section = self.section(entry.node, "\"nucleus\"", keys: keys) else { return nil }
        guard let dataset = section["dataset"] else {
            self.report(missing: "dataset", in: section, "give the id of a dataset, such as ds_c5jwptkgfsqg0cs503z0")
            return nil
        }
        let problemCount = self.problemCount
        var nucleus = NucleusHandler.Configuration(dataset: self.text(dataset) ?? "")
        nucleus.referenceID = section["reference-id"].flatMap { self.text($0) } ?? nucleus.referenceID
        nucleus.metadata = section["metadata"].flatMap { self.object($0) } ?? [:]
        nucleus.updates = self.bool(section["update"]) ?? nucleus.updates
        nucleus.follows = self.bool(section["follow"]) ?? nucleus.follows
        nucleus.find = section["find"].flatMap { self.text($0) }
        return self.problemCount == problemCount ? nucleus : nil
    }
}

extension NucleusHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.value("dataset", self.dataset)
        writer.value("reference-id", self.referenceID)
        if !self.metadata.members.isEmpty { writer.json("metadata", .object(self.metadata)) }
        writer.value("update", "\(self.updates)")
        writer.value("follow", "\(self.follows)")
        writer.value("find", self.find)
    }
}
