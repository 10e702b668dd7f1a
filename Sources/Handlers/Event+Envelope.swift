import Callbacks
import ScaleAPI

/// An event as one JSON document, for programs and servers that do not know our types.
extension Event {
    /// The event on one line: what is known of it, then its callback with all bytes that mean something.
    ///
    /// - Parameter further: Members besides those that are the same for every reader and every attempt.
    func envelope(_ further: [(key: String, value: JSON)] = []) -> [UInt8] {
        let callback = self.callback
        var members: [(key: String, value: JSON)] = [
            ("id", .number(.init(Int(self.id)))),
            ("account", .string(self.account)),
            ("kind", .string(callback.kind.rawValue)),
            ("task_id", Self.text(callback.taskID)),
            ("type", Self.text(callback.taskType)),
            ("status", Self.text(callback.status)),
            ("project", Self.text(callback.project)),
            ("batch", Self.text(callback.batch)),
            ("received_at", .string(ScaleDate.string(milliseconds: self.receivedAt))),
            ("origin", .string(self.origin.rawValue)),
        ]
        members += further
        var line: [UInt8] = [UInt8(ascii: "{")]
        line.reserveCapacity(self.body.count + 512)
        for (key, value) in members {
            line += JSON.string(key).encoded + [UInt8(ascii: ":")] + value.encoded + [UInt8(ascii: ",")]
        }
        line += Array("\"callback\":".utf8)
        // In strict JSON a line break is white space: inside of texts it is escaped.
        line += self.body.lazy.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}
