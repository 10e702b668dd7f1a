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
        var method: String
        var size: Int
        var authKey: String?
        var contentType: String?
        var body: JSON
    }

    private let state: Mutex<(callbacks: [Callback], answers: [Int], isHolding: Bool)>

    private init(answers: [Int]) {
        self.state = Mutex(([], answers, false))
    }

    /// Everything that arrived, in order.
    var callbacks: [Callback] { self.state.withLock { $0.callbacks } }

    /// From now on callbacks are taken but not answered, until they are released.
    func hold() { self.state.withLock { $0.isHolding = true } }

    /// Lets the callbacks be answered that were held.
    func release() { self.state.withLock { $0.isHolding = false } }

    /// Runs a receiver for the length of a closure.
    ///
    /// `answers` are the statuses it begins with, 0 for none at all; all others are 200. Redirects go to `location`.
    static func with<Result>(
        answers: [Int] = [],
        location: String = "/elsewhere",
        _ body: (_ url: String, _ receiver: Receiver) async throws -> Result
    ) async throws -> Result {
        let receiver = Receiver(answers: answers)
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        @Sendable func take(_ request: Request, _: BasicRequestContext) async throws -> Response {
            let bytes = try await request.body.collect(upTo: 1 << 27)
            let callback = Callback(
                method: request.method.rawValue,
                size: bytes.readableBytes,
                authKey: request.headers[.init("scale-callback-auth")!],
                contentType: request.headers[.contentType],
                body: JSON(parsing: bytes.readableBytesView) ?? .null
            )
            let status = receiver.state.withLock { state in
                state.callbacks.append(callback)
                return state.answers.isEmpty ? 200 : state.answers.removeFirst()
            }
            while receiver.state.withLock({ $0.isHolding }) { try await Task.sleep(for: .milliseconds(5)) }
            if status == 0 {
                await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(30)) }
            }
            var response = Response(status: .init(code: max(200, status)))
            if (300..<400).contains(status) { response.headers[.location] = location }
            return response
        }
        router.post("callbacks", use: take)
        router.post("elsewhere", use: take)
        router.get("elsewhere", use: take)
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
