/// One or several categories for an attachment (contract C2, `categorization`).
public struct CategorizationTask: ScaleTaskRequest {
    /// A URL, or the text itself.
    public var attachment: String
    /// What the attachment is.
    public var attachmentType: AttachmentType
    /// The categories to choose from.
    public var categories: [String]
    /// Your own ids of categories, by name, for responses to name them too.
    public var categoryIDs: JSON.Object = [:]
    /// Whether several may be chosen; nil for Scale's own choice.
    public var allowsMultiple: Bool?
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `categorization`.
    public init(
        attachment: String,
        attachmentType: AttachmentType = .image,
        categories: [String],
        allowsMultiple: Bool? = nil,
        options: TaskOptions = .init()
    ) {
        self.attachment = attachment
        self.attachmentType = attachmentType
        self.categories = categories
        self.allowsMultiple = allowsMultiple
        self.options = options
    }

    /// `categorization`
    public var type: ScaleTask.TaskType { .categorization }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("attachment_type", self.attachmentType.rawValue)
            $0.set("attachment", self.attachment)
            $0.set("categories", self.categories)
            $0.set("category_ids", self.categoryIDs)
            $0.set("allow_multiple", self.allowsMultiple)
        }
    }
}
