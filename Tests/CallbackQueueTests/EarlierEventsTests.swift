import Callbacks
import ScaleAPI
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct EarlierEventsTests {
    @Test func `earlier events are those of the same task and account, oldest first`() async throws {
        try await withTemporaryStore { fixture in
            let other = try #require(try await fixture.store.accountIDs(for: ["other"])["other"])
            let first = try await fixture.keep(try makeCallback(completedAt: 3000), at: 7)
            try await fixture.keep(try makeCallback(task: "b", completedAt: 3000))
            let foreign = Arrival(
                callback: try makeCallback(completedAt: 2000),
                accountID: other,
                receivedAt: 0,
                handlerIDs: []
            )
            _ = try await fixture.store.keep(foreign)
            let second = try await fixture.keep(try makeCallback(completedAt: 1000))
            let third = try await fixture.keep(try makeCallback(completedAt: 4000))
            try await fixture.keep(try makeCallback(completedAt: 5000))

            let reader = try fixture.reader()
            let events = try await reader.earlierEvents(than: third)
            // By arrival, whatever they say of their time.
            #expect(events.map(\.id) == [first, second])
            #expect(events.first?.account == "live" && events.first?.receivedAt == 7)
            #expect(events.first?.callback.completedAt == 3000)
            #expect(try await reader.earlierEvents(than: first).isEmpty)
            #expect(try await reader.earlierEvents(than: 99).isEmpty)
            // The same from inside of the service.
            #expect(try await fixture.store.earlierEvents(than: third).map(\.id) == [first, second])
        }
    }

    @Test func `a body that has aged out is passed over, and no more than the newest are read`() async throws {
        try await withTemporaryStore { fixture in
            var ids: [Int64] = []
            for number in 0..<30 { ids.append(try await fixture.keep(try makeCallback(completedAt: Int64(number)))) }
            try await fixture.execute("DELETE FROM body WHERE eventID = \(ids[27])")
            let reader = try fixture.reader()
            #expect(try await reader.earlierEvents(than: ids[29], limit: 3).map(\.id) == [ids[25], ids[26], ids[28]])
            let all = try await reader.earlierEvents(than: ids[29])
            #expect(all.map(\.id) == Array(ids[8...28]).filter { $0 != ids[27] })
        }
    }

    @Test func `large bodies are read until there is enough of them`() async throws {
        try await withTemporaryStore { fixture in
            var ids: [Int64] = []
            for number in 0..<4 {
                let response = makeNoise(7 << 20, seed: UInt64(number))
                ids.append(try await fixture.keep(try makeCallback(completedAt: Int64(number), response: response)))
            }
            #expect(try await fixture.reader().earlierEvents(than: ids[3]).map(\.id) == [ids[1], ids[2]])
        }
    }

    @Test func `batches go by their name, and what is unrecognised has nothing before it`() async throws {
        try await withTemporaryStore { fixture in
            func batch(_ name: String, _ status: String) throws -> Callback {
                try Callback(body: JSON.object(["batch": .string(name), "status": .string(status)]).encoded)
            }
            let first = try await fixture.keep(try batch("a", "in_progress"))
            try await fixture.keep(try batch("b", "in_progress"))
            let last = try await fixture.keep(try batch("a", "completed"))
            try await fixture.keep(try Callback(body: Array("[1]".utf8)))
            let unknown = try await fixture.keep(try Callback(body: Array("[2]".utf8)))
            let reader = try fixture.reader()
            #expect(try await reader.earlierEvents(than: last).map(\.id) == [first])
            #expect(try await reader.earlierEvents(than: unknown).isEmpty)
        }
    }

    @Test func `a handler is told of them when it asks`() async throws {
        try await withTemporaryStore { fixture in
            let seen = Mutex<[Int64: [Int64]]>([:])
            let handler = ClosureHandler { event, context in
                let earlier = try await context.earlierEvents().map(\.id)
                seen.withLock { $0[event.id] = earlier }
                return .completed("asked")
            }
            var ids: [Int64] = []
            try await withDispatcher(fixture, [HandlerRegistration(name: "h", type: "test", handler: handler)]) {
                dispatcher in
                let handlers = Array(dispatcher.handlers.keys)
                for number in 0..<3 {
                    ids.append(try await fixture.keep(try makeCallback(completedAt: Int64(number)), for: handlers))
                }
                dispatcher.wakeAll()
                try await eventually("all were asked") { seen.withLock { $0.count } == 3 }
            }
            #expect(seen.withLock { $0 } == [ids[0]: [], ids[1]: [ids[0]], ids[2]: [ids[0], ids[1]]])
        }
    }
}
