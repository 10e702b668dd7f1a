import Callbacks
import ScaleAPI

/// The values that an event has for placeholders.
extension Event {
    /// The placeholders that `placeholder(_:)` knows, but for `metadata.KEY`.
    static let placeholderNames = ["account", "batch", "event", "event_id", "project", "status", "task_id", "type"]

    private static let metadataPrefix = "metadata."

    /// The key that `metadata.KEY` asks for; nil when the placeholder is another.
    static func metadataKey(of placeholder: String) -> String? {
        guard placeholder.hasPrefix(Self.metadataPrefix) else { return nil }
        let key = placeholder.dropFirst(Self.metadataPrefix.count)
        return key.isEmpty ? nil : String(key)
    }

    /// Whether `placeholder(_:)` may have a value for a name.
    static func isPlaceholder(_ name: String) -> Bool {
        Self.placeholderNames.contains(name) || Self.metadataKey(of: name) != nil
    }

    /// The value of a placeholder; nil when the event has none, or none of this name.
    ///
    /// `event` is the kind of event, such as `completed`; `metadata.KEY` is a text, number or truth value of the task's
    /// metadata.
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
        default: Self.metadataKey(of: name).flatMap { self.metadata($0)?.plainText }
        }
    }

    /// A value of the task's metadata: of this very key, else along the dots in it. Nil when there is none.
    func metadata(_ key: String) -> JSON? {
        guard let metadata = self.callback.task?["metadata"], metadata.kind == .object else { return nil }
        if let value = metadata[key] { return JSON(value) }
        var node = metadata
        for part in key.split(separator: ".", omittingEmptySubsequences: false) {
            guard node.kind == .object, let next = node[String(part)] else { return nil }
            node = next
        }
        return JSON(node)
    }
}
