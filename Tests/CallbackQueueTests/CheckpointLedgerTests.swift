import Callbacks
import Dispatch
import GRDB
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct CheckpointLedgerTests {
    @Test func `it warns at four times the usual length, at each doubling, and anew after it was short`() {
        let ledger = CheckpointLedger(usualPages: 100)
        let warned = [(100, 100), (399, 0), (400, 0), (500, 0), (900, 50), (1000, 990), (400, 0)]
            .map { ledger.succeeded(pages: $0.0, moved: $0.1) }
        #expect(warned == [false, false, true, false, true, false, true])
        ledger.failed()
        var status = LogStatus()
        (status.pages, status.pagesLeft, status.checkpoints, status.failedCheckpoints) = (400, 400, 7, 1)
        #expect(ledger.status == status)
    }

    @Test func `the log of a store is told from outside, with what a reader holds back`() async throws {
        try await withTemporaryStore { fixture in
            let reader = try DatabaseQueue(path: fixture.path)
            try await reader.read { database in
                _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM event")
                for number in 0..<20 {
                    try fixture.keepNow(try makeCallback(task: "task-\(number)"))
                }
                let index = try #require(LogIndex(storePath: fixture.path))
                #expect(index.pages > 20)
                #expect(index.moved < index.pages)
                #expect(index.pagesLeft == index.pages - index.moved)
            }
            #expect(try await fixture.reader().size().logPagesLeft > 0)
            await fixture.store.writer.shortenLog()
            #expect(try await fixture.reader().size().logPagesLeft == 0)
            #expect(fixture.store.logStatus.checkpoints == 1)
        }
    }
}

extension TemporaryStore {
    /// Keeps a callback without waiting in a task: inside another connection's transaction there is none.
    fileprivate func keepNow(_ callback: Callback) throws {
        let kept = DispatchSemaphore(value: 0)
        let arrival = Arrival(callback: callback, accountID: self.accountID, receivedAt: 0, handlerIDs: [])
        self.store.keep(arrival) { _ in kept.signal() }
        kept.wait()
    }
}
