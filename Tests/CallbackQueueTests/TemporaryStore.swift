import Callbacks
import Foundation
import GRDB
import Logging
import ScaleAPI
import Testing

@testable import CallbackQueue

/// A store in a folder of its own, with one account.
struct TemporaryStore: Sendable {
    let store: EventStore
    let path: String
    let accountID: Int64

    /// A reader of the same file.
    func reader() throws -> StoreReader { try StoreReader(path: self.path) }

    /// The numbers of handlers of these names.
    func handlers(_ names: String...) async throws -> [Int64] {
        let ids = try await self.store.handlerIDs(for: names.map { ($0, "test") }, now: 0)
        return try names.map { try #require(ids[$0]) }
    }

    /// Keeps a callback and returns its event's number, also of a repeat.
    @discardableResult
    func keep(_ callback: Callback, at now: Int64 = 0, for handlers: [Int64] = []) async throws -> Int64 {
        let arrival = Arrival(callback: callback, accountID: self.accountID, receivedAt: now, handlerIDs: handlers)
        switch try await self.store.keep(arrival) {
        case .kept(let id), .repeated(let id): return id
        }
    }

    /// One value by SQL, on the connection that writes.
    func value(_ sql: String) async throws -> Int64? {
        try await self.store.writer.write { try Int64.fetchOne($0, sql: sql) }
    }

    /// Changes the store by SQL, as nobody but a test should.
    func execute(_ sql: String) async throws {
        try await self.store.writer.write { try $0.execute(sql: sql) }
    }

    /// All deliveries, oldest first.
    func deliveries() async throws -> [DeliveryRecord] {
        try await self.reader().deliveries(limit: 100_000).rows.reversed()
    }
}

/// Runs `body` with a folder that is removed afterwards.
func withTemporaryFolder<Value>(in parent: String = NSTemporaryDirectory(), _ body: (String) async throws -> Value)
    async throws -> Value
{
    let folder = URL(fileURLWithPath: parent).appendingPathComponent("queue-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// Runs `body` with a new store, which is closed and removed afterwards.
func withTemporaryStore(
    in parent: String = NSTemporaryDirectory(),
    lease: Duration = .seconds(15),
    _ body: (TemporaryStore) async throws -> Void
) async throws {
    try await withTemporaryFolder(in: parent) { folder in
        let path = folder + "/store.sqlite"
        let store = try EventStore.open(.init(path: path, lease: lease), logger: quietLogger)
        let accounts = try await store.accountIDs(for: ["live"])
        try await body(TemporaryStore(store: store, path: path, accountID: try #require(accounts["live"])))
        // Some tests have closed it, or broken it, on purpose.
        try? await store.close()
    }
}

/// Logs nothing.
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits until a condition holds, and fails when it does not for half a minute.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(30)
    while try await !condition() {
        try #require(clock.now < end, "never happened: \(what)")
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// A callback about a task. Times are milliseconds since 1970.
func makeCallback(
    task: String = "a",
    status: String = "completed",
    completedAt: Int64? = 1000,
    updatedAt: Int64? = nil,
    review: String? = nil,
    auditedAt: Int64? = nil,
    priorResponses: Int = 0,
    response: JSON? = 1
) throws -> Callback {
    func time(_ milliseconds: Int64?) -> JSON? { milliseconds.map { .string(ScaleDate.string(milliseconds: $0)) } }
    var object: JSON.Object = ["task_id": .string(task), "status": .string(status), "type": "imageannotation"]
    object["completed_at"] = time(completedAt)
    object["updated_at"] = time(updatedAt)
    object["customer_review_status"] = review.map { .string($0) }
    object["customer_audited_at"] = time(auditedAt)
    object["prior_responses"] = .array(Array(repeating: [:], count: priorResponses))
    var body: JSON.Object = ["task": .object(object), "task_id": .string(task)]
    body["response"] = response
    return try Callback(body: JSON.object(body).encoded)
}

/// A text that cannot be made smaller by much, the same for the same seed.
func makeNoise(_ count: Int, seed: UInt64) -> JSON {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<count * 3 / 4).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return .string(Data(bytes).base64EncodedString())
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
