/// Geometries in one image (contract C2, `imageannotation`).
///
/// ```swift
/// let task = ImageAnnotationTask(
///     attachment: "https://assets.example.com/quay/000481.jpg",
///     geometries: [.box(["truck", "person"], minimumWidth: 8)],
///     options: TaskOptions(project: "dockyard", uniqueID: "dockyard/000481")
/// )
/// let created = try await scale.createTask(task)
/// ```
public struct ImageAnnotationTask: ScaleTaskRequest {
    /// The URL of the image: `http(s)`, `s3`, `gs` or `scaledata`.
    public var attachment: String
    /// What to draw, around what.
    public var geometries: [AnnotationGeometry]
    /// What to say about each annotation.
    public var attributes: [AnnotationAttribute]
    /// How annotations may be linked, as Scale describes it.
    public var links: JSON?
    /// Whether workers also give labels; nil for Scale's own choice.
    public var withLabels: Bool?
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `imageannotation`.
    public init(
        attachment: String,
        geometries: [AnnotationGeometry],
        attributes: [AnnotationAttribute] = [],
        options: TaskOptions = .init()
    ) {
        self.attachment = attachment
        self.geometries = geometries
        self.attributes = attributes
        self.options = options
    }

    /// `imageannotation`
    public var type: ScaleTask.TaskType { .imageAnnotation }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("attachment_type", AttachmentType.image.rawValue)
            $0.set("attachment", self.attachment)
            $0.set(geometries: self.geometries)
            $0.set(attributes: self.attributes)
            $0.set("links", self.links)
            $0.set("with_labels", self.withLabels)
        }
    }
}
