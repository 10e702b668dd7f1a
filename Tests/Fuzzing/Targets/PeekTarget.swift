import Callbacks
import Foundation
import ScaleAPI

/// Any bytes as the body of a callback: taken exactly when they are strict JSON, and read without contradiction.
struct PeekTarget: FuzzTarget {
    /// How long reading may take for a byte of a long body, with all of the sanitizers' checks.
    private static let timeForAByte: Duration = .nanoseconds(2000)

    private var count = 0

    mutating func tryOut(_ input: [UInt8]) -> Bool {
        let callback = try? Callback(body: input)
        require((callback != nil) == JSONGrammar.accepts(input), "JSON or not is a matter of opinion")
        guard let callback else {
            // Kept too: what is nearly JSON is as good a start as JSON.
            return true
        }
        self.checkReading(callback, of: input)
        self.checkValues(of: callback.document)
        self.count += 1
        if self.count % 256 == 0 { self.checkTime(with: input) }
        return true
    }

    private func checkReading(_ callback: Callback, of input: [UInt8]) {
        require(callback.document.bytes == input, "the body is not the one that came")
        require(callback.fingerprint.count == 32, "a fingerprint has 32 bytes")
        let json = JSON(callback.document.root)
        switch callback.subject {
        case .task(let id):
            require(callback.kind != .batch, "a task is no batch")
            let ids = [json["task_id"]?.string, json["task"]?["task_id"]?.string].compactMap(\.self)
            require(!ids.isEmpty && ids.allSatisfy { $0 == id }, "the body does not say this id")
            require(callback.taskID == id, "two ids")
            require((1...128).contains(id.utf8.count), "no id is that long")
        case .batch(let name):
            require(json["batch"]?.string == name && callback.batch == name, "the body does not say this batch")
            require(callback.kind == (json["status"]?.string == nil ? .unrecognised : .batch), "a batch is a batch")
        case .unrecognised:
            require(callback.kind == .unrecognised, "a kind without a subject")
            require(callback.taskID == nil && callback.status == nil, "unrecognised and yet known")
        }
        if callback.subject != .unrecognised {
            let task = json["task"]
            require(callback.tags == task?["tags"]?.array?.compactMap(\.string) ?? [], "the tags are others")
            require(callback.metadataKeys == task?["metadata"]?.object?.members.map(\.key) ?? [], "metadata differ")
            require(callback.response.map { JSON($0) } == json["response"] ?? task?["response"], "responses differ")
        }
        _ = ScaleTask(json: json["task"] ?? json).map { Callback(task: $0) }
    }

    /// A value read in place, a value decoded and a value written and decoded again are the same.
    private func checkValues(of document: JSONDocument) {
        let json = JSON(document.root)
        require(Self.isSame(document.root, json), "two ways to read it give two values")
        guard let again = try? JSON(parsing: json.encoded) else { found("what was written cannot be read") }
        require(again == json, "what was written is read as another value")
        require(again.encoded == json.encoded, "what was written is written in another way")
    }

    private static func isSame(_ node: JSONDocument.Node, _ json: JSON) -> Bool {
        switch json {
        case .null: return node.kind == .null
        case .bool: return node.kind == .bool
        case .number(let number):
            if let int = number.int, int.magnitude < 1 << 52, number.double != Double(int) { return false }
            return node.kind == .number && node.text.elementsEqual(number.literal.utf8)
        case .string(let text): return node.kind == .string && node.string == text
        case .array(let elements):
            let nodes = node.elements
            return node.kind == .array && nodes.count == elements.count
                && zip(nodes, elements).allSatisfy { Self.isSame($0, $1) }
        case .object(let object):
            let members = node.members
            return node.kind == .object && members.count == object.members.count
                && zip(members, object.members).allSatisfy { $0.key == $1.key && Self.isSame($0.value, $1.value) }
        }
    }

    /// The same value many times over, in one body, must not take more than so many times as long.
    private func checkTime(with input: [UInt8]) {
        let copies = max(2, 200_000 / max(input.count, 1))
        for opening in [#"{"task_id":"a","status":"completed","response":["#, #"{"task_id":"a","task":{"audits":["#] {
            var body = Array(opening.utf8)
            for copy in 0..<copies {
                if copy > 0 { body.append(UInt8(ascii: ",")) }
                body += input
            }
            body += opening.hasSuffix(#""audits":["#) ? Array("]}}".utf8) : Array("]}".utf8)
            let start = processorTime()
            let isTaken = (try? Callback(body: body)) != nil
            let time = processorTime() - start
            require(isTaken == JSONGrammar.accepts(body), "JSON or not is a matter of opinion")
            require(time < Self.timeForAByte * body.count, "\(body.count) bytes took \(time)")
        }
    }
}
