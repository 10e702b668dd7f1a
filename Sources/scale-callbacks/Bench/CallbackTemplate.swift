import Foundation
import NIOCore
import ScaleAPI

/// A request whose bytes are made once, and of which each callback changes a few in place.
///
/// Every callback gets a task id and a coordinate of its own; the length never changes.
struct CallbackTemplate: Sendable {
    /// The length of a task id.
    static let idLength = 24
    /// Stands where the task id goes while the body is made.
    private static let idMark = "ffffffffffffffffffffffff"
    /// Stands where the coordinate goes.
    private static let numberMark = 8_888_888
    private static let numberLength = 7

    /// Head and body as they go over the wire.
    let request: [UInt8]
    /// Where the body begins.
    let bodyOffset: Int
    private let idOffsets: [Int]
    private let numberOffsets: [Int]

    /// Makes the request.
    ///
    /// - Throws: `SizeError` when `bodySize` is less than what one annotation takes.
    init(target: BenchTarget, key: Secret?, bodySize: Int, now: Date) throws(SizeError) {
        let body = try Self.body(size: bodySize, now: now)
        var head = "POST \(target.path) HTTP/1.1\r\nHost: \(target.authority)\r\n"
        head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        if let key { head += "scale-callback-auth: \(key.exposed)\r\n" }
        head += "\r\n"
        self.bodyOffset = head.utf8.count
        self.request = Array(head.utf8) + body
        let start = self.bodyOffset
        self.idOffsets = Self.offsets(of: Self.idMark, in: body).map { $0 + start }
        self.numberOffsets = Self.offsets(of: String(Self.numberMark), in: body).map { $0 + start }
    }

    /// The body is too small to be a callback.
    struct SizeError: Error, Hashable, CustomStringConvertible {
        /// The smallest size that is possible, in bytes.
        let minimum: Int
        /// What to do.
        var description: String { "The smallest callback takes \(self.minimum) bytes; raise --body-size." }
    }

    /// Turns `buffer`, which holds `request`, into the callback of this task. It happens in place when nobody else
    /// holds the buffer, which is so once it is sent.
    func patch(_ buffer: inout ByteBuffer, id: [UInt8], number: Int) {
        for offset in self.idOffsets { buffer.setBytes(id, at: offset) }
        // Never starts with 0, which JSON forbids.
        let digits = String(1_000_000 + abs(number % 9_000_000)).utf8
        for offset in self.numberOffsets { buffer.setBytes(digits, at: offset) }
    }

    // MARK: - The body

    private static func body(size: Int, now: Date) throws(SizeError) -> [UInt8] {
        let base = Self.encoded(annotations: 1, instruction: "", now: now)
        guard size >= base.count else { throw SizeError(minimum: base.count) }
        let step = Self.encoded(annotations: 2, instruction: "", now: now).count - base.count
        let annotations = 1 + (size - base.count) / step
        let missing = size - Self.encoded(annotations: annotations, instruction: "", now: now).count
        return Self.encoded(annotations: annotations, instruction: Self.text(length: missing), now: now)
    }

    private static func text(length: Int) -> String {
        let sentence = "Label every vehicle and person visible on the quay. "
        return String(String(repeating: sentence, count: length / sentence.count + 1).prefix(length))
    }

    private static func encoded(annotations: Int, instruction: String, now: Date) -> [UInt8] {
        var body = SampleCallback.imageannotation.body(taskID: Self.idMark, now: now)
        let elements = (0..<annotations)
            .map { index -> JSON in
                // Four digits each, so that all annotations have the same length.
                let place = 1000 + index * 37 % 9000
                return [
                    "type": "box", "label": "truck", "attributes": ["occlusion": "25%"],
                    "left": .number(JSON.Number(index == 0 ? Self.numberMark : 1_000_000 + place)),
                    "top": .number(JSON.Number(place)), "width": 266, "height": 171.25,
                    "uuid": .string("b95620ee-0807-4229-a40e-\(100_000_000_000 + index)"),
                ]
            }
        let response: JSON = ["annotations": .array(elements), "global_attributes": [:]]
        guard case .object(var root) = body, case .object(var task)? = root["task"] else { return body.encoded }
        task["instruction"] = .string(instruction)
        task["response"] = response
        root["task"] = .object(task)
        root["response"] = response
        body = .object(root)
        return body.encoded
    }

    private static func offsets(of mark: String, in body: [UInt8]) -> [Int] {
        var offsets: [Int] = []
        var rest = body[...]
        while let range = rest.firstRange(of: Array(mark.utf8)) {
            offsets.append(range.lowerBound)
            rest = rest[range.upperBound...]
        }
        return offsets
    }
}

/// Gives out task ids in the form of Scale's: 8 digits of a second, 8 of this run, and 8 that count.
///
/// The seconds pass as if some thousand tasks were created in each.
struct TaskIDSequence {
    private static let digits = Array("0123456789abcdef".utf8)

    private let start: UInt32
    private let run: UInt32
    private var next: UInt32 = 0

    /// Starts a run that no other run is likely to equal.
    ///
    /// - Parameter start: The second of the first id, counted from 1970.
    init(start: UInt32 = UInt32(Date().timeIntervalSince1970), using generator: inout some RandomNumberGenerator) {
        self.start = start
        self.run = UInt32.random(in: .min ... .max, using: &generator)
    }

    /// The next id and its number in the run.
    mutating func take() -> (id: [UInt8], number: Int) {
        let number = self.next
        self.next &+= 1
        var id: [UInt8] = []
        id.reserveCapacity(CallbackTemplate.idLength)
        for part in [self.start &+ number >> 12, self.run, number] {
            for shift in stride(from: 28, through: 0, by: -4) {
                id.append(Self.digits[Int(part >> UInt32(shift) & 15)])
            }
        }
        return (id, Int(number))
    }
}
