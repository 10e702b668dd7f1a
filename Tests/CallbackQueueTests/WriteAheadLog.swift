import Foundation

/// Reads SQLite's write-ahead log as its file format describes it.
enum WriteAheadLog {
    /// How many transactions the log of a store holds: frames that end one name the database's new size.
    static func commitCount(ofStore path: String) throws -> Int {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")))
        guard bytes.count > 32 else { return 0 }
        func word(at offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        let frameSize = 24 + Int(word(at: 8))
        return stride(from: 32, through: bytes.count - frameSize, by: frameSize)
            .filter { bytes[$0 + 8..<$0 + 16] == bytes[16..<24] && word(at: $0 + 4) != 0 }.count
    }
}
