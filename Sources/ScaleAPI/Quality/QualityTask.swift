/// A task with a known answer: an evaluation task, which measures workers, or a training task, which teaches them
/// (contract B6).
public struct QualityTask: ScaleObject {
    /// The task as Scale sent it.
    public let json: JSON.Object

    /// A task from its JSON; nil unless that is an object with an `id`.
    ///
    /// It is no `ScaleTask`, whose key is `task_id`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "id") else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String { self.text("id") }

    /// The answer that is right.
    public var expectedResponse: TaskResponse? { self.json["expected_response"].flatMap(TaskResponse.init(json:)) }

    /// The answer that is to be reviewed; nil when workers begin from nothing.
    public var initialResponse: TaskResponse? { self.json["initial_response"].flatMap(TaskResponse.init(json:)) }
}
