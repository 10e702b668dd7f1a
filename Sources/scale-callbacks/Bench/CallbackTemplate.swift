import Foundation
import NIOCore
import ScaleAPI

/// A request whose bytes are made once, and of which each callback changes a few in place.
///
/// Every callback gets a task id, and each of its annotations a place and a UUID of its own, so that bodies have in
/// common what the callbacks of one project have in common and no more. The length never changes.
struct CallbackTemplate: Sendable {
    /// The length of a task id.
    static let idLength = 24
    /// Stands where the task id goes while the body is made.
    private static let idMark = "ffffffffffffffffffffffff"
    /// Stands where a coordinate goes, and is not written elsewhere.
    private static let placeMark: JSON = 7777.125
    /// Stands where a UUID goes; its last 16 digits are changed.
    private static let uuidMark = "b95620ee-0807-4229-bbbb-bbbbbbbbbbbb"

    /// Head and body as they go over the wire.
    let request: [UInt8]
    /// Where the body begins.
    let bodyOffset: Int
    private let idOffsets: [Int]
    private let placeOffsets: [Int]
    private let uuidOffsets: [Int]

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
        self.placeOffsets = Self.offsets(of: Self.placeMark.encodedString, in: body).map { $0 + start }
        self.uuidOffsets = Self.offsets(of: Self.uuidMark, in: body).map { $0 + start }
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
        // The response stands in the body twice, alike.
        let places = self.placeOffsets.count / 2
        for (index, offset) in self.placeOffsets.enumerated() {
            var bits = Self.mixed(number, index % places)
            // The first digit is never 0, which JSON forbids; the fifth is the point.
            for digit in 0..<8 where digit != 4 {
                let value = UInt8(truncatingIfNeeded: bits % 10)
                buffer.setInteger(UInt8(ascii: "0") + (digit == 0 ? max(1, value) : value), at: offset + digit)
                bits /= 10
            }
        }
        let uuids = self.uuidOffsets.count / 2
        for (index, offset) in self.uuidOffsets.enumerated() {
            var bits = Self.mixed(number, places + index % uuids)
            for digit in 19..<36 where digit != 23 {
                buffer.setInteger(Self.hexadecimal[Int(bits & 15)], at: offset + digit)
                bits >>= 4
            }
        }
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// The same bits for the same callback and place, and others for every other (SplitMix64).
    private static func mixed(_ number: Int, _ index: Int) -> UInt64 {
        var bits = (UInt64(truncatingIfNeeded: number) << 16 | UInt64(index)) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
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
            .map { _ -> JSON in
                [
                    "type": "box", "label": "truck", "attributes": ["occlusion": "25%"], "left": Self.placeMark,
                    "top": Self.placeMark,
                    "width": Self.placeMark, "height": Self.placeMark, "uuid": .string(Self.uuidMark),
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
