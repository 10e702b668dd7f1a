import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Works through the agenda: completes tasks when their time has come and posts their callbacks.
struct CallbackSender: Service {
    /// Redirects of one try, at most.
    private static let maximumRedirects = 5

    let world: World
    let logger: Logger

    /// Runs until graceful shutdown or cancellation.
    ///
    /// Tries under way are broken off then.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var configuration = HTTPClient.Configuration()
            // Followed, if at all, by our own hand: a redirect could lead off loopback.
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
                // There was more than one slice of it.
                if let next = due.next, next <= elapsed {
                    self.world.ring()
                    continue
                }
                if let time = armed, time <= elapsed { armed = nil }
                // Far times are looked at again every hour, so that no sleep is longer than a clock can count.
                if let next = due.next.map({ min($0, elapsed + .seconds(3600)) }), next < armed ?? next + .seconds(1) {
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
        let deadline = NIODeadline.now() + .nanoseconds(Int64(attempt.timeout * 1_000_000_000))
        var request = HTTPClientRequest(url: attempt.order.target.url)
        request.method = .POST
        request.headers.add(name: "host", value: attempt.order.target.host)
        request.headers.add(name: "content-type", value: "application/json")
        if let authKey = attempt.authKey { request.headers.add(name: "scale-callback-auth", value: authKey) }
        request.headers.add(name: "user-agent", value: "scale-simulator")
        request.body = CallbackBody(json: attempt.body, paddedTo: attempt.paddedTo).requestBody
        do {
            var base = attempt.order.url
            for redirects in 0...Self.maximumRedirects {
                let response = try await client.execute(request, deadline: deadline)
                // Reading a short answer to its end lets the connection serve again; a long one is not worth it.
                for try await _ in response.body.prefix(16) {}
                let status = Int(response.status.code)
                guard attempt.followsRedirects, [301, 302, 303, 307, 308].contains(status),
                    let location = response.headers.first(name: "location")
                else { return .answered(status: status, redirects: redirects) }
                guard let next = URL(string: location, relativeTo: URL(string: base))?.absoluteString,
                    case .dial(let url, let host) = self.world.target(next)
                else { return .failed(reason: "redirected to where it may not go") }
                base = next
                request.url = url
                request.headers.replaceOrAdd(name: "host", value: host)
                // What clients commonly make of these: a GET without a body.
                if status < 304 {
                    request.method = .GET
                    request.body = nil
                    request.headers.remove(name: "content-type")
                }
            }
            return .failed(reason: "too many redirects")
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
