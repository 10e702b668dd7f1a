import Callbacks
import Foundation
import GRDB
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct StoreReaderTests {
    @Test func `reading changes nothing, beside the service and after it`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<10 { try await fixture.keep(try makeCallback(task: "task-\(number)")) }
            for isClosed in [false, true] {
                if isClosed { try await fixture.store.close() }
                let url = URL(fileURLWithPath: fixture.path)
                let before = try Data(contentsOf: url)
                let log = try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal"))
                let modified =
                    try FileManager.default.attributesOfItem(atPath: fixture.path)[.modificationDate] as? Date
                do {
                    let reader = try fixture.reader()
                    #expect(try await reader.events().rows.map(\.id) == Array(1...10).reversed())
                    #expect(try await reader.body(ofEvent: 3) != nil)
                    #expect(try await reader.handlers().isEmpty)
                    #expect(try await reader.refusals().rows.isEmpty)
                    try reader.database.close()
                }
                #expect(try Data(contentsOf: url) == before)
                #expect((try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal"))) ?? Data() == log ?? Data())
                let after = try FileManager.default.attributesOfItem(atPath: fixture.path)[.modificationDate] as? Date
                #expect(after == modified)
            }
        }
    }

    @Test func `pages hold every event once while more are kept`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<50 { try await fixture.keep(try makeCallback(task: "task-\(number)")) }
            let reader = try fixture.reader()
            var seen: [Int64] = []
            var cursor: Int64?
            var rounds = 0
            repeat {
                let page = try await reader.events(from: cursor, limit: 7)
                seen += page.rows.map(\.id)
                cursor = page.next
                rounds += 1
                try await fixture.keep(try makeCallback(task: "late-\(rounds)"))
            } while cursor != nil
            #expect(seen == Array(1...50).reversed())
            let oldest = try await reader.events(order: .oldestFirst, limit: 3)
            #expect(oldest.rows.map(\.id) == [1, 2, 3])
            #expect(try await reader.events(order: .oldestFirst, from: oldest.next, limit: 1).rows.map(\.id) == [4])
        }
    }

    @Test func `selections find what they name, and SQL in them finds and harms nothing`() async throws {
        try await withTemporaryStore { fixture in
            let handler = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(task: "a"), at: 10, for: handler)
            try await fixture.keep(try makeCallback(task: "b"), at: 20)
            try await fixture.keep(try Callback(body: Array("[]".utf8)), at: 30)
            let reader = try fixture.reader()
            func ids(_ change: (inout EventSelection) -> Void) async throws -> [Int64] {
                var selection = EventSelection()
                change(&selection)
                return try await reader.events(selection).rows.map(\.id)
            }
            #expect(try await ids { $0.taskID = "a" } == [1])
            #expect(try await ids { $0.since = 20 } == [3, 2])
            #expect(try await ids { $0.isParked = true } == [3, 2])
            #expect(try await ids { $0.kinds = ["unrecognised", "completed"] } == [3, 2, 1])
            #expect(try await ids { $0.kinds = [] } == [])
            #expect(try await ids { $0.account = "test" } == [])
            for text in ["' OR 1=1 --", "a'; DROP TABLE event; --", "\" OR \"\"=\"", "%", "*", "a\0", "?1"] {
                #expect(try await ids { $0.project = text } == [])
                #expect(try await ids { $0.batch = text } == [])
                #expect(try await ids { $0.account = text } == [])
                #expect(try await ids { $0.kinds = [text] } == [])
                #expect(try await reader.deliveries(DeliverySelection(handlers: [text])).rows.isEmpty)
                #expect(try await reader.deliveries(DeliverySelection(states: [text])).rows.isEmpty)
            }
            #expect(try await ids { _ in } == [3, 2, 1])
        }
    }

    @Test func `what is not a store says so`() async throws {
        try await withTemporaryFolder { folder in
            let other = try DatabaseQueue(path: folder + "/other.sqlite")
            try other.write { try $0.execute(sql: "CREATE TABLE customer (id INTEGER PRIMARY KEY)") }
            try other.close()
            try Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/text.sqlite"))
            for name in ["missing.sqlite", "other.sqlite", "text.sqlite"] {
                let error = #expect(throws: StoreError.self) { try StoreReader(path: folder + "/" + name) }
                guard case .unusable(let reason) = error else {
                    Issue.record("\(name): \(String(describing: error))")
                    continue
                }
                #expect(reason.contains(name))
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/missing.sqlite"))
        }
    }
}
