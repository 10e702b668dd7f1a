internal import Synchronization

/// What one handler's loop has in hand: leases that wait for a place, attempts that run, and ends that wait to be
/// settled.
///
/// To keep a quick handler busy, more is leased than may run: as much as it begins within a moment. A slow handler has
/// nothing waiting, so that pausing it, stopping or a crash finds little that was leased in vain.
final class Hand: Sendable {
    /// How many leases may wait for a place at most.
    private static let mostAhead = 1024
    /// How many ends may wait to be settled before no more is leased: a crash repeats these.
    private static let mostUnsettled = 2048
    /// With more bytes of bodies in hand than this nothing waits for a place.
    static let fewBytes = 16 << 20
    /// With more bytes of bodies in hand than this nothing is leased.
    private static let mostBytes = 256 << 20
    /// A handler that takes less than this many milliseconds is quick.
    private static let quick: Int64 = 25
    /// What waits for a place for longer than this many milliseconds was leased too early.
    private static let longWait: Int64 = 100

    /// Why an attempt was told to give up.
    enum Interruption: Sendable {
        /// It has run for too long.
        case timeout
        /// Another attempt may run.
        case leaseLost
    }

    private struct Waiting: Sendable {
        let delivery: TakenDelivery
        let leasedAt: Int64
        var renewedAt: Int64
    }

    private struct Running: Sendable {
        let lease: LeaseKey
        let beganAt: Int64
        var renewedAt: Int64
        var interruption: Interruption?
        var interruptedAt: Int64 = 0
        var isToldOf = false
        let interrupt: @Sendable (Interruption) -> Void
    }

    private struct State: Sendable {
        /// The oldest is the last.
        var waiting: [Waiting] = []
        var running: [Int64: Running] = [:]
        var places = 0
        /// Of the bodies of what waits or runs.
        var bytes = 0
        var unsettled: [AttemptEnd] = []
        var settling = 0
        var ahead = 0
        /// Whether the last lease was for as many as it got, so that there may be more.
        var mayHaveMore = false
        var isStopping = false
        var nextLookAt: Int64 = 0
        var whenSettled: CheckedContinuation<Void, Never>?
    }

    private let concurrency: Int
    private let state = Mutex(State())

    init(concurrency: Int) { self.concurrency = concurrency }

    // MARK: - Leasing

    /// How many deliveries to lease now.
    var room: Int {
        self.state.withLock { state in
            let ahead = state.bytes < Self.fewBytes ? state.ahead : 0
            guard !state.isStopping, state.waiting.count * 2 <= ahead, state.bytes < Self.mostBytes,
                state.unsettled.count + state.settling < Self.mostUnsettled
            else { return 0 }
            return max(0, self.concurrency + ahead - state.waiting.count - state.places)
        }
    }

    /// Adds what was leased.
    ///
    /// - Parameter limit: How many could have been leased.
    /// - Returns: How many tasks to start, each of which calls `next` until there is nothing more.
    func add(_ batch: TakenBatch, limit: Int, now: Int64) -> Int {
        self.state.withLock { state in
            let batchWaiting = batch.deliveries.reversed()
                .map {
                    Waiting(delivery: $0, leasedAt: now, renewedAt: now)
                }
            state.waiting.insert(contentsOf: batchWaiting, at: 0)
            state.bytes += batch.deliveries.reduce(0) { $0 + $1.bodySize }
            state.mayHaveMore = batch.isCut || batch.deliveries.count >= limit
            state.nextLookAt = batch.nextLookAt ?? .max
            let starts = max(0, min(self.concurrency - state.places, state.waiting.count))
            state.places += starts
            return starts
        }
    }

    /// When the queue is worth a look although nobody rang; 0 for at once.
    var nextLookAt: Int64 {
        get { self.state.withLock { $0.nextLookAt } }
        set { self.state.withLock { $0.nextLookAt = newValue } }
    }

    /// The leases that wait for a place, which no longer do.
    func takeWaiting() -> [TakenDelivery] {
        self.state.withLock { state in
            defer { state.waiting = [] }
            state.bytes -= state.waiting.reduce(0) { $0 + $1.delivery.bodySize }
            return state.waiting.reversed().map(\.delivery)
        }
    }

    /// Lets nothing more begin.
    func stop() { self.state.withLock { $0.isStopping = true } }

    // MARK: - Running

    /// What to run next; nil when the place is given up because there is nothing.
    ///
    /// - Parameters:
    ///   - last: What the place ran before, which is no longer in hand; nil for the first.
    ///   - elapsed: How long that took in milliseconds.
    /// - Returns: Also whether more should be leased.
    func next(after last: TakenDelivery?, elapsed: Int64?, now: Int64) -> (delivery: TakenDelivery?, isLow: Bool) {
        self.state.withLock { state in
            state.bytes -= last?.bodySize ?? 0
            guard !state.isStopping, let next = state.waiting.popLast() else {
                if state.mayHaveMore, let elapsed, elapsed < Self.quick {
                    state.ahead = min(Self.mostAhead, state.ahead * 2 + self.concurrency)
                }
                state.places -= 1
                return (nil, true)
            }
            if now - next.leasedAt > Self.longWait { state.ahead /= 2 }
            return (next.delivery, state.mayHaveMore && state.waiting.count * 2 <= state.ahead)
        }
    }

    /// Notes that an attempt has begun, and how it can be interrupted.
    func began(_ lease: LeaseKey, now: Int64, interrupt: @escaping @Sendable (Interruption) -> Void) {
        self.state.withLock {
            $0.running[lease.deliveryID] = Running(lease: lease, beganAt: now, renewedAt: now, interrupt: interrupt)
        }
    }

    /// Notes that an attempt has ended, and tells whether it had been told to.
    func ended(_ lease: LeaseKey) -> Interruption? {
        self.state.withLock { $0.running.removeValue(forKey: lease.deliveryID)?.interruption }
    }

    /// Interrupts the attempts that have run for too long.
    func interrupt(beganBefore time: Int64, now: Int64) {
        let late = self.state.withLock { state in
            var late: [@Sendable (Interruption) -> Void] = []
            for (id, running) in state.running where running.beganAt <= time && running.interruption == nil {
                state.running[id]?.interruption = .timeout
                state.running[id]?.interruptedAt = now
                late.append(running.interrupt)
            }
            return late
        }
        for interrupt in late { interrupt(.timeout) }
    }

    /// The attempts that were interrupted before a time and go on regardless; each is told of once.
    func hanging(interruptedBefore time: Int64) -> [LeaseKey] {
        self.state.withLock { state in
            var hanging: [LeaseKey] = []
            for (id, running) in state.running
            where running.interruption == .timeout && running.interruptedAt <= time && !running.isToldOf {
                state.running[id]?.isToldOf = true
                hanging.append(running.lease)
            }
            return hanging
        }
    }

    /// The leases that were not renewed since a time and are still wanted; they count as renewed now.
    func leases(renewedBefore time: Int64, now: Int64) -> [LeaseKey] {
        self.state.withLock { state in
            var leases: [LeaseKey] = []
            for index in state.waiting.indices where state.waiting[index].renewedAt <= time {
                state.waiting[index].renewedAt = now
                leases.append(LeaseKey(state.waiting[index].delivery))
            }
            // Also of those that go on after their time: no second attempt may run beside them.
            for (id, running) in state.running
            where running.renewedAt <= time && running.interruption != .leaseLost {
                state.running[id]?.renewedAt = now
                leases.append(running.lease)
            }
            return leases
        }
    }

    /// Ends what runs or waits under leases that are lost.
    func lose(_ leases: [LeaseKey]) {
        let lost = Set(leases)
        let losers = self.state.withLock { state in
            state.waiting.removeAll { waiting in
                guard lost.contains(LeaseKey(waiting.delivery)) else { return false }
                state.bytes -= waiting.delivery.bodySize
                return true
            }
            var losers: [@Sendable (Interruption) -> Void] = []
            for (id, running) in state.running where lost.contains(running.lease) {
                state.running[id]?.interruption = .leaseLost
                losers.append(running.interrupt)
            }
            return losers
        }
        for interrupt in losers { interrupt(.leaseLost) }
    }

    // MARK: - Settling

    /// Adds ends of attempts.
    ///
    /// - Returns: What to settle now; empty while others are being settled, after which `settled` hands these out.
    func settle(_ ends: [AttemptEnd]) -> [AttemptEnd] {
        self.state.withLock { state in
            state.unsettled += ends
            return state.settling == 0 ? Self.takeUnsettled(&state) : []
        }
    }

    /// Notes that what was handed out is settled, and hands out what came meanwhile.
    func settled() -> [AttemptEnd] {
        let (ends, waiter) = self.state.withLock { state in
            let ends = Self.takeUnsettled(&state)
            guard ends.isEmpty else { return (ends, CheckedContinuation<Void, Never>?.none) }
            defer { state.whenSettled = nil }
            return (ends, state.whenSettled)
        }
        waiter?.resume()
        return ends
    }

    private static func takeUnsettled(_ state: inout State) -> [AttemptEnd] {
        let ends = state.unsettled
        state.unsettled = []
        state.settling = ends.count
        return ends
    }

    /// Waits until nothing waits to be settled; not cut short by cancellation, because what was done has to be written.
    func waitUntilSettled() async {
        await withCheckedContinuation { continuation in
            let isSettled = self.state.withLock { state in
                guard state.settling > 0 || !state.unsettled.isEmpty else { return true }
                state.whenSettled = continuation
                return false
            }
            if isSettled { continuation.resume() }
        }
    }
}
