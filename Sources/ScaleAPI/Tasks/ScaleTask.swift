public import Foundation

/// A unit of work at Scale (contract C1).
///
/// It keeps everything that Scale sent, in `json`; the properties here read the fields that are known. A field that is
/// missing, null or of another kind than expected reads as nil or empty, because only `task_id` is certain.
public struct ScaleTask: ScaleObject {
    /// The task as Scale sent it.
    public let json: JSON.Object

    /// A task from its JSON; nil unless that is an object with a `task_id` that is a string and not empty.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "task_id") else { return nil }
        self.json = object
    }

    /// Scale's id, 24 hexadecimal digits today; treat it as opaque.
    public var id: String { self.text("task_id") }

    /// The type; new ones appear without notice.
    public var type: TaskType? { self.json["type"]?.string.map(TaskType.init(rawValue:)) }

    /// How far the task is.
    public var status: Status? { self.json["status"]?.string.map(Status.init(rawValue:)) }

    /// The name of its project.
    public var project: String? { self.json["project"]?.string }

    /// The name of its batch.
    public var batch: String? { self.json["batch"]?.string }

    /// The caller's own name for the task.
    public var uniqueID: String? { self.json["unique_id"]?.string }

    /// The tags; empty also when they were never set.
    public var tags: [String] { self.strings("tags") }

    /// The caller's own data.
    public var metadata: JSON.Object { self.json["metadata"]?.object ?? [:] }

    /// What the task was created with, apart from the fields that every type has (contract C2).
    public var params: JSON.Object { self.json["params"]?.object ?? [:] }

    /// The result, by type (contract C3), or `{"error": …}`; nil while pending and on some completed test tasks.
    ///
    /// `result` reads what is in it.
    public var response: JSON.Object? { self.json["response"]?.object }

    /// What the workers are told.
    public var instruction: String? { self.json["instruction"]?.string }

    /// A URL or an email address; nil when the account's default applies.
    public var callbackURL: String? { self.json["callback_url"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether Scale delivered the callback; nil while it has not said so.
    ///
    /// One field with three names (contract A6).
    public var callbackSucceeded: Bool? {
        if let succeeded = self.json["callback_succeeded"]?.bool { return succeeded }
        if let completed = self.json["callback_completed"]?.bool { return completed }
        return self.json["callback_succeeded_at"]?.string.map { _ in true }
    }

    /// Whether the task was made with a test key.
    public var isTest: Bool { self.json["is_test"]?.bool ?? false }

    /// The priority, 10 to 30.
    public var priority: Int? { self.json["priority"]?.int }

    /// The urgency, `standard` on new tasks.
    public var urgency: String? { self.json["urgency"]?.string }

    /// The version of the project's parameters that the task inherited.
    public var projectParamVersion: Int? { self.json["project_param_version"]?.int }

    /// What each worker made of it, where consensus is sought (Rapid and Studio); each has a `response` of its own.
    public var attempts: [JSON.Object] { self.json["attempts"]?.array?.compactMap(\.object) ?? [] }

    /// When the task was created.
    public var createdAt: Date? { self.date("created_at") }

    /// When anything about the task last changed.
    public var updatedAt: Date? { self.date("updated_at") }

    /// When the task was completed; nil while pending.
    public var completedAt: Date? { self.date("completed_at") }
}

extension ScaleTask {
    /// How far a task is.
    public struct Status: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A status by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not finished, or moved back by a recall.
        public static let pending: Self = "pending"
        /// Finished, with a response.
        public static let completed: Self = "completed"
        /// Cancelled before work started.
        public static let canceled: Self = "canceled"
        /// Scale could not process it; the response says why.
        public static let error: Self = "error"
    }
}
