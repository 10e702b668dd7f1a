import Foundation
import GRDB
import ServiceLifecycle
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct RefusalLogTests {
    private func refusal(_ number: Int) -> Refusal {
        Refusal(
            at: Int64(number),
            reason: number % 4 == 0 ? "too-large" : "wrong-key",
            remote: "192.0.2.1",
            request: "POST /\(number)",
            bodySize: number,
            bodySHA256: Array(repeating: 7, count: 32),
            firstBytes: [0, 255]
        )
    }

    @Test func `a wall of refusals is counted exactly and kept in a bounded ring`() async throws {
        try await withTemporaryStore { fixture in
            let log = RefusalLog(store: fixture.store, logger: quietLogger)
            for number in 1...10_000 {
                log.record(self.refusal(number))
                if number.isMultiple(of: 200) { await log.flush(now: 7_200_000) }
            }
            let reader = try fixture.reader()
            let rows = try await reader.refusals(limit: 5000).rows
            #expect(rows.count == EventStore.refusalRingLength)
            #expect(rows.first?.refusal == self.refusal(9900))
            let counts = try await reader.refusalCounts(sinceHour: 0)
            #expect(counts.map(\.reason) == ["too-large", "wrong-key"])
            #expect(counts.map(\.count) == [2500, 7500])
            #expect(counts.allSatisfy { $0.hour == 2 })
            #expect(try await reader.refusalCounts(sinceHour: 3).isEmpty)
        }
    }

    @Test func `what is left is written when the service stops`() async throws {
        try await withTemporaryStore { fixture in
            let log = RefusalLog(store: fixture.store, logger: quietLogger)
            log.record(self.refusal(1))
            log.recordKeyUse(accountID: fixture.accountID, keyIndex: 1, now: 50)
            log.recordKeyUse(accountID: fixture.accountID, keyIndex: 1, now: 60)
            let group = ServiceGroup(services: [log], logger: quietLogger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await eventually("the service runs and writes") {
                    try await fixture.value("SELECT count(*) FROM refusal") == 1
                }
                log.record(self.refusal(2))
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(try await fixture.reader().refusals().rows.map(\.refusal) == [self.refusal(2), self.refusal(1)])
            #expect(try await fixture.value("SELECT lastUsedAt FROM keyUse WHERE keyIndex = 1") == 60)
        }
    }
}
