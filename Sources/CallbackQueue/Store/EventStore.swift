internal import CSQLite
internal import Foundation
internal import GRDB
package import Logging

/// The durable log of events and the queue of their deliveries, in one SQLite file.
///
/// Every method that changes something is one piece of a transaction that is committed and synced before the method
/// returns. Opening takes the store's lock, so there is one process that writes; everything that only looks uses
/// `StoreReader`.
package struct EventStore: Sendable {
    /// What it is opened with.
    package struct Configuration: Sendable {
        /// The SQLite file; it and its side files are made when missing.
        package var path: String
        /// How long a lease lasts without renewal.
        package var lease: Duration
        /// The clocks by which deliveries become due.
        package var clocks = QueueClock.Sources.system
        /// How many bytes of the disk are kept back for the day it is full; nil leaves it as it was left.
        package var ballastSize: Int?

        package init(path: String, lease: Duration = .seconds(15)) {
            self.path = path
            self.lease = lease
        }
    }

    /// What it was opened with.
    package let configuration: Configuration
    /// By which deliveries become due and leases run out.
    package let clock: QueueClock
    let writer: StoreWriter
    let codec: BodyCodec
    private let lock: StoreLock
    private let readers: ReaderPlace

    /// Opens the store for writing, makes or migrates it, and makes it safe to append to.
    ///
    /// The WAL is copied into the database first: frames of a commit whose sync failed in an earlier process may be in
    /// the page cache but not on the disk, and appending behind them would risk what comes after (`PRAGMA
    /// wal_checkpoint(TRUNCATE)` must succeed, design section 5 step 0).
    ///
    /// - Parameters:
    ///   - onBroken: Called once when storage can no longer be trusted; the process has to end.
    /// - Throws: `StoreError` when another process has it, or the file is not a store or is damaged.
    package static func open(
        _ configuration: Configuration,
        logger: Logger,
        onBroken: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) throws(StoreError) -> EventStore {
        var configuration = configuration
        // Lock, WAL and socket belong to the file, by whatever link it was named.
        configuration.path = StorePath.resolved(configuration.path)
        let lock = try StoreLock.take(storePath: configuration.path)
        do {
            let isNew = !FileManager.default.fileExists(atPath: configuration.path)
            if !isNew { try StartCheck.refuseLostLog(storePath: configuration.path) }
            let ballast = Ballast(storePath: configuration.path)
            let database = try Self.openDatabase(at: configuration.path, ballast: ballast)
            if let size = configuration.ballastSize { Self.make(ballast, size: size, logger: logger) }
            if isNew { try StorePath.sync(StorePath.folder(of: configuration.path)) }
            logger.info(
                "Store opened",
                metadata: ["store.path": "\(configuration.path)", "sqlite.version": "\(Self.sqliteVersion(database))"]
            )
            let clock = QueueClock(configuration.clocks)
            try database.write { try clock.moveBack(in: $0) }
            return EventStore(
                configuration: configuration,
                clock: clock,
                writer: try StoreWriter(database: database, ballast: ballast, logger: logger, onBroken: onBroken),
                codec: try database.read { try BodyCodec($0) },
                lock: lock,
                readers: ReaderPlace(storePath: configuration.path)
            )
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(opening: configuration.path, error)
        }
    }

    /// Writes what waits, empties the WAL, closes the file and gives the lock back.
    package func close() async throws(StoreError) {
        // The last to leave empties the log, and that must be the writer.
        self.readers.close()
        try await self.writer.close()
        self.lock.release()
    }

    /// Reads beside the writer, for what handlers ask; opened when it is asked for the first time.
    func reader() throws(StoreError) -> StoreReader { try self.readers.reader() }

    /// What the writing connection says of its own durability: `synchronous` (2 is FULL) and `journal_mode`.
    package func durability() async throws(StoreError) -> (synchronous: Int, journalMode: String) {
        try await self.writer.write { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1,
                try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
            )
        }
    }

    /// Opens the database; on a full disk once more with the room of the ballast.
    private static func openDatabase(at path: String, ballast: Ballast) throws -> DatabaseQueue {
        do {
            return try Self.openDatabase(at: path)
        } catch {
            guard case .full = StoreError(error), ballast.giveUp() else { throw error }
            return try Self.openDatabase(at: path)
        }
    }

    private static func make(_ ballast: Ballast, size: Int, logger: Logger) {
        do {
            try ballast.make(size: size)
        } catch {
            logger.warning(
                "No ballast: pruning may be impossible once the disk is full",
                metadata: ["error": "\(error)"]
            )
        }
        guard ballast.isGivenUp else { return }
        logger.error(
            "The disk is full: callbacks are refused until there is room",
            metadata: ["ballast.path": "\(ballast.path)", "needed.bytes": "\(ballast.neededBytes)"]
        )
    }

    private static func openDatabase(at path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.label = "scale-callbacks.store"
        configuration.busyMode = .timeout(TimeInterval(Self.busyTimeout))
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // A connection that is given up must leave everything as it is. Only `StoreWriter.close` empties the log.
            guard scale_keep_log_on_close(database.sqliteConnection, 1) == SQLITE_OK else {
                throw DatabaseError(resultCode: .SQLITE_ERROR, message: "the log cannot be kept on closing")
            }
            // Both count only before the first table is made, and must not be said again: that would write to the log before it
            // is looked at. A small page costs less of the log when one row in it changes, as in an index; compressed, a
            // handful of bodies fit into one.
            if try Int.fetchOne(database, sql: "PRAGMA page_count") == 0 {
                try database.execute(sql: "PRAGMA page_size = 4096")
                // Lets pruning give pages back to the file system.
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
            try database.execute(sql: "PRAGMA mmap_size = 0")
            // No temporary file: writing must go on without a free descriptor and with a full /tmp.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.writeWithoutTransaction { database in
            // Before anything is changed: a file that is not ours must stay as it is.
            // The list of migrations alone is a store whose making was cut short.
            let isEmpty =
                try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'"
                ) == 0
            guard try isEmpty || !Schema.migrator.appliedMigrations(database).isEmpty else {
                throw StoreError.unusable(
                    "\(path) is a database of another program. Choose another path for the store."
                )
            }
            // SQLite opens a file that it may not write all the same, for reading.
            guard sqlite3_db_readonly(database.sqliteConnection, "main") == 0 else {
                throw DatabaseError(resultCode: .SQLITE_READONLY, message: "the file cannot be written")
            }
            try StartCheck.refuseCutFile(database, path: path)
            let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            guard mode == "wal" else {
                throw StoreError.unusable(
                    "SQLite cannot use a write-ahead log for \(path) (it says \(mode ?? "nothing")). Use a local file system."
                )
            }
            // Set here and not in prepareDatabase, because whoever turns WAL on may lower it afterwards.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // Errors of automatic checkpoints are swallowed; ours are looked at.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw StoreError.unusable("SQLite did not accept PRAGMA synchronous = FULL for \(path).")
            }
            _ = try database.checkpoint(.truncate)
        }
        try Schema.migrator.migrate(database)
        return database
    }

    private static func sqliteVersion(_ database: DatabaseQueue) -> String {
        (try? database.read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
    }
}
