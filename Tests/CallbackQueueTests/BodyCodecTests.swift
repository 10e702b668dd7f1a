import Callbacks
import Foundation
import GRDB
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct BodyCodecTests {
    /// A body as tasks of one project have it: much in common, and some numbers of its own.
    private func body(_ number: Int, boxes: Int = 6) throws -> Callback {
        var generator = SeededGenerator(seed: UInt64(number) + 1)
        let annotations = (0..<boxes)
            .map { _ -> JSON in
                [
                    "type": "box", "label": "truck", "attributes": ["occlusion": "25%"],
                    "left": .number(JSON.Number(Int.random(in: 0..<1920, using: &generator))),
                    "top": .number(JSON.Number(Int.random(in: 0..<1080, using: &generator))),
                    "uuid": .string("\(UInt64.random(in: .min ... .max, using: &generator))"),
                ]
            }
        return try makeCallback(
            task: "65c5704c6bf306f6b6e3\(1000 + number)",
            response: ["annotations": .array(annotations)]
        )
    }

    @Test(arguments: [0, 1, 63, 64, 2048, 100_000, 1 << 20, (1 << 20) + 1])
    func `a body comes back byte for byte, whatever its size`(size: Int) async throws {
        try await withTemporaryStore { fixture in
            var generator = SeededGenerator(seed: UInt64(size))
            let random = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            for body in [random, Array(repeating: UInt8(ascii: "x"), count: size)] {
                let stored = fixture.store.codec.encode(body) ?? .init(bytes: Data(body), dictionaryID: nil)
                #expect(stored.bytes.count <= size)
                #expect(fixture.store.codec.decode(stored, size: size) == body)
                #expect(fixture.store.codec.decode(stored, size: size + 1) == nil)
            }
        }
    }

    @Test func `what cannot be made smaller is stored as it is`() async throws {
        try await withTemporaryStore { fixture in
            var generator = SeededGenerator(seed: 4)
            let random = (0..<2000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(fixture.store.codec.encode(random) == nil)
            let text = Array(String(repeating: "quay ", count: 400).utf8)
            let stored = try #require(fixture.store.codec.encode(text))
            #expect(stored.dictionaryID == BodyCodec.emptyDictionaryID)
            #expect(stored.bytes.count < 100)
        }
    }

    @Test(arguments: [0, 1, 5, 40]) func `damaged bytes are nobody's body`(cut: Int) async throws {
        try await withTemporaryStore { fixture in
            let text = Array(String(repeating: "a quay with trucks, ", count: 50).utf8)
            let stored = try #require(fixture.store.codec.encode(text))
            let damaged = stored.bytes.prefix(min(cut, stored.bytes.count - 1))
            #expect(fixture.store.codec.decode(.init(bytes: Data(damaged), dictionaryID: 1), size: text.count) == nil)
            #expect(fixture.store.codec.decode(.init(bytes: stored.bytes, dictionaryID: 77), size: text.count) == nil)
            let other = Data(stored.bytes.reversed())
            #expect(fixture.store.codec.decode(.init(bytes: other, dictionaryID: 1), size: text.count) == nil)
        }
    }

    @Test func `a dictionary is learned from what came, and every older body can still be read`() async throws {
        try await withTemporaryStore { fixture in
            let trainer = DictionaryTrainer(store: fixture.store, logger: quietLogger)
            let count = 2 * DictionaryTrainer.sampleCount
            let callbacks = try (0..<count + 100).map { try self.body($0) }
            for callback in callbacks.prefix(999) { try await fixture.keep(callback) }
            #expect(try await trainer.trainWhenDue(nil) == 1000, "too early")
            #expect(try await fixture.value("SELECT count(*) FROM dictionary") == 1)
            for callback in callbacks[999..<count] { try await fixture.keep(callback) }
            let reader = try fixture.reader()
            #expect(try await trainer.trainWhenDue(nil) == Int64(count * 10))
            #expect(try await fixture.value("SELECT trainedAt FROM dictionary WHERE id = 2") == Int64(count))
            for callback in callbacks[count...] { try await fixture.keep(callback) }

            let before = try #require(
                try await fixture.value(
                    "SELECT sum(length(bytes)) FROM body WHERE eventID > \(count - 100) AND eventID <= \(count)"
                )
            )
            let after = try #require(
                try await fixture.value("SELECT sum(length(bytes)) FROM body WHERE eventID > \(count)")
            )
            let raw = try #require(try await fixture.value("SELECT sum(bodySize) FROM event WHERE id > \(count)"))
            #expect(after * 10 < before * 9, "\(raw) bytes became \(before), then \(after)")

            // By a reader that was there before, by a new one, and by the next start.
            for reader in [reader, try fixture.reader()] {
                for (index, callback) in callbacks.enumerated() where index % 50 == 0 || index > count {
                    #expect(try await reader.body(ofEvent: Int64(index + 1)) == callback.document.bytes)
                }
            }
            #expect(try await reader.checkBodies(limit: 10_000).damaged.isEmpty)
            try await fixture.store.close()
            let again = try EventStore.open(.init(path: fixture.path), logger: quietLogger)
            let handlers = try await again.handlerIDs(for: [("one", "test")], now: 0)
            let handler = try #require(handlers["one"])
            let newest = try self.body(count + 500)
            let arrival = Arrival(callback: newest, accountID: 1, receivedAt: 0, handlerIDs: [handler])
            _ = try await again.keep(arrival)
            let leases = try await again.lease(handlerID: handler, limit: 1, now: 1).leases
            #expect(leases.first?.event.callback.document.bytes == newest.document.bytes)
            #expect(
                try await DictionaryTrainer(store: again, logger: quietLogger).trainWhenDue(nil) == Int64(count * 10)
            )
            try await again.close()
        }
    }

    @Test func `bodies that have nothing in common teach nothing`() async throws {
        try await withTemporaryStore { fixture in
            var generator = SeededGenerator(seed: 9)
            for number in 0..<1000 {
                let noise = (0..<40).map { _ in String(UInt64.random(in: .min ... .max, using: &generator), radix: 36) }
                let text = "[" + noise.map { "\"\($0)\"" }.joined(separator: ",") + ",\(number)]"
                try await fixture.keep(try Callback(body: Array(text.utf8)))
            }
            let trainer = DictionaryTrainer(store: fixture.store, logger: quietLogger)
            #expect(try await trainer.trainWhenDue(nil) == 10_000)
            #expect(try await fixture.value("SELECT count(*) FROM dictionary") == 1)
        }
    }

    @Test func `a store of the first version is migrated with all its bodies`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let callback = try self.body(1)
            let old = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(old, upTo: "1 events, deliveries, refusals")
            try await old.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO account (id, name) VALUES (1, 'live');
                        INSERT INTO handler (id, name, type, createdAt) VALUES (1, 'one', 'test', 0);
                        INSERT INTO event (id, accountID, kind, priorResponseCount, origin, receivedAt, lastSeenAt,
                            subject, fingerprint, fingerprintDigest, bodySize, bodySHA256)
                        VALUES (1, 1, 'completed', 0, 'callback', 0, 0, 7, 7, zeroblob(32), ?, ?);
                        INSERT INTO body (eventID, bytes) VALUES (1, ?);
                        INSERT INTO delivery (eventID, handlerID, subject, dueAt) VALUES (1, 1, 7, 0);
                        """,
                    arguments: [
                        callback.document.bytes.count, Data(Digest.sha256(callback.document.bytes)),
                        Data(callback.document.bytes),
                    ]
                )
            }
            try old.close()
            let store = try EventStore.open(.init(path: path), logger: quietLogger)
            let leases = try await store.lease(handlerID: 1, limit: 1, now: 1).leases
            #expect(leases.first?.event.callback.document.bytes == callback.document.bytes)
            let reader = try StoreReader(path: path)
            #expect(try await reader.body(ofEvent: 1) == callback.document.bytes)
            #expect(try await reader.checkBodies().damaged.isEmpty)
            try await store.close()
        }
    }
}
