import Callbacks
import Foundation
import NIOCore

/// Makes callbacks as a year of work would bring them: of some projects and many batches, a few of them errors and
/// audits.
///
/// Like the load's, every one is of a task of its own, and nothing that the disk could save is in common to all.
struct BenchCallbacks: Sendable {
    /// How many callbacks in a row are of one batch.
    static let batchLength = 5000
    /// How many batches in a row are of one project.
    static let projectLength = 100

    private let template: CallbackTemplate
    private let base: [UInt8]
    private let start: Int
    private let run: Int
    private let projectOffsets: [Int]
    private let batchOffsets: [Int]
    private let statusOffsets: [Int]
    private let reviewOffsets: [Int]

    /// Makes callbacks whose bodies are of this size.
    ///
    /// - Throws: `CallbackTemplate.SizeError`.
    init(bodySize: Int, using generator: inout some RandomNumberGenerator) throws(CallbackTemplate.SizeError) {
        let template = try CallbackTemplate(target: .nowhere, key: nil, bodySize: bodySize, now: Date())
        self.template = template
        self.start = Int(Date().timeIntervalSince1970)
        self.run = Int(UInt32.random(in: .min ... .max, using: &generator))
        func offsets(of text: String) -> [Int] {
            var offsets: [Int] = []
            var rest = template.request[template.bodyOffset...]
            while let range = rest.firstRange(of: Array(text.utf8)) {
                offsets.append(range.lowerBound)
                rest = rest[range.upperBound...]
            }
            return offsets
        }
        let batchOffsets = offsets(of: #""urgency":"standard""#)
        var base = template.request
        for offset in batchOffsets { Self.write(#""batch":"batch_0000""#, into: &base, at: offset) }
        self.projectOffsets = offsets(of: "sample_project")
        self.batchOffsets = batchOffsets
        self.statusOffsets = offsets(of: #""status":"completed""#)
        self.reviewOffsets = offsets(of: #""callback_url":"https://callbacks.example.com/callbacks""#)
        self.base = base
    }

    /// The body of a callback, from 0.
    func body(_ number: Int) -> [UInt8] {
        var buffer = ByteBuffer(bytes: self.base)
        let (batch, inBatch) = number.quotientAndRemainder(dividingBy: Self.batchLength)
        // In the form of Scale's: the second of creation, in which some thousand tasks were created, comes first.
        let id = [self.start + number >> 12, self.run, number].flatMap(Self.hexadecimal)
        self.template.patch(&buffer, id: id, number: number)
        var body = Array(buffer.readableBytesView)
        for offset in self.projectOffsets {
            Self.write("project_" + Self.padded(batch / Self.projectLength, to: 6), into: &body, at: offset)
        }
        for offset in self.batchOffsets {
            Self.write(#""batch":"batch_"# + Self.padded(batch, to: 4), into: &body, at: offset)
        }
        // Spaces fill up what is shorter: the length never changes.
        switch inBatch % 50 {
        case 0: for offset in self.statusOffsets { Self.write(#""status":"error"    "#, into: &body, at: offset) }
        case 1...5:
            for offset in self.reviewOffsets {
                let review = #""customer_review_status":"accepted""#
                Self.write(review + String(repeating: " ", count: 56 - review.count), into: &body, at: offset)
            }
        default: break
        }
        return Array(body[self.template.bodyOffset...])
    }

    private static func write(_ text: String, into bytes: inout [UInt8], at offset: Int) {
        for (index, byte) in text.utf8.enumerated() { bytes[offset + index] = byte }
    }

    private static func padded(_ value: Int, to width: Int) -> String {
        let digits = String(value).suffix(width)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    private static func hexadecimal(_ number: Int) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return stride(from: 28, through: 0, by: -4).map { digits[number >> $0 & 15] }
    }
}

extension BenchTarget {
    /// Where nothing is sent.
    fileprivate static let nowhere = BenchTarget(host: "localhost")

    private init(host: String) {
        self.host = host
        self.port = 80
        self.path = "/"
        self.authority = host
    }
}
