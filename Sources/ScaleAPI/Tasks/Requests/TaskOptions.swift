/// What a task of any type can be created with (contract C2).
public struct TaskOptions: Sendable, Hashable {
    /// The project; the task inherits its parameters.
    public var project: String?
    /// The batch, which must be of that project.
    public var batch: String?
    /// What the workers are told; the project's instruction is added to it.
    public var instruction: String?
    /// Who is called back: a URL or an email address; nil for the account's default.
    public var callbackURL: String?
    /// Your own name for the task, unique across the account.
    ///
    /// With one, a task that was made behind a failure is found instead of made twice. Begin it with the project's name.
    public var uniqueID: String?
    /// Whether the unique id becomes free when Scale cannot process the task.
    public var clearsUniqueIDOnError = false
    /// More for the workers to look at: URLs.
    public var contextAttachments: [String] = []
    /// Your own data, at most 10 KB.
    public var metadata: JSON.Object = [:]
    /// 10 to 30, higher is sooner.
    public var priority: Int?
    /// At most five.
    public var tags: [String] = []
    /// The version of the project's parameters to inherit; nil for the latest, -1 for none.
    public var projectParamVersion: Int?
    /// What a model found, in the form of a response, for workers to begin with.
    public var hypothesis: JSON?
    /// Annotations to begin with, and what workers may do to them.
    public var baseAnnotations: BaseAnnotations?
    /// Parameters that are not known here; they win over those that are.
    public var extra: JSON.Object = [:]

    /// Options; those not named here can be set afterwards.
    public init(
        project: String? = nil,
        batch: String? = nil,
        instruction: String? = nil,
        callbackURL: String? = nil,
        uniqueID: String? = nil
    ) {
        self.project = project
        self.batch = batch
        self.instruction = instruction
        self.callbackURL = callbackURL
        self.uniqueID = uniqueID
    }

    /// The options in Scale's words, without `extra`.
    var json: JSON.Object {
        .making {
            $0.set("project", self.project)
            $0.set("batch", self.batch)
            $0.set("instruction", self.instruction)
            $0.set("callback_url", self.callbackURL)
            $0.set("unique_id", self.uniqueID)
            $0.set("clear_unique_id_on_error", self.clearsUniqueIDOnError ? true : nil)
            $0.set("context_attachments", self.contextAttachments.map { JSON.object(["attachment": .string($0)]) })
            $0.set("metadata", self.metadata)
            $0.set("priority", self.priority)
            $0.set("tags", self.tags)
            $0.set("project_param_version", self.projectParamVersion)
            $0.set("hypothesis", self.hypothesis)
            if let base = self.baseAnnotations {
                $0.set("base_annotations", base.annotations)
                $0.set("can_add_base_annotations", base.canAdd)
                $0.set("can_edit_base_annotations", base.canEdit)
                $0.set("can_edit_base_annotation_labels", base.canEditLabels)
                $0.set("can_delete_base_annotations", base.canDelete)
            }
        }
    }

    /// Annotations that workers begin with, and what they may do to them; nil leaves the choice to Scale.
    public struct BaseAnnotations: Sendable, Hashable {
        /// The annotations, in the form of a response.
        public var annotations: JSON
        /// Whether workers may add annotations.
        public var canAdd: Bool?
        /// Whether workers may move and reshape them.
        public var canEdit: Bool?
        /// Whether workers may change their labels.
        public var canEditLabels: Bool?
        /// Whether workers may delete them.
        public var canDelete: Bool?

        /// Annotations to begin with.
        public init(
            _ annotations: JSON,
            canAdd: Bool? = nil,
            canEdit: Bool? = nil,
            canEditLabels: Bool? = nil,
            canDelete: Bool? = nil
        ) {
            self.annotations = annotations
            self.canAdd = canAdd
            self.canEdit = canEdit
            self.canEditLabels = canEditLabels
            self.canDelete = canDelete
        }
    }
}
