package import Logging
internal import ServiceLifecycle

/// Notes what is in every stretch of events once it is full, so that lists stay fast however long the log is.
///
/// It reads beside the writer and works a fifth of the time at most. What has no notes yet is read through by lists.
package struct StretchSurvey: Service {
    private static let interval = Duration.seconds(2)
    private static let restPerStep = 4.0

    private let store: EventStore
    private let logger: Logger

    package init(store: EventStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Looks every few seconds, until graceful shutdown or cancellation.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.survey(restPerStep: Self.restPerStep)
                } catch is CancellationError {
                    // The rest is for the next start.
                } catch {
                    // Lists are slower until it works again.
                    self.logger.warning("Events not surveyed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Notes what is in all stretches that are full.
    ///
    /// - Parameter restPerStep: How long to rest after each, as a multiple of the time it took.
    package func survey(restPerStep: Double = 0) async throws {
        let reader = try StoreReader(path: self.store.configuration.path)
        let clock = ContinuousClock()
        var start = clock.now
        while let notes = try await reader.nextStretchNotes() {
            try await self.store.keep(notes)
            try await Task.sleep(for: (clock.now - start) * restPerStep)
            start = clock.now
        }
    }
}
