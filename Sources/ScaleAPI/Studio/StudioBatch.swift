/// A batch as Studio's queue shows it (contract B7).
public struct StudioBatch: ScaleObject {
    /// The batch as Scale sent it.
    public let json: JSON.Object

    /// A batch from its JSON; nil unless that is an object with a `name`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "name") else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String? { self.json["id"]?.string }

    /// The name, which calls use.
    public var name: String { self.text("name") }

    /// The id of its project.
    public var projectID: String? { self.json["projectId"]?.string }

    /// The name of its project.
    public var projectName: String? { self.json["projectName"]?.string }

    /// What it is for.
    public var kind: Kind? { self.json["batchType"]?.string.map(Kind.init(rawValue:)) }

    /// Its place in the queue, where one was set.
    public var priority: Int? { self.json["studioPriority"]?.int }

    /// How many tasks it has.
    public var total: Int? { self.json["total"]?.int }

    /// How many of them are done.
    public var completed: Int? { self.json["completed"]?.int }

    /// The groups that work on it, as Scale sends them.
    public var groups: [JSON] { self.json["groups"]?.array ?? [] }

    /// What a batch is for.
    public struct Kind: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A kind by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Real work.
        public static let production: Self = "Production"
        /// Work to measure people by.
        public static let calibration: Self = "Calibration"
    }
}
