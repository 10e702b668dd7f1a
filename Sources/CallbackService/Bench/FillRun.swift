import CallbackQueue
import Foundation
import Logging

/// Fills a store with events, as intake would, so that what depends on its size can be measured.
struct FillRun: Sendable {
    /// The name of the handler that the due deliveries are for, unless another is given.
    static let handlerName = "archive"
    /// Of so many events one is of the second account.
    private static let testShare = 1000

    /// The store; it must hold no event.
    let path: String
    /// How many events to keep.
    let events: Int
    /// How many of them, the newest, get a delivery that is due.
    let due: Int
    /// The handler that these deliveries are for.
    let handler: String
    /// The size of each body in bytes.
    let bodySize: Int

    /// Keeps the events.
    ///
    /// - Parameter progress: Told the share that is kept, 0 to 1.
    /// - Throws: `CommandError` when the store has events, `StoreError`, or `CallbackTemplate.SizeError`.
    func run(progress: @escaping @Sendable (Double) -> Void) async throws {
        let logger = Logger(label: "scale-callbacks") { _ in SwiftLogNoOpLogHandler() }
        var generator = SystemRandomNumberGenerator()
        let callbacks = try BenchCallbacks(bodySize: self.bodySize, using: &generator)
        let store = try EventStore.open(.init(path: self.path), logger: logger)
        do {
            guard try await StoreReader(path: self.path).events(limit: 1).rows.isEmpty else {
                throw CommandError("\(self.path) holds events. Name a new file.", exitCode: .inputOutput)
            }
            try await self.fill(store, with: callbacks, logger: logger, progress: progress)
        } catch {
            try? await store.close()
            throw error
        }
        try await store.close()
    }

    private func fill(
        _ store: EventStore,
        with callbacks: BenchCallbacks,
        logger: Logger,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        let accounts = try await store.accountIDs(for: ["live", "test"])
        let handlers = try await store.handlerIDs(for: [(self.handler, "file")], now: Now.milliseconds)
        let handlerIDs = handlers.values.map { $0 }
        let firstDue = self.events - self.due
        let intake = BenchIntake(store: store, callbacks: callbacks) { number in
            BenchIntake.Place(
                accountID: accounts[number % Self.testShare == 0 ? "test" : "live"] ?? 0,
                handlerIDs: number < firstDue ? [] : handlerIDs
            )
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // As in the service: most of the bodies are made smaller by what they have in common.
            group.addTask { try await DictionaryTrainer(store: store, logger: logger).run() }
            try await intake.keep(0..<self.events) { progress(Double($0) / Double(self.events)) }
            group.cancelAll()
        }
        try await StretchSurvey(store: store, logger: logger).survey()
    }
}
