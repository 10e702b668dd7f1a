import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Works through the agenda: completes tasks when their time has come and posts their callbacks.
struct CallbackSender: Service {
    let world: World
    let logger: Logger

    /// Runs until graceful shutdown or cancellation.
    ///
    /// Tries under way are broken off then.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var configuration = HTTPClient.Configuration()
            // A redirect is an answer that is not 2xx. Following it could lead off loopback.
            configuration.redirectConfiguration = .disallow
            configuration.timeout.connect = .seconds(10)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
            // The tries of the schedule are all the tries there are.
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.httpVersion = .http1Only
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            await self.work(with: client)
            try await client.shutdown()
        }
    }

    private func work(with client: HTTPClient) async {
        await withDiscardingTaskGroup { group in
            var armed: Duration?
            for await _ in self.world.wake {
                let due = self.world.takeDue()
                for attempt in due.attempts {
                    group.addTask {
                        let outcome = await self.post(attempt, with: client)
                        self.world.settle(attempt.order, outcome)
                    }
                }
                let elapsed = self.world.elapsed
                if let time = armed, time <= elapsed { armed = nil }
                if let next = due.next, next < armed ?? .seconds(Int64.max) {
                    armed = next
                    group.addTask {
                        // Cancelled means shutdown; the bell does no harm then.
                        try? await Task.sleep(for: next - elapsed)
                        self.world.ring()
                    }
                }
            }
        }
    }

    private func post(_ attempt: CallbackAttempt, with client: HTTPClient) async -> CallbackAttempt.Outcome {
        var request = HTTPClientRequest(url: attempt.order.target.url)
        request.method = .POST
        request.headers.add(name: "host", value: attempt.order.target.host)
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "scale-callback-auth", value: attempt.authKey)
        request.headers.add(name: "user-agent", value: "scale-simulator")
        request.body = .bytes(ByteBuffer(bytes: attempt.body.utf8))
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            // Reading a short answer to its end lets the connection serve again; a long one is not worth it.
            for try await _ in response.body.prefix(16) {}
            return .answered(status: Int(response.status.code))
        } catch {
            return Task.isCancelled ? .interrupted : .failed(reason: self.reason(error, attempt.order))
        }
    }

    private func reason(_ error: any Error, _ order: CallbackAttempt.Order) -> String {
        if let error = error as? HTTPClientError, [.deadlineExceeded, .connectTimeout].contains(error) {
            return "timed out"
        }
        self.logger.debug(
            "Callback attempt failed",
            metadata: ["callback.subject": "\(order.name)", "error": "\(error)"]
        )
        return "no answer"
    }
}
