/// Some of the labelers of a project (contract B7).
public struct StudioGroup: ScaleObject {
    /// The group as Scale sent it.
    public let json: JSON.Object

    /// A group from its JSON; nil unless that is an object with a `name`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "name") else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String? { self.json["id"]?.string }

    /// The name, which calls use.
    public var name: String { self.text("name") }

    /// How many labelers are in it.
    public var workerCount: Int? { self.json["numWorkers"]?.int }

    /// Whether it stands for one labeler alone.
    public var isSingleton: Bool { self.json["isSingleton"]?.bool ?? false }

    /// Its labelers; empty also where Scale does not list them.
    public var workers: [Worker] { self.objects("workers") }

    /// A labeler in a group.
    public struct Worker: ScaleObject {
        /// The labeler as Scale sent it.
        public let json: JSON.Object

        /// A labeler from its JSON; nil unless that is an object with an `email`.
        public init?(json: JSON) {
            guard let object = json.object(identifiedBy: "email") else { return nil }
            self.json = object
        }

        /// Scale's id.
        public var id: String? { self.json["id"]?.string }

        /// The email address.
        public var email: String { self.text("email") }
    }
}
