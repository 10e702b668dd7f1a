/// Point clouds (contract C2, `lidarannotation`, `lidarsegmentation` and `lidartopdown`).
public struct LidarTask: ScaleTaskRequest {
    /// `lidarAnnotation`, `lidarSegmentation` or `lidarTopdown`.
    public var type: ScaleTask.TaskType
    /// The URLs of the frames, one JSON file each, in order.
    public var frames: [String]
    /// What to find.
    public var labels: [OntologyChoice]
    /// How far from the device to look, in metres.
    public var maximumDistance: Double?
    /// What to say about each annotation.
    public var attributes: [AnnotationAttribute] = []
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `lidarannotation`, or another one of these when said.
    public init(
        type: ScaleTask.TaskType = .lidarAnnotation,
        frames: [String],
        labels: [OntologyChoice],
        maximumDistance: Double? = nil,
        options: TaskOptions = .init()
    ) {
        self.type = type
        self.frames = frames
        self.labels = labels
        self.maximumDistance = maximumDistance
        self.options = options
    }

    /// The parameters of these types alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("attachment_type", AttachmentType.json.rawValue)
            $0.set("attachments", self.frames)
            $0.set("labels", self.labels)
            $0.set("max_distance_meters", self.maximumDistance)
            $0.set(attributes: self.attributes)
        }
    }
}
