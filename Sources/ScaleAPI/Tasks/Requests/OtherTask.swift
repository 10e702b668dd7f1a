/// A task of a type that has no request of its own, or with parameters of your own making.
public struct OtherTask: ScaleTaskRequest {
    /// The type of the task.
    public var type: ScaleTask.TaskType
    /// The parameters of this type alone (contract C2).
    public var parameters: JSON.Object
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of any type.
    public init(type: ScaleTask.TaskType, parameters: JSON.Object, options: TaskOptions = .init()) {
        self.type = type
        self.parameters = parameters
        self.options = options
    }
}
