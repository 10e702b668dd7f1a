internal import CSQLite
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
        /// After how many more pages in the WAL they are copied into the database beside the writer.
        var copyPages = 2000
        /// How many pages the WAL may have: then commits wait until it is copied. At half of that the writer copies what little
        /// was not copied beside it, which lets it begin anew.
        var checkpointPages = 16_000
    }

    /// One transaction, for work of which much comes together.
    final class Batch {
        let database: Database
        private var statements: [(text: UnsafePointer<UInt8>, statement: Statement)] = []

        init(_ database: Database) { self.database = database }

        /// A prepared statement. Asked for again, it is known by the address of its text and need not be looked up.
        func statement(_ sql: StaticString) throws -> Statement {
            for known in self.statements where known.text == sql.utf8Start { return known.statement }
            let statement = try self.database.cachedStatement(sql: "\(sql)")
            self.statements.append((sql.utf8Start, statement))
            return statement
        }
    }

    /// One piece of work: `run` does it inside the transaction and returns what to do once that is durable.
    private struct Item: Sendable {
        let weight: Int
        let run: @Sendable (Batch) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private struct State: Sendable {
        var waiting: [Item] = []
        var waitingWeight = 0
        var isDraining = false
        var refusal: StoreError?
        var isClosed = false
    }

    let database: DatabaseQueue
    let thread = SerialThread(name: "store-writer")
    private let limits: Limits
    let logger: Logger
    private let onBroken: @Sendable (StoreError) -> Void
    private let state = Mutex(State())
    private let log: WriteAheadLog
    let copier: LogCopier
    private let copyState = Atomic(CopyState.none)
    let ballast: Ballast?
    /// How checkpoints went.
    let checkpoints: CheckpointLedger

    init(
        database: DatabaseQueue,
        limits: Limits = Limits(),
        ballast: Ballast? = nil,
        logger: Logger,
        onBroken: @escaping @Sendable (StoreError) -> Void
    ) throws {
        self.database = database
        self.copier = try LogCopier(path: database.path)
        self.limits = limits
        self.logger = logger
        self.onBroken = onBroken
        self.log = WriteAheadLog(of: database)
        self.ballast = ballast
        self.checkpoints = CheckpointLedger(usualPages: limits.checkpointPages / 2)
    }

    /// How many pieces of work wait for the next transaction.
    var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Runs `body` inside a transaction and returns when it is committed and synced.
    ///
    /// `body` throws for storage errors only, and then the whole batch fails: what a caller expects to go wrong is a
    /// value. Not cancelled with the caller's task: what must be written is written.
    func write<Value: Sendable>(
        weight: Int = 256,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            self.submit(weight: weight, { try body($0.database) }) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// As `write`, for callers without a task: `completion` is called on the writer's thread.
    func submit<Value: Sendable>(
        weight: Int,
        _ body: @escaping @Sendable (Batch) throws -> Value,
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let item = Item(
            weight: weight,
            run: { batch in
                let value = try body(batch)
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
                self.thread.async { self.drain() }
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
            // Behind every drain that was started before.
            self.thread.async {
                // SQLite must not be called on a connection that is closed.
                guard !self.state.withLock({ $0.isClosed }) else { return continuation.resume(returning: .success(())) }
                do {
                    try self.copier.close()
                    try self.emptyLogAtEnd()
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
            state.waitingWeight -= weight
            if count == state.waiting.count {
                defer { state.waiting = [] }
                return state.waiting
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return batch
        }
    }

    private func commit(_ batch: [Item]) {
        do {
            var finishes: [@Sendable () -> Void] = []
            finishes.reserveCapacity(batch.count)
            try self.database.writeWithoutTransaction { database in
                let shared = Batch(database)
                try Self.inTransaction(database) {
                    for item in batch { finishes.append(try item.run(shared)) }
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
            // Now there is room for this batch, and for what makes more room.
            if case .full = error, self.givesUpBallast() { return self.commit(batch) }
            self.logger.error("Store batch refused", metadata: ["error": "\(error)", "batch.count": "\(batch.count)"])
            if case .broken = error { self.refuseFromNowOn(error) }
            for item in batch { item.fail(error) }
            return
        }
        do {
            try self.checkpointWhenDue()
        } catch {
            self.failedToCheckpoint(StoreError(error))
        }
    }

    /// Does all of it or nothing. GRDB's own way has SQLite read the two statements anew each time, thousands of times a second.
    private static func inTransaction(_ database: Database, _ body: () throws -> Void) throws {
        try database.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            try body()
            try database.cachedStatement(sql: "COMMIT TRANSACTION").execute()
        } catch {
            // The first error tells more; some of them have rolled back already.
            try? database.rollback()
            throw error
        }
    }

    func failedToCheckpoint(_ error: StoreError) {
        self.checkpoints.failed()
        self.logger.error("WAL checkpoint failed", metadata: ["error": "\(error)"])
        if case .broken = error { self.refuseFromNowOn(error) }
        if case .full = error { _ = self.givesUpBallast() }
    }

    /// Why nothing may be written any more; nil while the store works, also while it is being closed.
    private var breakage: StoreError? {
        self.state.withLock { state in
            if case .broken = state.refusal { state.refusal } else { nil }
        }
    }

    /// Whether the connection may be used: neither closed nor in doubt.
    var isUsable: Bool { self.state.withLock { !$0.isClosed } && self.breakage == nil }

    private func refuseFromNowOn(_ error: StoreError) {
        let waiting = self.state.withLock { state in
            state.refusal = state.refusal ?? error
            defer { state.waiting = [] }
            return state.waiting
        }
        for item in waiting { item.fail(error) }
        self.onBroken(error)
    }

    /// Has the WAL copied into the database when it has grown, beside this thread, so that no commit waits. Once it is long this
    /// connection copies what little is left, which lets it begin anew: that costs two syncs, so it must not be done often.
    private func checkpointWhenDue() throws {
        // After a sync that failed beside this thread nothing is synced again.
        guard self.isUsable else { return }
        self.log.noteBeginning()
        if self.isShortOfRoom {
            guard self.log.pagesSinceCheckpoint >= Self.checkpointPagesWhenFull else { return }
            return try self.copyRest()
        }
        let isLong = self.log.pagesSinceCheckpoint >= self.limits.checkpointPages / 2
        switch self.copyState.load(ordering: .acquiring) {
        case .none where self.log.pagesSinceCopy >= (isLong ? 1 : self.limits.copyPages): self.beginCopy()
        case .copied where isLong: try self.copyRest()
        case .copied: self.copyState.store(.none, ordering: .releasing)
        case .none, .copying: break
        }
        // More comes than is copied.
        if self.log.pagesSinceCheckpoint >= self.limits.checkpointPages { try self.copyRest() }
    }

    private func beginCopy() {
        self.copyState.store(.copying, ordering: .releasing)
        self.log.noteCopy()
        let completion: @Sendable (Result<Int, any Error>) -> Void = { result in
            switch result {
            case .success(let pages): self.log.noteCopied(pages)
            case .failure(let error): self.failedToCheckpoint(StoreError(error))
            }
            self.copyState.store(.copied, ordering: .releasing)
        }
        self.copier.copy(pages: { [log] in log.pages }, completion: completion)
    }

    /// Copies what was not copied beside this thread.
    private func copyRest() throws {
        self.copier.wait()
        self.copyState.store(.none, ordering: .releasing)
        self.log.noteCheckpoint()
        try self.checkpoint(.passive)
    }

    func checkpoint(_ kind: Database.CheckpointMode) throws {
        guard try self.hasRoomToCheckpoint() else { return }
        let (pages, moved) = try self.database.writeWithoutTransaction { database in
            let result = try database.checkpoint(kind)
            return (result.walFrameCount, result.checkpointedFrameCount)
        }
        self.logger.debug("WAL checkpointed", metadata: ["wal.pages": "\(pages)", "wal.moved": "\(moved)"])
        if self.checkpoints.succeeded(pages: pages, moved: moved) {
            self.logger.warning(
                "The write-ahead log cannot be emptied: somebody has been reading the store for long",
                metadata: ["wal.pages": "\(pages)", "wal.moved": "\(moved)"]
            )
        }
    }
}

/// What becomes of the write-ahead log beside the writer.
private enum CopyState: UInt8, AtomicRepresentable {
    /// Nothing.
    case none
    /// It is being copied.
    case copying
    /// It was copied, but for what came meanwhile.
    case copied
}
