package import Logging
import ServiceLifecycle

extension ScaleSimulator {
    /// Runs a simulator for the length of a closure, at a port of the kernel's choice unless one is configured.
    ///
    /// - Parameters:
    ///   - configuration: How the simulator behaves.
    ///   - logger: Where it logs; by default nowhere.
    ///   - body: Is given the base URL, `/v1` included, and the handle to the books.
    /// - Returns: What the closure returns, after the simulator has stopped.
    /// - Throws: What the closure throws, or `NotListening`.
    package static func withRunning<Result>(
        _ configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "scale-simulator") { _ in SwiftLogNoOpLogHandler() },
        _ body: (_ baseURL: String, _ simulator: ScaleSimulator) async throws -> Result
    ) async throws -> Result {
        let simulator = ScaleSimulator(configuration: configuration, logger: logger)
        let services = ServiceGroup(configuration: .init(services: [simulator], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            do {
                let result = try await body(try await simulator.baseURL(), simulator)
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
                return result
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
        }
    }
}
