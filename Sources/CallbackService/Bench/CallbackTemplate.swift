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
    private let placeOffsets: [Twice]
    private let uuidOffsets: [Twice]

    /// Where one thing of the response stands: it is in the body twice, alike.
    private struct Twice {
        let first: Int
        let second: Int
    }

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
        self.placeOffsets = Self.pairs(of: Self.placeMark.encodedString, in: body, from: start)
        self.uuidOffsets = Self.pairs(of: Self.uuidMark, in: body, from: start)
    }

    /// Whether requests differ from one another.
    var isPatched: Bool { !self.idOffsets.isEmpty }

    /// Makes a GET without a body, of which all are alike.
    init(empty target: BenchTarget) {
        self.request = Array("GET \(target.path) HTTP/1.1\r\nHost: \(target.authority)\r\n\r\n".utf8)
        self.bodyOffset = self.request.count
        self.idOffsets = []
        self.placeOffsets = []
        self.uuidOffsets = []
    }

    /// The body is too small to be a callback.
    struct SizeError: Error, Hashable, CustomStringConvertible {
        /// The smallest size that is possible, in bytes.
        let minimum: Int
        /// What to do.
        var description: String { "The smallest callback takes \(self.minimum) bytes; raise --body-size." }
    }

    /// Turns `buffer`, which holds `request` and nothing else, into the callback of this task. It happens in place when
    /// nobody else holds the buffer, which is so once it is sent.
    func patch(_ buffer: inout ByteBuffer, id: [UInt8], number: Int) {
        let hexadecimal = Self.hexadecimal
        let decimal = Self.decimal
        buffer.withUnsafeMutableReadableBytes { bytes in
            precondition(bytes.count == self.request.count && id.count == Self.idLength)
            for offset in self.idOffsets {
                UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + Self.idLength]).copyBytes(from: id)
            }
            for (index, offsets) in self.placeOffsets.enumerated() {
                let text = Self.place(Self.mixed(number, index), decimal)
                bytes.storeBytes(of: text, toByteOffset: offsets.first, as: UInt64.self)
                bytes.storeBytes(of: text, toByteOffset: offsets.second, as: UInt64.self)
            }
            for (index, offsets) in self.uuidOffsets.enumerated() {
                let bits = Self.mixed(number, self.placeOffsets.count + index)
                for offset in [offsets.first, offsets.second] {
                    for (digit, shift) in zip(Self.changedPairs, stride(from: 0, to: 64, by: 8)) {
                        let pair = hexadecimal[Int(truncatingIfNeeded: bits >> UInt64(shift)) & 0xFF]
                        bytes.storeBytes(of: pair, toByteOffset: offset + digit, as: UInt16.self)
                    }
                }
            }
        }
    }

    /// The digits of a UUID that differ, by twos; there is a dash between the second and the third two.
    private static let changedPairs = [19, 21, 24, 26, 28, 30, 32, 34]
    /// Two digits each, in the order of bytes in memory.
    private static let hexadecimal = Self.pairs(of: "0123456789abcdef")
    private static let decimal = Self.pairs(of: "0123456789")

    private static func pairs(of digits: String) -> [UInt16] {
        digits.utf8.flatMap { first in digits.utf8.map { (UInt16($0) << 8 | UInt16(first)).littleEndian } }
    }

    /// Eight characters such as `4711.125`, in the order of bytes in memory. The first is never 0, which JSON forbids.
    private static func place(_ bits: UInt64, _ decimal: [UInt16]) -> UInt64 {
        // Four draws of 16 bits; that some digits are a little likelier does not matter here.
        let first = UInt64(decimal[10 + Int(bits & 0xFFFF) % 90].littleEndian)
        let second = UInt64(decimal[Int(bits >> 16 & 0xFFFF) % 100].littleEndian)
        let point = UInt64(UInt8(ascii: "."))
        let third = UInt64(UInt8(ascii: "0")) + (bits >> 32 & 0xFFFF) % 10
        let fourth = UInt64(decimal[Int(bits >> 48) % 100].littleEndian)
        return (first | second << 16 | point << 32 | third << 40 | fourth << 48).littleEndian
    }

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

    private static func pairs(of mark: String, in body: [UInt8], from start: Int) -> [Twice] {
        let offsets = Self.offsets(of: mark, in: body).map { $0 + start }
        return zip(offsets.prefix(offsets.count / 2), offsets.suffix(offsets.count / 2)).map(Twice.init)
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
        let parts = (self.start &+ number >> 12, self.run, number)
        let digits = Self.digits
        let id = [UInt8](unsafeUninitializedCapacity: CallbackTemplate.idLength) { bytes, count in
            func write(_ part: UInt32) {
                for shift in stride(from: UInt32(28), through: 0, by: -4) {
                    bytes.initializeElement(at: count, to: digits[Int(part >> shift & 15)])
                    count += 1
                }
            }
            write(parts.0)
            write(parts.1)
            write(parts.2)
        }
        return (id, Int(number))
    }
}
