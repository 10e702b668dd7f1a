internal import Synchronization

/// Whether callbacks can be kept now: asked by both ports, set by whoever starts and stops the service.
package final class Readiness: Sendable {
    private let state = Mutex(false)

    package init() {}

    /// False before the store is open, while the service stops, and after storage failed for good.
    package var isReady: Bool {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }
}
