internal import CSQLite
internal import Dispatch
internal import GRDB

/// Copies the write-ahead log into the database beside the writer, so that no commit waits for it.
///
/// SQLite before 3.51.3 can lose pages when the log begins anew while another connection starts to copy it. So another
/// one reads for as long as that takes, from before the first look at the log: while anybody reads what is in the log
/// and not yet in the database, SQLite does not begin it anew. All copies, here and by the writer, are made one after the
/// other.
final class LogCopier: Sendable {
    /// With fewer new pages than this in the log it is time for the writer to copy the rest.
    private static let fewPages = 64
    private static let maximumRounds = 3

    private let copying: DatabaseQueue
    private let holding: DatabaseQueue
    private let queue = DispatchQueue(label: "scale-callbacks.log-copier", qos: .utility)

    /// Opens a second and a third connection to a store that is open.
    init(path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(0)
        configuration.prepareDatabase { database in
            // Closing these must leave the log to the writer.
            guard scale_keep_log_on_close(database.sqliteConnection, 1) == SQLITE_OK else {
                throw DatabaseError(resultCode: .SQLITE_ERROR, message: "the log cannot be kept on closing")
            }
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0")
        }
        self.copying = try DatabaseQueue(path: path, configuration: configuration)
        self.holding = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Copies what is in the log, and what comes meanwhile but for little.
    ///
    /// - Parameters:
    ///   - pages: How many pages are in the log now. There must be some that were not copied yet: all copied, it could
    ///     begin anew at any moment.
    ///   - completion: Comes on another thread, with how many pages of the log are in the database now.
    func copy(
        pages: @escaping @Sendable () -> Int,
        completion: @escaping @Sendable (Result<Int, any Error>) -> Void
    ) {
        self.queue.async {
            do {
                var moved = try self.copyOnce()
                for _ in 1..<Self.maximumRounds where pages() - moved >= Self.fewPages { moved = try self.copyOnce() }
                completion(.success(moved))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Waits until nothing is being copied.
    func wait() { self.queue.sync {} }

    /// Closes both connections, once nothing is being copied.
    func close() throws {
        self.wait()
        try self.holding.close()
        try self.copying.close()
    }

    /// Returns how many pages of the log are in the database now; none where SQLite would not look, because the writer was noting a
    /// commit in the log's index at that moment. Unlike a reader, a checkpoint does not try that again by itself.
    private func copyOnce() throws -> Int {
        try self.holding.read { database in
            // The transaction begins with the first look.
            _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master")
            do {
                return try self.copying.writeWithoutTransaction {
                    Int(try $0.checkpoint(.passive).checkpointedFrameCount)
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                return 0
            }
        }
    }
}
