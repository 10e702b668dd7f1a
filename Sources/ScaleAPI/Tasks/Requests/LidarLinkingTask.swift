/// The cuboids of a lidar task in its camera images (contract C2, `lidarlinking`).
public struct LidarLinkingTask: ScaleTaskRequest {
    /// The id of the lidar task.
    public var lidarTask: String
    /// What to draw in the images.
    public var annotationType: String?
    /// Which labels become which; by Scale's names, which are not known here.
    public var labelMaps: JSON.Object = [:]
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `lidarlinking`.
    public init(lidarTask: String, annotationType: String? = nil, options: TaskOptions = .init()) {
        self.lidarTask = lidarTask
        self.annotationType = annotationType
        self.options = options
    }

    /// `lidarlinking`
    public var type: ScaleTask.TaskType { .lidarLinking }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("lidar_task", self.lidarTask)
            $0.set("annotation_type", self.annotationType)
            $0.set(self.labelMaps)
        }
    }
}
