internal import Synchronization

/// How the write-ahead log fared since the store was opened.
package struct LogStatus: Sendable, Hashable {
    /// Pages in the log at the last checkpoint.
    package internal(set) var pages = 0
    /// Pages that the last checkpoint had to leave in it, because somebody still reads from before them.
    package internal(set) var pagesLeft = 0
    /// Checkpoints that succeeded, as far as readers let them.
    package internal(set) var checkpoints = 0
    /// Checkpoints that failed.
    package internal(set) var failedCheckpoints = 0

    package init() {}
}

/// Keeps count of checkpoints, and says when the log has grown so long that an operator should know.
final class CheckpointLedger: Sendable {
    /// So many times its usual length the log is long.
    private static let tolerance = 4

    private let usualPages: Int
    private let state: Mutex<(status: LogStatus, warnsAt: Int)>

    /// - Parameter usualPages: After how many pages the log is copied.
    init(usualPages: Int) {
        self.usualPages = usualPages
        self.state = Mutex((LogStatus(), usualPages * Self.tolerance))
    }

    /// The counts so far.
    var status: LogStatus { self.state.withLock { $0.status } }

    /// Notes a checkpoint. True when the log is too long now: at four times its usual length, and again at each doubling.
    func succeeded(pages: Int, moved: Int) -> Bool {
        self.state.withLock { state in
            state.status.checkpoints += 1
            state.status.pages = max(0, pages)
            state.status.pagesLeft = max(0, pages - moved)
            guard state.status.pagesLeft >= state.warnsAt else {
                if state.status.pagesLeft < self.usualPages { state.warnsAt = self.usualPages * Self.tolerance }
                return false
            }
            state.warnsAt = state.status.pagesLeft * 2
            return true
        }
    }

    /// Notes a checkpoint that failed.
    func failed() { self.state.withLock { $0.status.failedCheckpoints += 1 } }
}
