internal import CSQLite
internal import Dispatch
internal import GRDB
internal import Logging
internal import Synchronization

/// The one connection that writes the store, and the queue in front of it.
///
/// Group commit: while one transaction is being synced, work piles up; the next transaction takes all of it (up to a
/// bound), and one fsync makes all of it durable. Nobody is told of success before that fsync.
///
/// | state | what may follow |
/// |---|---|
/// | open | failed by a storage error that cannot be trusted, closed by `close()` |
/// | failed | nothing: every write is refused, the process has to end |
/// | closed | nothing |
final class StoreWriter: Sendable {
    /// The bounds of one transaction and of the queue in front of it.
    struct Limits: Sendable {
        var batchCount = 512
        var batchWeight = 4 << 20
        var waitingCount = 100_000
        var waitingWeight = 1 << 30
        /// After how many more pages in the WAL it is copied into the database.
        var checkpointPages = 8000
    }

    /// One piece of work: `run` does it inside the transaction and returns what to do once that is durable.
    private struct Item: Sendable {
        let weight: Int
        let run: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private struct State: Sendable {
        var waiting: [Item] = []
        var waitingWeight = 0
        var isDraining = false
        var refusal: StoreError?
        var isClosed = false
    }

    private let database: DatabaseQueue
    private let queue = DispatchQueue(label: "scale-callbacks.store-writer", qos: .userInitiated)
    private let limits: Limits
    private let logger: Logger
    private let onBroken: @Sendable (StoreError) -> Void
    private let state = Mutex(State())
    private let log: WriteAheadLog

    init(
        database: DatabaseQueue,
        limits: Limits = Limits(),
        logger: Logger,
        onBroken: @escaping @Sendable (StoreError) -> Void
    ) {
        self.database = database
        self.limits = limits
        self.logger = logger
        self.onBroken = onBroken
        self.log = WriteAheadLog(of: database)
    }

    /// Runs `body` inside a transaction and returns when it is committed and synced.
    ///
    /// `body` throws for storage errors only, and then the whole batch fails: what a caller expects to go wrong is a
    /// value. Not cancelled with the caller's task: what must be written is written.
    func write<Value: Sendable>(
        weight: Int = 256,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            self.submit(weight: weight, body) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// As `write`, for callers without a task: `completion` is called on the writer's thread.
    func submit<Value: Sendable>(
        weight: Int,
        _ body: @escaping @Sendable (Database) throws -> Value,
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let item = Item(
            weight: weight,
            run: { database in
                let value = try body(database)
                return { completion(.success(value)) }
            },
            fail: { completion(.failure($0)) }
        )
        let refusal: StoreError? = self.state.withLock { state in
            if let refusal = state.refusal { return refusal }
            guard state.waiting.count < self.limits.waitingCount,
                state.waitingWeight + weight <= self.limits.waitingWeight
            else { return .overloaded }
            state.waiting.append(item)
            state.waitingWeight += weight
            if !state.isDraining {
                state.isDraining = true
                self.queue.async { self.drain() }
            }
            return nil
        }
        if let refusal { item.fail(refusal) }
    }

    /// Writes what is waiting, copies the WAL into the database and closes the connection. Later writes are refused.
    /// Closing again does nothing.
    func close() async throws(StoreError) {
        self.state.withLock { $0.refusal = $0.refusal ?? .closed }
        let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            // Behind every drain that was started before, because the queue is serial.
            self.queue.async {
                // SQLite must not be called on a connection that is closed.
                guard !self.state.withLock({ $0.isClosed }) else { return continuation.resume(returning: .success(())) }
                do {
                    try self.checkpoint(.truncate)
                    try self.database.close()
                    self.state.withLock { $0.isClosed = true }
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(StoreError(error)))
                }
            }
        }
        try result.get()
    }

    private func drain() {
        while let batch = self.nextBatch() {
            self.commit(batch)
        }
    }

    /// The next items that fit one transaction; nil, and no longer draining, when nothing waits.
    private func nextBatch() -> [Item]? {
        self.state.withLock { state in
            var weight = 0
            var count = 0
            while count < state.waiting.count, count < self.limits.batchCount,
                count == 0 || weight + state.waiting[count].weight <= self.limits.batchWeight
            {
                weight += state.waiting[count].weight
                count += 1
            }
            guard count > 0 else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.waitingWeight -= weight
            return batch
        }
    }

    private func commit(_ batch: [Item]) {
        do {
            var finishes: [@Sendable () -> Void] = []
            finishes.reserveCapacity(batch.count)
            try self.database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for item in batch { finishes.append(try item.run(database)) }
                    return .commit
                }
            }
            for finish in finishes { finish() }
        } catch {
            let error = StoreError(error)
            if case .contradicted = error, batch.count > 1 {
                // One bad change must not cost the others their place: each is tried alone, until storage breaks.
                for item in batch {
                    if let broken = self.breakage { item.fail(broken) } else { self.commit([item]) }
                }
                return
            }
            self.logger.error("Store batch refused", metadata: ["error": "\(error)", "batch.count": "\(batch.count)"])
            if case .broken = error { self.refuseFromNowOn(error) }
            for item in batch { item.fail(error) }
            return
        }
        do {
            try self.checkpointWhenDue()
        } catch {
            let error = StoreError(error)
            self.logger.error("WAL checkpoint failed", metadata: ["error": "\(error)"])
            if case .broken = error { self.refuseFromNowOn(error) }
        }
    }

    /// Why nothing may be written any more; nil while the store works, also while it is being closed.
    private var breakage: StoreError? {
        self.state.withLock { state in
            if case .broken = state.refusal { state.refusal } else { nil }
        }
    }

    private func refuseFromNowOn(_ error: StoreError) {
        let waiting = self.state.withLock { state in
            state.refusal = state.refusal ?? error
            defer { state.waiting = [] }
            return state.waiting
        }
        for item in waiting { item.fail(error) }
        self.onBroken(error)
    }

    /// Only this connection copies the WAL (SQLite before 3.51.3 can lose pages when two do), outside of transactions.
    private func checkpointWhenDue() throws {
        let pages = self.log.pages.load(ordering: .relaxed)
        // Fewer than before: the log began anew.
        if pages < self.log.pagesAtCheckpoint.load(ordering: .relaxed) {
            self.log.pagesAtCheckpoint.store(0, ordering: .relaxed)
        }
        // What a reader holds back is not tried again after every commit.
        let before = self.log.pagesAtCheckpoint.load(ordering: .relaxed)
        guard pages - before >= self.limits.checkpointPages else { return }
        self.log.pagesAtCheckpoint.store(pages, ordering: .relaxed)
        try self.checkpoint(.passive)
    }

    private func checkpoint(_ kind: Database.CheckpointMode) throws {
        let (pages, moved) = try self.database.writeWithoutTransaction { database in
            let result = try database.checkpoint(kind)
            return (result.walFrameCount, result.checkpointedFrameCount)
        }
        self.logger.debug("WAL checkpointed", metadata: ["wal.pages": "\(pages)", "wal.moved": "\(moved)"])
    }
}

/// How long the write-ahead log is: SQLite tells after every commit.
private final class WriteAheadLog: Sendable {
    /// Pages in it after the last commit.
    let pages = Atomic(0)
    /// Pages in it when they were last copied into the database.
    let pagesAtCheckpoint = Atomic(0)

    /// Listens for as long as the connection is open; whoever owns that must keep this too.
    init(of database: DatabaseQueue) {
        database.writeWithoutTransaction { database in
            _ = sqlite3_wal_hook(
                database.sqliteConnection,
                { context, _, _, pages in
                    guard let context else { return SQLITE_OK }
                    Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue().pages
                        .store(Int(pages), ordering: .relaxed)
                    return SQLITE_OK
                },
                Unmanaged.passUnretained(self).toOpaque()
            )
        }
    }
}
