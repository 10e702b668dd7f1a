/// A label for each pixel of an image (contract C2, `segmentannotation`).
public struct SegmentAnnotationTask: ScaleTaskRequest {
    /// The URL of the image.
    public var attachment: String
    /// Labels for all pixels of a kind together.
    public var labels: [OntologyChoice]
    /// Labels for each thing by itself.
    public var instanceLabels: [OntologyChoice]
    /// Whether pixels may be left without a label; nil for Scale's own choice.
    public var allowsUnlabeled: Bool?
    /// What to say about each label.
    public var attributes: [AnnotationAttribute] = []
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `segmentannotation`.
    public init(
        attachment: String,
        labels: [OntologyChoice] = [],
        instanceLabels: [OntologyChoice] = [],
        allowsUnlabeled: Bool? = nil,
        options: TaskOptions = .init()
    ) {
        self.attachment = attachment
        self.labels = labels
        self.instanceLabels = instanceLabels
        self.allowsUnlabeled = allowsUnlabeled
        self.options = options
    }

    /// `segmentannotation`
    public var type: ScaleTask.TaskType { .segmentAnnotation }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("attachment_type", AttachmentType.image.rawValue)
            $0.set("attachment", self.attachment)
            $0.set("labels", self.labels)
            $0.set("instance_labels", self.instanceLabels)
            $0.set("allow_unlabeled", self.allowsUnlabeled)
            $0.set(attributes: self.attributes)
        }
    }
}
