import Foundation

/// The file of the task ids that a receiver has acknowledged, one per line.
///
/// Lines are gathered and written together; whoever holds this calls `flush` at least every 100 ms.
final class AcknowledgedIDs {
    private let sink: DescriptorSink
    private var lines: [UInt8] = []

    /// Creates the file, or empties it.
    ///
    /// - Throws: `POSIXError`.
    init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        self.sink = DescriptorSink(descriptor: descriptor)
    }

    deinit {
        close(self.sink.descriptor)
    }

    /// Gathers an id.
    func append(_ id: [UInt8]) {
        self.lines.append(contentsOf: id)
        self.lines.append(UInt8(ascii: "\n"))
    }

    /// Writes what was gathered. It blocks for a copy into the page cache.
    func flush() throws {
        guard !self.lines.isEmpty else { return }
        try self.sink.write(self.lines)
        self.lines.removeAll(keepingCapacity: true)
    }
}
