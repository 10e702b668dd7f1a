import Foundation
import ScaleSimulator
import ServiceLifecycle

/// Says on standard output where the simulator listens, once, for scripts that wait for the line.
struct Announcement: Service {
    let simulator: ScaleSimulator

    func run() async throws {
        let baseURL = try await self.simulator.baseURL()
        try FileHandle.standardOutput.write(contentsOf: Data("scale-simulator listens on \(baseURL)\n".utf8))
        try? await gracefulShutdown()
    }
}
