import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

@testable import ScaleSimulator

/// A real listener on loopback for callbacks: keeps what arrives, answers as it is told.
final class Receiver: Sendable {
    /// One callback as it arrived.
    struct Callback: Sendable {
        var authKey: String?
        var contentType: String?
        var body: JSON
    }

    private let state: Mutex<(callbacks: [Callback], answers: [Int])>

    private init(answers: [Int]) {
        self.state = Mutex(([], answers))
    }

    /// Everything that arrived, in order.
    var callbacks: [Callback] { self.state.withLock { $0.callbacks } }

    /// Runs a receiver for the length of a closure.
    ///
    /// `answers` are the statuses it begins with; all others are 200.
    static func with<Result>(
        answers: [Int] = [],
        _ body: (_ url: String, _ receiver: Receiver) async throws -> Result
    ) async throws -> Result {
        let receiver = Receiver(answers: answers)
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.post("callbacks") { request, _ in
            let bytes = try await request.body.collect(upTo: 1 << 26)
            let callback = Callback(
                authKey: request.headers[.init("scale-callback-auth")!],
                contentType: request.headers[.contentType],
                body: JSON(parsing: bytes.readableBytesView) ?? .null
            )
            let status = receiver.state.withLock { state in
                state.callbacks.append(callback)
                return state.answers.isEmpty ? 200 : state.answers.removeFirst()
            }
            var response = Response(status: .init(code: status))
            if (300..<400).contains(status) { response.headers[.location] = "/elsewhere" }
            return response
        }
        let logger = Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { portKnown.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        let services = ServiceGroup(configuration: .init(services: [application], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            do {
                let result = try await body("http://127.0.0.1:\(port)/callbacks", receiver)
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
