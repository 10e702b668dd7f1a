/// A task to create, by what is known of its type.
///
/// The types that this library knows are values of their own, such as `ImageAnnotationTask`; `OtherTask` is for all
/// others. Add your own by conforming to this protocol.
public protocol ScaleTaskRequest: Sendable, Hashable {
    /// The type of the task.
    var type: ScaleTask.TaskType { get }

    /// What tasks of all types have.
    var options: TaskOptions { get set }

    /// The parameters of this type alone, in Scale's words (contract C2).
    ///
    /// A project can be given them too, for all its tasks.
    var parameters: JSON.Object { get }
}

extension ScaleTaskRequest {
    /// The whole body of the call that creates the task.
    public var body: JSON.Object {
        var body = self.options.json
        body.set(self.parameters)
        body.set(self.options.extra)
        return body
    }
}
