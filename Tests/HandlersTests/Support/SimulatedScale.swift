import AsyncHTTPClient
import Callbacks
import Logging
import ScaleAPI
import ScaleSimulator

/// A simulator in this process with a client for it.
struct SimulatedScale: Sendable {
    let simulator: ScaleSimulator
    let client: ScaleClient
    /// A client whose key Scale does not know.
    let stranger: ScaleClient

    /// Runs a body with a fresh simulator. No task has a callback URL: what Scale would send is made from the task.
    static func run(_ body: (SimulatedScale) async throws -> Void) async throws {
        var configuration = ScaleSimulator.Configuration()
        configuration.completionDelay = 0
        configuration.faultShare = 0
        try await ScaleSimulator.withRunning(configuration) { url, simulator in
            let httpClient = HTTPClient(eventLoopGroupProvider: .singleton)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            func client(_ key: String) -> ScaleClient {
                var configuration = ScaleClient.Configuration(apiKey: Secret(key), baseURL: url)
                configuration.retry.attempts = 1
                return ScaleClient(configuration: configuration, httpClient: httpClient, logger: logger)
            }
            do {
                try await body(Self(simulator: simulator, client: client("live_simulator"), stranger: client("live_x")))
                try await httpClient.shutdown()
            } catch {
                try? await httpClient.shutdown()
                throw error
            }
        }
    }

    /// A task that is completed, as Scale shows it.
    func completedTask(tags: [String] = []) async throws -> ScaleTask {
        let task = try await self.client.createTask(
            type: "imageannotation",
            parameters: [
                "instruction": "Label the quay.", "attachment": "https://assets.example.com/1.jpg",
                "geometries": ["box": ["objects_to_annotate": ["truck"], "min_width": 8, "min_height": 8]],
                "tags": .array(tags.map { .string($0) }),
            ]
        )
        return try await self.completed(task.id)
    }

    /// The task once it is completed. The callers' time limit bounds the waiting.
    func completed(_ id: String) async throws -> ScaleTask {
        while true {
            let task = try await self.client.task(id)
            if task.status == .completed { return task }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
