/// An audit that says what is wrong without putting it right (contract B6).
///
/// Its fields beyond these are documented only in words; read them in `json`.
public struct FixlessAudit: ScaleObject {
    /// The audit as Scale sent it.
    public let json: JSON.Object

    /// An audit from its JSON; nil unless that is an object.
    public init?(json: JSON) {
        guard let object = json.object else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String? { self.json["id"]?.string }

    /// The task it is about.
    public var taskID: String? { self.json["task_id"]?.string }
}
