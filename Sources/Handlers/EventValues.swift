import Callbacks
import ScaleAPI

/// What the placeholders of one event stand for: columns of the row that was found, then what the event itself says.
struct EventValues {
    let event: Event
    /// The columns of the handler's `find`; they hide what the event has under the same name.
    var columns: [String] = []
    /// The row.
    var row: JSON.Object = [:]

    /// A value with its type; nil when there is none, or null.
    func json(_ name: String) -> JSON? {
        let value =
            if self.columns.contains(name) {
                self.row[name]
            } else if let key = Event.metadataKey(of: name) {
                self.event.metadata(key)
            } else {
                self.event.placeholder(name).map { JSON.string($0) }
            }
        return value == .null ? nil : value
    }

    /// A value as text; nil when there is none, or it is a list or an object.
    func text(_ name: String) -> String? { self.json(name)?.plainText }
}

extension JSON {
    /// A string, number or truth value as people write it; nil for all else.
    var plainText: String? {
        switch self {
        case .string(let text): text
        case .number, .bool: self.encodedString
        case .null, .array, .object: nil
        }
    }
}
