import GRDB

@testable import CallbackQueue

/// One store on which histories run one after the other, each on an empty one.
final class HistoryLane {
    /// The names of the handlers, whose numbers are 1 and 2.
    static let handlers = ["one", "two"]

    private(set) var store: EventStore
    private(set) var handlerIDs: [Int64] = []
    private(set) var accountIDs: [Int64] = []

    init(folder: String) async throws {
        self.store = try Self.open("\(folder)/store.sqlite")
        let handlers = try await self.store.handlerIDs(for: Self.handlers.map { ($0, "test") }, now: 0)
        let accounts = try await self.store.accountIDs(for: ["live", "test"])
        self.handlerIDs = Self.handlers.compactMap { handlers[$0] }
        self.accountIDs = ["live", "test"].compactMap { accounts[$0] }
    }

    private static func open(_ path: String) throws -> EventStore {
        try EventStore.open(
            .init(path: path, lease: .milliseconds(QueueModel.leaseLength)),
            logger: quietLogger
        )
    }

    /// Opens the store as a new process would.
    func reopen() async throws {
        try await self.store.close()
        self.store = try Self.open(self.store.configuration.path)
    }

    /// What the store holds, as `QueueModel.text` has it, and empties the store.
    func takeText() async throws -> String {
        try await self.store.writer.write { database in
            let text = try String.fetchOne(database.cachedStatement(sql: QueueModel.storedText)) ?? ""
            try database.cachedStatement(sql: "DELETE FROM event").execute()
            try database.cachedStatement(sql: "UPDATE handler SET heldAt = NULL, heldReason = NULL").execute()
            try database.cachedStatement(sql: "DELETE FROM hold").execute()
            return text
        }
    }
}
