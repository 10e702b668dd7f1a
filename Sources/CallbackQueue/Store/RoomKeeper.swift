package import Logging
internal import ServiceLifecycle

/// Looks every second whether a full disk has room again, for as long as the service runs.
package struct RoomKeeper: Service {
    private static let interval = Duration.seconds(1)

    private let store: EventStore
    private let logger: Logger
    private let onLook: @Sendable (_ hasRoom: Bool) -> Void

    /// - Parameter onLook: Told after every look whether callbacks can be kept.
    package init(store: EventStore, logger: Logger, onLook: @escaping @Sendable (_ hasRoom: Bool) -> Void) {
        self.store = store
        self.logger = logger
        self.onLook = onLook
    }

    /// Looks until graceful shutdown or cancellation.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await self.store.regainRoom() { self.logger.notice("The disk has room again; callbacks are taken") }
                self.onLook(self.store.hasRoom)
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
