import Callbacks

/// The values that an event has for placeholders.
extension Event {
    /// The placeholders that `placeholder(_:)` knows.
    static let placeholderNames = ["account", "batch", "event", "event_id", "project", "status", "task_id", "type"]

    /// The value of a placeholder; nil when the event has none, or none of this name.
    ///
    /// `event` is the kind of event, such as `completed`.
    func placeholder(_ name: String) -> String? {
        switch name {
        case "account": self.account
        case "batch": self.callback.batch
        case "event": self.callback.kind.rawValue
        case "event_id": String(self.id)
        case "project": self.callback.project
        case "status": self.callback.status
        case "task_id": self.callback.taskID
        case "type": self.callback.taskType
        default: nil
        }
    }
}
