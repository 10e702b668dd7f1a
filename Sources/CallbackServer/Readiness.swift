internal import Synchronization

/// Whether callbacks can be kept now: asked by both ports, set by whoever starts and stops the service.
package final class Readiness: Sendable {
    private let state = Mutex(false)
    private let room = Mutex(true)

    package init() {}

    /// False before the store is open, while the service stops, and after storage failed for good.
    package var isReady: Bool {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }

    /// False while the disk is full.
    package var hasRoom: Bool {
        get { self.room.withLock { $0 } }
        set { self.room.withLock { $0 = newValue } }
    }

    /// What a probe is told: whether a callback would be kept now.
    package var keepsCallbacks: Bool { self.isReady && self.hasRoom }
}
