internal import CSQLite
internal import Foundation
internal import GRDB
internal import Logging

/// What the writer does about a disk that is full.
///
/// While the ballast is given up the log is kept short, and copied into the database only if that has room for it:
/// a checkpoint that fails half way would have eaten the room that pruning needs.
extension StoreWriter {
    /// After how many more pages the log is copied while the ballast is given up.
    static let checkpointPagesWhenFull = 256

    /// Whether only what makes room, or ends what has begun, may be written.
    var isShortOfRoom: Bool { self.ballast?.isGivenUp ?? false }

    /// Lets go of the ballast; false when there is none to let go of.
    func givesUpBallast() -> Bool {
        guard let ballast = self.ballast, ballast.giveUp() else { return false }
        self.logger.error(
            "The disk is full: callbacks are refused until there is room; what the ballast held is for pruning",
            metadata: ["ballast.path": "\(ballast.path)", "needed.bytes": "\(ballast.neededBytes)"]
        )
        return true
    }

    /// Whether the database can take what the log holds. Writer's thread only.
    func hasRoomToCheckpoint() throws -> Bool {
        guard let ballast = self.ballast, ballast.isGivenUp else { return true }
        let bytes = try self.database.writeWithoutTransaction { database in
            try Int.fetchOne(database, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        }
        return ballast.hasRoom(for: (bytes ?? 0) - StorePath.size(self.database.path))
    }

    /// Empties the log and gives its room back, between two transactions, unless a reader still needs it.
    func shortenLog() async {
        // Waits behind a drain and nothing else.
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            self.thread.async {
                defer { continuation.resume() }
                guard self.isUsable else { return }
                self.copier.wait()
                do {
                    // A reader is not waited for: the next look is soon.
                    try self.setBusyTimeout(milliseconds: 0)
                    defer { try? self.setBusyTimeout(milliseconds: EventStore.busyTimeout * 1000) }
                    try self.checkpoint(.truncate)
                } catch {
                    let error = StoreError(error)
                    if case .busy = error { return }
                    self.failedToCheckpoint(error)
                }
            }
        }
    }

    /// Empties the log before the file is closed, and lets SQLite remove it. Where a reader or a full disk is in the way, or the
    /// storage is in doubt, all stays as it is: nothing is lost, and the next start does it.
    func emptyLogAtEnd() throws {
        guard self.isUsable else { return }
        do {
            try self.checkpoint(.truncate)
            self.database.writeWithoutTransaction { _ = scale_keep_log_on_close($0.sqliteConnection, 0) }
        } catch {
            switch StoreError(error) {
            case .busy, .full:
                self.logger.notice("The write-ahead log was left as it is", metadata: ["error": "\(error)"])
            default: throw error
            }
        }
    }

    private func setBusyTimeout(milliseconds: Int) throws {
        try self.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA busy_timeout = \(milliseconds)") }
    }
}

extension EventStore {
    /// Whether callbacks can be kept, as far as room on the disk goes.
    package var hasRoom: Bool { !self.writer.isShortOfRoom }

    /// Looks, if the disk was full, whether there is room now, and makes what room it can. True when this call found it.
    package func regainRoom() async -> Bool {
        guard let ballast = self.writer.ballast, ballast.isGivenUp else { return false }
        await self.writer.shortenLog()
        return ballast.takeAgain()
    }

    /// How the write-ahead log fares.
    package var logStatus: LogStatus { self.writer.checkpoints.status }

    /// How much of the disk is kept back without configuration.
    package static let standardBallastSize = Ballast.standardSize

    /// How many seconds another program may keep the database locked until a batch is refused. Callers wait for two batches
    /// at most, and theirs must come well before they give up.
    static let busyTimeout = 2

    /// What a write is refused with that has to wait for room.
    static let noRoom = StoreError.full("what is left is kept for pruning")
}
