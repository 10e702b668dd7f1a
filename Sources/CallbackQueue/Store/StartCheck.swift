internal import Foundation
internal import GRDB

/// Looks at a store before anything is written, for damage by others that opening it would make worse.
enum StartCheck {
    /// Refuses a store that lost its write-ahead log with callbacks in it.
    ///
    /// SQLite would open it as it was at the last checkpoint and say nothing. A process that is killed leaves the log and
    /// its index; SQLite itself never leaves an index without a log.
    static func refuseLostLog(storePath path: String) throws(StoreError) {
        guard !FileManager.default.fileExists(atPath: path + "-wal"), let index = LogIndex(storePath: path),
            index.pagesLeft > 0
        else { return }
        throw .unusable(
            "The write-ahead log \(path)-wal is missing, and \(index.pagesLeft) pages of callbacks were nowhere else; "
                + "nothing was changed. Put it back, or restore a backup. To go on without them, remove \(path)-shm."
        )
    }

    /// Refuses a database that was cut: a checkpoint would write the log's pages around the hole and empty the log.
    ///
    /// After a crash the file is often shorter than the database, and then the rest is in the log.
    static func refuseCutFile(_ database: Database, path: String) throws {
        guard let size = try Int.fetchOne(database, sql: "PRAGMA page_size"),
            let count = try Int.fetchOne(database, sql: "PRAGMA page_count"),
            case let inFile = StorePath.size(path) / size, count > inFile
        else { return }
        // SQLite never uses the page at the first gigabyte.
        let unused = (1 << 30) / size + 1
        let missing = count - inFile - ((inFile + 1...count).contains(unused) ? 1 : 0)
        guard Self.pages(inLogOf: path, beyond: inFile).count < missing else { return }
        // A page that holds nothing may rightly be in neither. Reading all of it is the price of a rare case.
        guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "pages of the file are missing")
        }
    }

    /// The pages with these numbers that the log holds, by its file format.
    private static func pages(inLogOf path: String, beyond last: Int) -> Set<Int> {
        guard let log = try? Data(contentsOf: URL(fileURLWithPath: path + "-wal"), options: .mappedIfSafe),
            log.count > 32
        else { return [] }
        func word(at offset: Int) -> Int { log[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        let frame = 24 + word(at: 8)
        var pages: Set<Int> = []
        var offset = 32
        // Frames of an earlier round of the log have other salts.
        while offset + frame <= log.count, log[offset + 8..<offset + 16] == log[16..<24] {
            let page = word(at: offset)
            if page > last { pages.insert(page) }
            offset += frame
        }
        return pages
    }
}
