/// What came out of a task (contract C3).
///
/// Its properties read what the type of the task makes of it. One that is asked of another type's response reads as
/// nil or empty.
public struct TaskResponse: ScaleObject {
    /// The response as Scale sent it.
    public let json: JSON.Object

    /// A response from its JSON; nil unless that is an object.
    public init?(json: JSON) {
        guard let object = json.object else { return nil }
        self.json = object
    }

    /// Whether this is the customer's own fix, made while auditing (contract A3.2).
    public var isCustomerFix: Bool { self.json["is_customer_fix"]?.bool ?? false }
}

extension ScaleTask {
    /// `response` with readers of what is in it.
    public var result: TaskResponse? { self.json["response"].flatMap(TaskResponse.init(json:)) }
}
