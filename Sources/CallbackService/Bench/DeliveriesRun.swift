import CallbackQueue
import Callbacks
import Foundation
import Handlers
import Logging
import ScaleAPI
import Synchronization

/// Measures how fast deliveries go through a handler and are settled, on a real store in a temporary folder.
struct DeliveriesRun: Sendable {
    /// What the deliveries go through.
    enum Handler: String, Sendable, CaseIterable {
        /// Does nothing.
        case none
        /// Writes a file per event.
        case file
        /// Writes a line per event into one file.
        case lines

        /// What writes, in a folder; nil when nothing does.
        func writer(in folder: String) throws -> FileHandler? {
            switch self {
            case .none: return nil
            case .file:
                return try FileHandler(
                    configuration: FileHandler.split(path: folder + "/files/{batch}/{task_id}-{event_id}.json")
                )
            case .lines:
                var configuration = FileHandler.split(path: folder + "/files/{batch}.jsonl")
                configuration.format = .jsonl
                return try FileHandler(configuration: configuration)
            }
        }
    }

    /// What was measured.
    struct Figures: Sendable {
        /// How many deliveries were settled.
        let deliveries: Int
        /// From the first until the last was settled on the disk.
        let elapsed: Duration
        /// The processor time of all threads meanwhile.
        let processorTime: Duration

        /// Deliveries per second.
        var perSecond: Double { Double(self.deliveries) / self.elapsed.inSeconds }
        /// Processor time for each.
        var microsecondsEach: Double { self.processorTime.inSeconds * 1e6 / Double(self.deliveries) }
    }

    /// Where the store, and the files of the file handler, are made; in a folder of their own.
    let folder: String
    /// How many deliveries there are.
    let count: Int
    /// The size of each body in bytes.
    let bodySize: Int
    /// What they go through.
    let handler: Handler
    /// How many of them run at the same time.
    let concurrency: Int
    /// Whether the events are kept while they are delivered, and not before.
    let isWithIntake: Bool
    /// Whether the store and the files are left at the end.
    let keepsFolder: Bool

    /// Keeps the events and has them delivered.
    func run() async throws -> Figures {
        let folder = URL(fileURLWithPath: self.folder).appendingPathComponent("bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if !self.keepsFolder { try? FileManager.default.removeItem(atPath: folder) } }
        let logger = Logger(label: "scale-callbacks") { _ in SwiftLogNoOpLogHandler() }
        let store = try EventStore.open(.init(path: folder + "/store.db"), logger: logger)
        do {
            let figures = try await self.measure(store, folder: folder, logger: logger)
            try await store.close()
            return figures
        } catch {
            try? await store.close()
            throw error
        }
    }

    private func measure(_ store: EventStore, folder: String, logger: Logger) async throws -> Figures {
        let handler = CountingHandler(try self.handler.writer(in: folder))
        let registration = HandlerRegistration(
            name: "bench",
            type: self.handler.rawValue,
            concurrency: self.concurrency,
            handler: handler
        )
        let dispatcher = try await Dispatcher(store: store, handlers: [registration], logger: logger) { _ in nil }
        let handlerIDs = Array(dispatcher.handlers.keys)
        let accounts = try await store.accountIDs(for: ["live"])
        var generator = SystemRandomNumberGenerator()
        let accountID = accounts["live"] ?? 0
        let intake = BenchIntake(
            store: store,
            callbacks: try BenchCallbacks(bodySize: self.bodySize, using: &generator)
        ) { _ in BenchIntake.Place(accountID: accountID, handlerIDs: handlerIDs) }
        if !self.isWithIntake { try await intake.keep(0..<self.count) { _ in } }
        let reader = try StoreReader(path: store.configuration.path)
        let clock = ContinuousClock()
        let start = (time: clock.now, processor: Self.processorTime)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            if self.isWithIntake { try await intake.keep(0..<self.count) { _ in dispatcher.wake(handlerIDs) } }
            dispatcher.wakeAll()
            // The store is asked only when few can be left: counting many would be part of the measurement.
            while handler.count < self.count { try await Task.sleep(for: .milliseconds(2)) }
            while try await reader.handlers().first?.pendingCount != 0 { try await Task.sleep(for: .milliseconds(2)) }
            let figures = Figures(
                deliveries: self.count,
                elapsed: clock.now - start.time,
                processorTime: Self.processorTime - start.processor
            )
            group.cancelAll()
            return figures
        }
    }

    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Counts what comes and does it, or nothing.
private final class CountingHandler: CallbackHandler {
    private let other: (any CallbackHandler)?
    private let calls = Atomic(0)

    init(_ other: (any CallbackHandler)?) { self.other = other }

    /// How many calls began.
    var count: Int { self.calls.load(ordering: .relaxed) }

    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        self.calls.add(1, ordering: .relaxed)
        return try await self.other?.handle(event, in: context) ?? .completed("done")
    }
}
