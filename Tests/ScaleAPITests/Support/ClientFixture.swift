import AsyncHTTPClient
import InMemoryLogging
import Logging
import NIOSSL
import ScaleAPI

/// A client, the server it talks to, and what can be seen from outside.
struct ClientFixture: Sendable {
    static let key = "live_0123456789abcdef"

    /// What a test changes in the configuration.
    struct Change {
        let apply: (inout ScaleClient.Configuration) -> Void

        init(_ apply: @escaping (inout ScaleClient.Configuration) -> Void) { self.apply = apply }
    }

    let client: ScaleClient
    let server: ScriptedServer
    let port: Int
    let clock: TestClock
    let log: InMemoryLogHandler

    /// Everything the client logged, as one text.
    var logText: String { self.log.entries.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n") }

    /// Runs `body` with a client of a server that answers by `script`.
    ///
    /// Delays take no time and have full jitter. With `hosts` names have the addresses given there, and only those.
    static func run<Result: Sendable>(
        clock: TestClock = TestClock(),
        configure: Change = Change { _ in },
        tls: NIOSSLContext? = nil,
        hosts: [String: [String]]? = nil,
        onHead: @escaping @Sendable () -> ScriptedServer.Answer? = { nil },
        script: @escaping @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer,
        body: (ClientFixture) async throws -> Result
    ) async throws -> Result {
        try await ScriptedServer.run(tls: tls, onHead: onHead, script: script) { server, port in
            var configuration = ScaleClient.Configuration(
                apiKey: Secret(Self.key),
                baseURL: "\(tls == nil ? "http" : "https")://127.0.0.1:\(port)/v1"
            )
            configuration.connectTimeout = .milliseconds(300)
            configuration.timeout = .seconds(20)
            configure.apply(&configuration)
            let httpClient = HTTPClient(configuration: try configuration.httpClientConfiguration)
            let log = InMemoryLogHandler()
            var logger = Logger(label: "test") { _ in log }
            logger.logLevel = .trace
            // 2025-01-01T00:00:00Z, and the longest jitter there is.
            let surroundings =
                if let hosts {
                    Surroundings(
                        clock: clock,
                        now: { 1_735_689_600_000 },
                        random: { 1 },
                        addresses: { hosts[$0] ?? [] }
                    )
                } else {
                    Surroundings(clock: clock, now: { 1_735_689_600_000 }, random: { 1 })
                }
            let client = ScaleClient(
                configuration: configuration,
                httpClient: httpClient,
                logger: logger,
                surroundings: surroundings
            )
            let fixture = ClientFixture(client: client, server: server, port: port, clock: clock, log: log)
            do {
                let result = try await body(fixture)
                try await httpClient.shutdown()
                return result
            } catch {
                try? await httpClient.shutdown()
                throw error
            }
        }
    }

    /// Like `run`, with one answer after the other; the last one is given to all further requests.
    static func run<Result: Sendable>(
        clock: TestClock = TestClock(),
        configure: Change = Change { _ in },
        tls: NIOSSLContext? = nil,
        hosts: [String: [String]]? = nil,
        answers: [ScriptedServer.Answer],
        body: (ClientFixture) async throws -> Result
    ) async throws -> Result {
        try await Self.run(
            clock: clock,
            configure: configure,
            tls: tls,
            hosts: hosts,
            script: { _, number in answers[min(number, answers.count - 1)] },
            body: body
        )
    }
}

/// The error that `body` throws; nil when it throws none.
func scaleError<Result>(_ body: () async throws(ScaleError) -> Result) async -> ScaleError? {
    do throws(ScaleError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// A task as Scale would send it.
func taskJSON(_ id: String = "5f00", _ more: String = "") -> String {
    #"{"task_id":"\#(id)","type":"imageannotation","status":"pending"\#(more)}"#
}
