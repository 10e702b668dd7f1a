import CallbackQueue
import Callbacks
import Synchronization

/// Keeps callbacks in a store of this process, without HTTP, as fast as they can be made.
struct BenchIntake: Sendable {
    /// Whose an event is and who takes it.
    struct Place: Sendable {
        /// The number of its account.
        let accountID: Int64
        /// The handlers that take it.
        let handlerIDs: [Int64]
    }

    /// How many callbacks are handed to the store at a time.
    private static let chunk = 512
    /// How many make callbacks side by side, so that the store always has some waiting.
    private static let makers = 3

    private let store: EventStore
    private let callbacks: BenchCallbacks
    private let place: @Sendable (_ number: Int) -> Place

    /// An intake of these callbacks, each of which `place` gives its place by its number.
    init(store: EventStore, callbacks: BenchCallbacks, place: @escaping @Sendable (_ number: Int) -> Place) {
        self.store = store
        self.callbacks = callbacks
        self.place = place
    }

    /// Keeps the callbacks of these numbers, in about their order; returns when all are on the disk.
    ///
    /// - Parameter kept: Told now and then up to which number they are.
    func keep(_ numbers: Range<Int>, kept: @escaping @Sendable (Int) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for maker in 0..<Self.makers {
                group.addTask {
                    let starts = stride(
                        from: numbers.lowerBound + maker * Self.chunk,
                        to: numbers.upperBound,
                        by: Self.makers * Self.chunk
                    )
                    for first in starts {
                        let chunk = first..<min(first + Self.chunk, numbers.upperBound)
                        try await self.keep(try chunk.map(self.arrival))
                        kept(chunk.upperBound)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func arrival(_ number: Int) throws -> Arrival {
        let place = self.place(number)
        return Arrival(
            callback: try Callback(body: self.callbacks.body(number)),
            accountID: place.accountID,
            receivedAt: Now.milliseconds,
            handlerIDs: place.handlerIDs
        )
    }

    private func keep(_ arrivals: [Arrival]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let countdown = Countdown(arrivals.count) { continuation.resume(with: $0) }
            for arrival in arrivals { self.store.keep(arrival) { countdown.note($0) } }
        }
    }
}

/// Waits for a number of results.
private final class Countdown: Sendable {
    private let state: Mutex<(left: Int, error: StoreError?)>
    private let end: @Sendable (Result<Void, any Error>) -> Void

    /// - Parameter end: Called with the last result; a failure if there was one.
    init(_ count: Int, end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        self.state = Mutex((count, nil))
        self.end = end
    }

    func note(_ result: Result<KeepResult, StoreError>) {
        let (left, error) = self.state.withLock { state -> (Int, StoreError?) in
            state.left -= 1
            if case .failure(let error) = result { state.error = state.error ?? error }
            return state
        }
        if left == 0 { self.end(error.map { .failure($0) } ?? .success(())) }
    }
}
