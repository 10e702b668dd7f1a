internal import CSQLite
internal import GRDB
internal import Synchronization

/// How long the write-ahead log is, which SQLite tells after every commit, and how much of it was copied.
///
/// The writer's thread asks. While a copy runs, only that notes what was copied.
final class WriteAheadLog: Sendable {
    private let length = Atomic(0)
    private let lengthAtCopy = Atomic(0)
    private let lengthAtCheckpoint = Atomic(0)

    /// Listens for as long as the connection is open; whoever owns that must keep this too.
    init(of database: DatabaseQueue) {
        database.writeWithoutTransaction { database in
            _ = sqlite3_wal_hook(
                database.sqliteConnection,
                { context, _, _, pages in
                    guard let context else { return SQLITE_OK }
                    Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue().length
                        .store(Int(pages), ordering: .relaxed)
                    return SQLITE_OK
                },
                Unmanaged.passUnretained(self).toOpaque()
            )
        }
    }

    /// Pages in it after the last commit.
    var pages: Int { self.length.load(ordering: .relaxed) }

    /// Pages that came since the last copy was begun, or after what it took: more than none only if some were not copied.
    var pagesSinceCopy: Int { self.pages - self.lengthAtCopy.load(ordering: .relaxed) }

    /// Pages that came since the writer last copied the rest. What a reader holds back is among the pages, but is not tried
    /// again after every commit.
    var pagesSinceCheckpoint: Int { self.pages - self.lengthAtCheckpoint.load(ordering: .relaxed) }

    /// Notices when the log has begun anew: it has fewer pages than before.
    func noteBeginning() {
        if self.pagesSinceCopy < 0 { self.lengthAtCopy.store(0, ordering: .relaxed) }
        if self.pagesSinceCheckpoint < 0 { self.lengthAtCheckpoint.store(0, ordering: .relaxed) }
    }

    /// All that is in it now is about to be copied beside the writer.
    func noteCopy() { self.lengthAtCopy.store(self.pages, ordering: .relaxed) }

    /// So many of its pages are copied. Fewer than there were when the copy was begun when a reader holds it back: those are not
    /// tried again at once.
    func noteCopied(_ pages: Int) {
        if pages > self.lengthAtCopy.load(ordering: .relaxed) { self.lengthAtCopy.store(pages, ordering: .relaxed) }
    }

    /// All that is in it now is about to be copied by the writer.
    func noteCheckpoint() {
        self.noteCopy()
        self.lengthAtCheckpoint.store(self.pages, ordering: .relaxed)
    }
}
