import Foundation
import Synchronization

/// Where a command writes.
protocol OutputSink: Sendable {
    /// Writes all of these bytes.
    ///
    /// - Throws: `OutputClosed` when nobody reads any more.
    func write(_ bytes: [UInt8]) throws
}

extension OutputSink {
    /// Writes a text and a line break.
    func writeLine(_ text: String) throws {
        try self.write(Array(text.utf8) + [UInt8(ascii: "\n")])
    }
}

/// The reader of a pipe has gone, as `head` does: the command ends quietly.
struct OutputClosed: Error {}

/// A file descriptor of this process. Writing blocks, as a command has nothing to do before its output is out.
struct DescriptorSink: OutputSink {
    /// Standard output.
    static let standardOutput = DescriptorSink(descriptor: STDOUT_FILENO)
    /// Standard error.
    static let standardError = DescriptorSink(descriptor: STDERR_FILENO)

    /// The open descriptor.
    let descriptor: Int32

    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Writes all of these bytes.
    ///
    /// - Throws: `OutputClosed`, or `POSIXError` for a full disk and the like.
    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(self.descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw OutputClosed()
            case EAGAIN:
                var poll = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            case let code: throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
            }
        }
    }
}

/// Keeps what is written, for tests and for output that is assembled first.
final class MemorySink: OutputSink {
    private let bytes = Mutex<[UInt8]>([])

    /// Everything written so far.
    var text: String { self.bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Appends.
    func write(_ bytes: [UInt8]) {
        self.bytes.withLock { $0.append(contentsOf: bytes) }
    }
}
