import Synchronization

/// Counts from 0.
final class Counter: Sendable {
    private let count = Mutex(0)

    /// The number before, which is then one more.
    func next() -> Int {
        self.count.withLock { count in
            defer { count += 1 }
            return count
        }
    }

    var current: Int { self.count.withLock { $0 } }
}
