import Foundation
import NIOCore

/// Reads HTTP/1.1 answers one after the other, of which only the status and the end matter.
///
/// A decision in a value: bytes in, answers out. It knows `Content-Length`, chunked bodies, bodies that end with the
/// connection, interim answers, and answers without a body; anything else is an error.
struct AnswerReader {
    /// One whole answer.
    struct Answer: Hashable {
        /// The status.
        var status: Int
        /// Whether the connection can take another request.
        var keepsAlive: Bool
    }

    /// The bytes are not an answer.
    struct Malformed: Error, Hashable {}

    private enum State {
        case head
        case body(Answer, remaining: Int)
        case chunkSize(Answer)
        case chunk(Answer, remaining: Int)
        case trailers(Answer)
        case untilClose(Answer)
    }

    /// What a head says: what follows it, or that the answer ends with it.
    private struct Head {
        var next: State
        var answer: Answer?
    }

    private static let maximumLine = 64 * 1024
    private var state = State.head
    /// The last head. Nearly every answer begins with the same bytes as the one before, and these are read already.
    private var last: (bytes: [UInt8], head: Head)?

    /// Takes what has arrived and gives the next whole answer, or nil while it is not complete.
    mutating func next(from buffer: inout ByteBuffer) throws(Malformed) -> Answer? {
        while true {
            switch self.state {
            case .head:
                guard let head = try self.takeHead(from: &buffer) else { return nil }
                self.state = head.next
                if let answer = head.answer { return answer }
            case .body(let answer, let remaining):
                guard Self.skip(remaining, in: &buffer, rest: { self.state = .body(answer, remaining: $0) }) else {
                    return nil
                }
                self.state = .head
                return answer
            case .chunkSize(let answer):
                guard let line = try Self.line(from: &buffer) else { return nil }
                let digits = line.prefix { $0 != ";" && $0 != " " }
                guard digits.utf8.count <= 8, let size = Int(digits, radix: 16), size >= 0 else { throw Malformed() }
                // The line break behind the chunk belongs to it.
                self.state = size == 0 ? .trailers(answer) : .chunk(answer, remaining: size + 2)
            case .chunk(let answer, let remaining):
                guard Self.skip(remaining, in: &buffer, rest: { self.state = .chunk(answer, remaining: $0) }) else {
                    return nil
                }
                self.state = .chunkSize(answer)
            case .trailers(let answer):
                guard let line = try Self.line(from: &buffer) else { return nil }
                if line.isEmpty {
                    self.state = .head
                    return answer
                }
            case .untilClose:
                buffer.moveReaderIndex(to: buffer.writerIndex)
                return nil
            }
        }
    }

    /// Takes note that the connection has ended: an answer that lasts until then is whole now.
    mutating func end() -> Answer? {
        guard case .untilClose(let answer) = self.state else { return nil }
        self.state = .head
        return answer
    }

    /// nil: not all there yet.
    private mutating func takeHead(from buffer: inout ByteBuffer) throws(Malformed) -> Head? {
        if let last = self.last, Self.begins(buffer, with: last.bytes) {
            buffer.moveReaderIndex(forwardBy: last.bytes.count)
            return last.head
        }
        guard let length = try Self.headLength(in: buffer), let bytes = buffer.readBytes(length: length) else {
            return nil
        }
        let head = try Self.head(String(decoding: bytes, as: UTF8.self))
        self.last = (bytes, head)
        return head
    }

    private static func begins(_ buffer: ByteBuffer, with bytes: [UInt8]) -> Bool {
        buffer.withUnsafeReadableBytes { there in
            bytes.withUnsafeBytes { bytes in
                guard there.count >= bytes.count, let mine = bytes.baseAddress, let theirs = there.baseAddress else {
                    return false
                }
                return memcmp(mine, theirs, bytes.count) == 0
            }
        }
    }

    private static func head(_ head: String) throws(Malformed) -> Head {
        var lines = head.utf8.split(separator: UInt8(ascii: "\n")).makeIterator()
        guard let first = lines.next() else { throw Malformed() }
        let parts = first.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard parts.count >= 2, let version = String(parts[0]), version.hasPrefix("HTTP/1."),
            parts[1].prefix(3).count == 3, let status = Int(String(Substring(parts[1].prefix(3)))),
            (100...599).contains(status)
        else { throw Malformed() }
        var answer = Answer(status: status, keepsAlive: version == "HTTP/1.1")
        var contentLength: Int?
        var isChunked = false
        while let line = lines.next() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(Substring(line[..<colon])).lowercased()
            let value = String(Substring(line[line.index(after: colon)...]))
                .filter { $0 != " " && $0 != "\r" && $0 != "\r\n" && $0 != "\t" }
            switch name {
            case "content-length":
                guard let length = Int(value), length >= 0, contentLength ?? length == length else { throw Malformed() }
                contentLength = length
            case "transfer-encoding": isChunked = value.lowercased() == "chunked"
            case "connection":
                if value.lowercased() == "close" { answer.keepsAlive = false }
                if value.lowercased() == "keep-alive" { answer.keepsAlive = true }
            default: break
            }
        }
        switch status {
        case 100..<200: return Head(next: .head)
        case 204, 304: return Head(next: .head, answer: answer)
        default: break
        }
        if isChunked { return Head(next: .chunkSize(answer)) }
        if let contentLength {
            return contentLength == 0
                ? Head(next: .head, answer: answer) : Head(next: .body(answer, remaining: contentLength))
        }
        answer.keepsAlive = false
        return Head(next: .untilClose(answer))
    }

    /// The length of a head with its empty line; nil while that has not come.
    private static func headLength(in buffer: ByteBuffer) throws(Malformed) -> Int? {
        let view = buffer.readableBytesView
        var start = view.startIndex
        while let lineEnd = view[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = view[start..<lineEnd]
            if start != view.startIndex, line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) {
                return lineEnd + 1 - view.startIndex
            }
            start = lineEnd + 1
        }
        guard view.count <= Self.maximumLine else { throw Malformed() }
        return nil
    }

    private static func line(from buffer: inout ByteBuffer) throws(Malformed) -> String? {
        guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.readableBytes <= Self.maximumLine else { throw Malformed() }
            return nil
        }
        let line = buffer.readString(length: end + 1 - buffer.readerIndex) ?? ""
        return String(line.filter { $0 != "\r\n" && $0 != "\n" && $0 != "\r" })
    }

    /// Moves over `count` bytes; false when there are fewer, of which `rest` is told how many.
    private static func skip(_ count: Int, in buffer: inout ByteBuffer, rest: (Int) -> Void) -> Bool {
        let available = min(count, buffer.readableBytes)
        buffer.moveReaderIndex(forwardBy: available)
        if available < count { rest(count - available) }
        return available == count
    }
}
