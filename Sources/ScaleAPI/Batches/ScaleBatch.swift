public import Foundation

/// A named group of tasks within a project (contract B2).
///
/// Batches have no id: the name is unique across the account.
public struct ScaleBatch: ScaleObject {
    /// The batch as Scale sent it.
    public let json: JSON.Object

    /// A batch from its JSON; nil unless that is an object with a `name`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "name") else { return nil }
        self.json = object
    }

    /// The name.
    public var name: String { self.text("name") }

    /// The name of its project.
    public var project: String? { self.json["project"]?.string }

    /// How far the batch is.
    public var status: Status? { self.json["status"]?.string.map(Status.init(rawValue:)) }

    /// Who is told when it is complete: a URL or an email address; nil for nobody.
    public var callback: String? { self.json["callback"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// The caller's own data.
    public var metadata: JSON.Object { self.json["metadata"]?.object ?? [:] }

    /// When it was created.
    public var createdAt: Date? { self.date("created_at") }
}

extension ScaleBatch {
    /// How far a batch is.
    public struct Status: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A status by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Takes tasks, and nobody works on them before it is finalized (Rapid and Studio).
        public static let staging: Self = "staging"
        /// Is worked on; other projects' batches begin so.
        public static let inProgress: Self = "in_progress"
        /// All tasks are done.
        public static let completed: Self = "completed"
    }

    /// How far a batch and its tasks are (contract B2).
    public struct Progress: ScaleObject {
        /// The answer as Scale sent it.
        public let json: JSON.Object

        /// A progress from its JSON; nil unless that is an object with a `status`.
        public init?(json: JSON) {
            guard let object = json.object(identifiedBy: "status") else { return nil }
            self.json = object
        }

        /// How far the batch is.
        public var status: Status { Status(rawValue: self.text("status")) }

        /// How many of its tasks have this status.
        ///
        /// Scale leaves out those of which there are none. Sources disagree whether the keys begin with `tasks_`.
        public func count(_ status: ScaleTask.Status) -> Int {
            self.json.first(of: status.rawValue, "tasks_\(status.rawValue)")?.int ?? 0
        }
    }
}
