import Callbacks
import Foundation
import GRDB
import Logging
import ScaleAPI
import ServiceLifecycle
import Testing

@testable import CallbackQueue
@testable import CallbackServer

/// When the store cannot keep a callback, the answer is 503 and never a success.
@Suite struct StorageFailureTests {
    /// Serves the public port on a store that the test holds in its hands, and closes.
    private static func withIntake(_ body: (EventStore, Int) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let path = folder.appendingPathComponent("store.db").path
            let configuration = CallbackReceiver.Configuration.forTests(storePath: path, host: "127.0.0.1")
            let store = try EventStore.open(configuration.store, logger: logger)
            let readiness = Readiness()
            readiness.isReady = true
            let intake = try await Intake(
                store: store,
                dispatcher: Dispatcher(store: store, handlers: [], logger: logger) { _ in nil },
                refusals: RefusalLog(store: store, logger: logger),
                accounts: configuration.accounts.map(\.name),
                readiness: readiness
            )
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let server = IntakeServer(
                configuration: configuration.intake,
                verifier: CallbackVerifier(accounts: configuration.accounts),
                intake: intake,
                logger: logger,
                onListening: { continuation.yield($0) }
            )
            let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: logger))
            let running = Task { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(store, port)
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }

    private static func post(_ body: [UInt8], to port: Int) async throws -> RawAnswer {
        let client = try await RawClient.connect(to: port, host: "127.0.0.1")
        await client.send(Requests.post(body))
        let (answers, _) = await client.receive(1)
        await client.close()
        return try #require(answers.first)
    }

    @Test(.timeLimit(.minutes(1))) func `a full disk is 503 until there is room`() async throws {
        try await Self.withIntake { store, port in
            #expect(try await Self.post(Requests.callback(1), to: port).status == 200)
            let pages = try await store.writer.write { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
                return pages
            }
            for number in 2..<5 {
                let answer = try await Self.post(Requests.callback(number, padding: 100_000), to: port)
                #expect(answer.status == 503)
                #expect(answer["retry-after"] == "5")
            }
            _ = try await store.writer.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 1000)") }
            #expect(try await Self.post(Requests.callback(5, padding: 100_000), to: port).status == 200)
            let events = try await StoreReader(path: store.configuration.path).events(order: .oldestFirst).rows
            #expect(events.map(\.taskID) == ["task1", "task5"])
            try await store.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a store that was closed is 503`() async throws {
        try await Self.withIntake { store, port in
            try await store.close()
            let answer = try await Self.post(Requests.callback(1), to: port)
            #expect(answer.status == 503)
            #expect(answer["retry-after"] == "5")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `storage that cannot be trusted is 503 and ends the service`() async throws {
        do {
            try await withReceiver { receiver in
                #expect(try await receiver.exchange(Requests.post(Requests.callback(1))).answers.map(\.status) == [200])
                var patient = GRDB.Configuration()
                patient.busyMode = .timeout(20)
                let vandal = try DatabaseQueue(path: receiver.storePath, configuration: patient)
                // Only keeping meets it: what pruner and trainer do at the start must not end the service before.
                try await vandal.writeWithoutTransaction {
                    try $0.execute(sql: "CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT * FROM nowhere; END")
                }
                try vandal.close()
                let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(2)))
                #expect(answers.map(\.status) == [503])
                try await eventually {
                    (try? await receiver.exchange(Requests.post(Requests.callback(3))))?.answers.isEmpty ?? true
                }
            }
            Issue.record("the service went on")
        } catch StoreError.broken {
            // As it should be.
        }
    }
}
