internal import Foundation
internal import GRDB
package import Logging
internal import ServiceLifecycle

/// Learns from the bodies that come what they have in common, so that they take less of the disk.
///
/// After the first thousand events, and again each time there are ten times as many, it trains a dictionary on the
/// newest bodies and keeps it if it makes them clearly smaller than the one in use.
package struct DictionaryTrainer: Service {
    /// How many bodies a dictionary is made of, and how many more it is tried on.
    static let sampleCount = 1000
    /// The largest dictionary: every process that uses it holds it in memory a few times.
    static let dictionarySize = 64 << 10
    /// Longer bodies say little about the others and make training slow.
    static let sampleSize = 8 << 10
    /// Until there is a dictionary bodies take four times the room, and more of the processor.
    private static let firstInterval = Duration.seconds(1)
    private static let interval = Duration.seconds(10)

    private let store: EventStore
    private let logger: Logger

    package init(store: EventStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Looks from time to time whether it is time, until graceful shutdown or cancellation.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var next: Int64?
            while !Task.isCancelled {
                let isFirst = next.map { $0 <= Self.sampleCount } ?? true
                try? await Task.sleep(for: isFirst ? Self.firstInterval : Self.interval)
                guard !Task.isCancelled else { return }
                do {
                    next = try await self.trainWhenDue(next)
                } catch {
                    // Bodies are kept all the same, only larger.
                    self.logger.warning("No dictionary trained", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Trains when there are as many events as that.
    ///
    /// - Parameter due: From which event on; nil to find out.
    /// - Returns: From which event on the next time.
    func trainWhenDue(_ due: Int64?) async throws(StoreError) -> Int64 {
        let (newest, trainedAt) = try await self.store.dictionaryState()
        let due = due ?? max(Int64(Self.sampleCount), trainedAt * 10)
        guard newest >= due else { return due }
        let samples = try await self.store.newestBodies(2 * Self.sampleCount, upTo: Self.sampleSize)
        // Every other one is kept back to see what the dictionary is worth.
        let trained = samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        let heldBack = samples.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        let store = self.store
        let candidate = await Self.onOwnThread { () -> (dictionary: Data, before: Int, after: Int)? in
            guard let dictionary = Zstandard.train(trained, size: Self.dictionarySize) else { return nil }
            let (before, after) = store.compare(dictionary, on: heldBack)
            return (dictionary, before, after)
        }
        if let candidate, candidate.after * 10 < candidate.before * 9 {
            try await self.store.add(candidate.dictionary, at: newest)
            self.logger.info(
                "Dictionary trained",
                metadata: [
                    "dictionary.size": "\(candidate.dictionary.count)",
                    "dictionary.ratio": "\(candidate.after * 100 / max(1, candidate.before)) %",
                ]
            )
        }
        return max(newest, due) * 10
    }

    /// Training takes up to a second, in which others must not wait: a thread of its own, which has the processor before others
    /// only when they do not want it.
    private static func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                // Linux: this thread's alone.
                _ = nice(10)
                continuation.resume(returning: body())
            }
        }
    }
}

extension EventStore {
    /// The newest event's number, and up to which one the dictionary in use was trained.
    func dictionaryState() async throws(StoreError) -> (newest: Int64, trainedAt: Int64) {
        try await self.writer.write { database in
            (
                try Int64.fetchOne(database, sql: "SELECT max(id) FROM event") ?? 0,
                try Int64.fetchOne(database, sql: "SELECT max(trainedAt) FROM dictionary") ?? 0
            )
        }
    }

    /// The newest bodies that are not longer than `size`, read beside the writer.
    func newestBodies(_ count: Int, upTo size: Int) async throws(StoreError) -> [[UInt8]] {
        try await StoreReader(path: self.configuration.path).newestBodies(count, upTo: size)
    }

    /// How many bytes bodies take with the dictionary in use and with another.
    func compare(_ dictionary: Data, on bodies: [[UInt8]]) -> (before: Int, after: Int) {
        guard let encoder = Zstandard.Encoder(dictionary: dictionary) else { return (0, 0) }
        return bodies.reduce((0, 0)) { sum, body in
            (
                sum.0 + (self.codec.encode(body)?.bytes.count ?? body.count),
                sum.1 + (encoder.encode(body)?.count ?? body.count)
            )
        }
    }

    /// Keeps a dictionary and uses it from now on.
    func add(_ dictionary: Data, at event: Int64) async throws(StoreError) {
        let id = try await self.writer.write(weight: dictionary.count) { database in
            try database.execute(
                sql: "INSERT INTO dictionary (bytes, trainedAt) VALUES (?, ?)",
                arguments: [dictionary, event]
            )
            return database.lastInsertedRowID
        }
        // Only now: no body may be written before its dictionary is on the disk.
        self.codec.add(BodyDictionary(id: id, bytes: dictionary))
    }
}
