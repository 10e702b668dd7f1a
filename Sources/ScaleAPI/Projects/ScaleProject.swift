public import Foundation

/// A project: tasks of one type with the parameters they inherit (contract B3).
public struct ScaleProject: ScaleObject {
    /// The project as Scale sent it.
    public let json: JSON.Object

    /// A project from its JSON; nil unless that is an object with a `name`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "name") else { return nil }
        self.json = object
    }

    /// The name, unique across the account.
    public var name: String { self.text("name") }

    /// The type of its tasks.
    public var type: ScaleTask.TaskType? { self.json["type"]?.string.map(ScaleTask.TaskType.init(rawValue:)) }

    /// All versions of its parameters, oldest first; may be empty.
    public var paramHistory: [JSON.Object] { self.json["param_history"]?.array?.compactMap(\.object) ?? [] }

    /// The parameters that new tasks inherit: the last of the history.
    public var params: JSON.Object? { self.paramHistory.last }

    /// The version of `params`, for `TaskOptions.projectParamVersion`.
    public var version: Int? { self.params?["version"]?.int }

    /// What the workers of all its tasks are told.
    public var instruction: String? { self.params?["instruction"]?.string }

    /// Whether it is put away.
    public var isArchived: Bool { self.json["archived"]?.bool ?? false }

    /// When it was created.
    public var createdAt: Date? { self.date("created_at") }
}

extension ScaleProject {
    /// How the work of a project is organised.
    public struct Pipeline: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A pipeline by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// One attempt, then review.
        public static let standard: Self = "standard_task"
        /// Several attempts that are brought together.
        public static let consensus: Self = "consensus_task"
    }

    /// The form in which a project's tasks are filled in; only chat and text collection have one (contract B3).
    public struct TaskTemplate: ScaleObject {
        /// The template as Scale sent it.
        public let json: JSON.Object

        /// A template from its JSON; nil unless that is an object with an `id`.
        public init?(json: JSON) {
            guard let object = json.object(identifiedBy: "id") else { return nil }
            self.json = object
        }

        /// Scale's id.
        public var id: String { self.text("id") }

        /// The version.
        public var version: Int? { self.json["version"]?.int }

        /// What a task has to fill in, as Scale describes it.
        public var templateVariables: JSON? { self.json["template_variables"] }

        /// What the responses look like, where the account has that.
        public var responseSchema: JSON? { self.json["response_schema"] }

        /// Whether workers can be prepared for the project without people.
        public var isAutoOnboardEnabled: Bool { self.json["auto_onboard_enabled"]?.bool ?? false }

        /// When it was created.
        public var createdAt: Date? { self.date("created_at") }

        /// When it last changed.
        public var updatedAt: Date? { self.date("updated_at") }
    }
}
