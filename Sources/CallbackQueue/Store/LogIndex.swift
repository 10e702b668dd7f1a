internal import Foundation

/// What SQLite's index of the write-ahead log says of it, read from the `-shm` file as the file format describes it.
///
/// For looking only: nothing is decided by it but what a person should know.
struct LogIndex: Sendable, Hashable {
    /// Pages in the log.
    let pages: Int
    /// Pages of them that are in the database already.
    let moved: Int

    /// Pages that are nowhere but in the log.
    var pagesLeft: Int { max(0, self.pages - self.moved) }

    /// The index of a store's log; nil when there is none, or none that is in use.
    init?(storePath: String) {
        guard let file = FileHandle(forReadingAtPath: storePath + "-shm"),
            let bytes = try? file.read(upToCount: 136), bytes.count == 136
        else { return nil }
        func word(at offset: Int) -> UInt32 {
            bytes[offset..<offset + 4].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        }
        // The header stands there twice, and both are equal unless it is being written.
        guard bytes[0..<48] == bytes[48..<96], word(at: 0) == 3_007_000, bytes[12] == 1 else { return nil }
        (self.pages, self.moved) = (Int(word(at: 16)), Int(word(at: 96)))
    }
}
