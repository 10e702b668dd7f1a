internal import Synchronization

/// Bounds the bytes of all bodies that are being received or stored at one time.
final class InFlightBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Takes bytes from the budget; false when they are not left.
    func reserve(_ count: Int) -> Bool {
        self.used.withLock { used in
            guard used + count <= self.limit else { return false }
            used += count
            return true
        }
    }

    /// Gives bytes back.
    func release(_ count: Int) {
        self.used.withLock { $0 -= count }
    }

    /// How many bytes are taken.
    var current: Int { self.used.withLock { $0 } }
}
