import Callbacks
import ScaleAPI
import Testing

@testable import CallbackQueue

/// Lists of few among many events.
@Suite(.timeLimit(.minutes(1))) struct StretchTests {
    @Test func `every selection finds the same with and without notes, in both orders and by pages`() async throws {
        try await withTemporaryStore { fixture in
            let facts = try await Self.fill(fixture)
            let reader = try fixture.reader()
            for isSurveyed in [false, true] {
                if isSurveyed { try await StretchSurvey(store: fixture.store, logger: quietLogger).survey() }
                for (selection, matches) in Self.selections {
                    let expected = facts.filter { matches($0) }.map(\.id)
                    for order in [StoreReader.Order.newestFirst, .oldestFirst] {
                        var found: [Int64] = []
                        var cursor: Int64?
                        repeat {
                            let page = try await reader.events(selection, order: order, from: cursor, limit: 400)
                            found += page.rows.map(\.id)
                            cursor = page.next
                        } while cursor != nil
                        #expect(
                            found == (order == .oldestFirst ? expected : expected.reversed()),
                            "\(selection), surveyed: \(isSurveyed)"
                        )
                    }
                }
            }
            #expect(try await fixture.value("SELECT count(*) FROM stretch") == 6, "the last one is not full")
            #expect(try await reader.nextStretchNotes() == nil)
        }
    }

    @Test func `stretches without a match are passed over`() async throws {
        try await withTemporaryStore { fixture in
            _ = try await Self.fill(fixture)
            try await StretchSurvey(store: fixture.store, logger: quietLogger).survey()
            var selection = EventSelection()
            selection.batch = "rare"
            let reader = try fixture.reader()
            #expect(try await reader.events(selection).rows.count == 4)
            // Proved by what it does when the notes are wrong.
            try await fixture.execute("DELETE FROM stretchValue WHERE value = 'rare' AND stretchID = 2")
            #expect(try await reader.events(selection).rows.map(\.id) == [3100, 2500, 900])
        }
    }

    private struct Fact {
        let id: Int64
        let account: String
        let kind: String
        let batch: String?
        let isParked: Bool
        let receivedAt: Int64
    }

    private static let selections: [(EventSelection, @Sendable (Fact) -> Bool)] = [
        (selection { _ in }, { _ in true }),
        (selection { $0.account = "test" }, { $0.account == "test" }),
        (selection { $0.account = "nobody" }, { _ in false }),
        (selection { $0.kinds = ["error"] }, { $0.kind == "error" }),
        (selection { $0.kinds = ["error", "recalled"] }, { ["error", "recalled"].contains($0.kind) }),
        (selection { $0.kinds = [] }, { _ in false }),
        (selection { $0.batch = "rare" }, { $0.batch == "rare" }),
        (selection { $0.isParked = true }, { $0.isParked }),
        (selection { $0.since = 2_600_000 }, { $0.receivedAt >= 2_600_000 }),
        (selection { $0.since = 9_000_000 }, { $0.receivedAt >= 9_000_000 }),
        (
            selection {
                $0.batch = "rare"
                $0.kinds = ["completed"]
                $0.since = 1_000_000
            }, { $0.batch == "rare" && $0.kind == "completed" && $0.receivedAt >= 1_000_000 }
        ),
    ]

    private static func selection(_ change: (inout EventSelection) -> Void) -> EventSelection {
        var selection = EventSelection()
        change(&selection)
        return selection
    }

    /// Keeps 3,200 events, which is six stretches and some.
    private static func fill(_ fixture: TemporaryStore) async throws -> [Fact] {
        let handler = try await fixture.handlers("one")
        let accounts = try await fixture.store.accountIDs(for: ["live", "test"])
        var facts: [Fact] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 1...3200 as ClosedRange<Int64> {
                let status = id % 700 == 0 ? "error" : id == 1500 ? "pending" : "completed"
                let batch = [900, 1300, 2500, 3100].contains(id) ? "rare" : id % 3 == 0 ? "common" : nil
                // Once in between the clock was far ahead.
                let receivedAt = id == 1100 ? 9_500_000 : id * 1000
                let fact = Fact(
                    id: id,
                    account: id % 1000 == 1 ? "test" : "live",
                    kind: status == "pending" ? "recalled" : status,
                    batch: batch,
                    isParked: id == 5 || id == 3150,
                    receivedAt: receivedAt
                )
                facts.append(fact)
                let arrival = Arrival(
                    callback: try Self.callback(id, status: status, batch: batch),
                    accountID: try #require(accounts[fact.account]),
                    receivedAt: receivedAt,
                    handlerIDs: fact.isParked ? [] : handler
                )
                let (results, continuation) = AsyncStream.makeStream(of: Result<KeepResult, StoreError>.self)
                fixture.store.keep(arrival) {
                    continuation.yield($0)
                    continuation.finish()
                }
                group.addTask {
                    for await result in results {
                        let kept = try result.get()
                        #expect(kept == .kept(eventID: id))
                    }
                }
            }
            try await group.waitForAll()
        }
        return facts
    }

    private static func callback(_ id: Int64, status: String, batch: String?) throws -> Callback {
        var task: JSON.Object = ["task_id": .string("task-\(id)"), "status": .string(status)]
        task["batch"] = batch.map { .string($0) }
        let body: JSON = ["task": .object(task), "task_id": .string("task-\(id)")]
        return try Callback(body: body.encoded)
    }
}
