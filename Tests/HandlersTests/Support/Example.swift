import Callbacks
import Foundation
import Logging
import ScaleAPI
import Synchronization

@testable import Handlers

/// Makes callbacks and events from the copied examples.
enum Example {
    /// The bytes of an example, by the beginning of its file name.
    static func body(_ prefix: String) throws -> [UInt8] {
        let folder = Bundle.module.bundleURL.appendingPathComponent("Examples")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let name = try present(names.first { $0.hasPrefix(prefix) })
        return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// A result file of the examples, by the type of its task.
    static func resultFile(_ type: String) throws -> JSONDocument {
        try JSONDocument(self.body("result-\(type)."))
    }

    /// The callback of an example, after `change` to its task; the response stays the task's.
    static func callback(_ prefix: String, change: (inout JSON.Object) -> Void = { _ in }) throws -> Callback {
        var root = try present(try JSON(parsing: self.body(prefix)).object)
        if var task = root["task"]?.object {
            if task["response"] == nil { task["response"] = root["response"] }
            change(&task)
            root["task"] = .object(task)
            root["response"] = task["response"]
        }
        return try Callback(body: JSON.object(root).encoded)
    }

    /// The box example with these annotations instead of its own.
    static func boxes(_ annotations: [JSON], change: (inout JSON.Object) -> Void = { _ in }) throws -> Callback {
        try self.callback("01-") { task in
            task["response"] = ["annotations": .array(annotations)]
            change(&task)
        }
    }

    /// A completed task of a type, with what it asks for and its response.
    static func task(
        _ type: String,
        params: JSON = [:],
        response: JSON?,
        change: (inout JSON.Object) -> Void = { _ in }
    ) throws -> Callback {
        var task: JSON.Object = ["task_id": "65c5704c6bf306f6b6e3422f", "type": .string(type), "status": "completed"]
        task["params"] = params
        task["response"] = response
        change(&task)
        return try Callback(body: JSON.object(["task": .object(task), "task_id": task["task_id"] ?? .null]).encoded)
    }

    /// Values for the parameters that a check must have.
    static func parameters(of check: String) -> [String: String] {
        let values = [
            "count": "100", "label": "truck", "other": "person", "pattern": "x", "minimum": "3", "maximum": "9",
        ]
        let required = Check.named(check)?.parameters.filter(\.isRequired).map(\.name) ?? []
        return values.filter { required.contains($0.key) }
    }

    /// An event with a callback.
    static func event(_ callback: Callback, id: Int64 = 7, receivedAt: Int64 = 1_741_700_000_000) -> Event {
        Event(id: id, account: "live", receivedAt: receivedAt, origin: .callback, callback: callback)
    }

    /// One box of the label `truck` that nothing is wrong with.
    static func box(_ changes: [String: JSON] = [:]) -> JSON {
        var box: JSON.Object = [
            "type": "box", "label": "truck", "left": 10, "top": 20, "width": 100, "height": 50,
            "attributes": ["occlusion": "25%", "hi_vis": "no"], "uuid": "u1",
        ]
        for key in changes.keys.sorted() { box[key] = changes[key] }
        return .object(box)
    }
}

/// A missing fixture, as an error and not as a crash.
struct MissingFixture: Error {}

func present<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw MissingFixture() }
    return value
}

/// The notes that a handler kept.
final class NoteBook: Sendable {
    private let kept = Mutex<[JSON]>([])

    var notes: [JSON] { self.kept.withLock { $0 } }

    /// A context that keeps its notes here.
    func context(
        scale: ScaleClient? = nil,
        newerEvent: Int64? = nil,
        attempt: Int = 1,
        earlierNotes: [JSON] = []
    ) -> HandlerContext {
        HandlerContext(
            attempt: attempt,
            scale: scale,
            newerEvent: newerEvent,
            earlierNotes: earlierNotes,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            keepNote: { note in self.kept.withLock { $0.append(note) } }
        )
    }
}
