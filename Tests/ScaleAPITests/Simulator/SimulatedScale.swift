import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import ScaleAPI
import ScaleSimulator
import Testing

/// A simulator in this process, clients for it, and its books.
struct SimulatedScale: Sendable {
    /// What a test changes in a client's configuration.
    typealias Change = (inout ScaleClient.Configuration) -> Void

    let simulator: ScaleSimulator
    /// With `/v1` at its end.
    let baseURL: String
    let httpClient: HTTPClient
    /// The clock of `live` and `test`: their delays take no time and are written down.
    let clock = TestClock()
    /// A client with the live key.
    let live: ScaleClient
    /// A client with the test key: its tasks are completed when they are created.
    let test: ScaleClient

    private init(simulator: ScaleSimulator, baseURL: String, httpClient: HTTPClient) {
        self.simulator = simulator
        self.baseURL = baseURL
        self.httpClient = httpClient
        self.live = Self.client(baseURL, httpClient, "live_simulator", self.clock) { _ in }
        self.test = Self.client(baseURL, httpClient, "test_simulator", self.clock) { _ in }
    }

    /// Runs a fresh simulator for the length of `body`.
    ///
    /// By default live tasks are completed at once and nothing is wrong on purpose.
    static func run(
        _ configuration: ScaleSimulator.Configuration = .with { _ in },
        body: (SimulatedScale) async throws -> Void
    ) async throws {
        try await ScaleSimulator.withRunning(configuration) { url, simulator in
            var client = ScaleClient.Configuration(apiKey: Secret(""))
            client.connectTimeout = .milliseconds(300)
            let httpClient = HTTPClient(configuration: try client.httpClientConfiguration)
            do {
                try await body(Self(simulator: simulator, baseURL: url, httpClient: httpClient))
                try await httpClient.shutdown()
            } catch {
                try? await httpClient.shutdown()
                throw error
            }
        }
    }

    /// Live tasks stay pending for the length of a test.
    static func runIdle(body: (SimulatedScale) async throws -> Void) async throws {
        try await Self.run(.with { $0.completionDelay = 3600 }, body: body)
    }

    /// Another client, by default with the live key and the clock of the others.
    func client(
        key: String = "live_simulator",
        clock: (any Clock<Duration>)? = nil,
        _ change: Change = { _ in }
    ) -> ScaleClient {
        Self.client(self.baseURL, self.httpClient, key, clock ?? self.clock, change)
    }

    private static func client(
        _ baseURL: String,
        _ httpClient: HTTPClient,
        _ key: String,
        _ clock: any Clock<Duration>,
        _ change: Change
    ) -> ScaleClient {
        var configuration = ScaleClient.Configuration(apiKey: Secret(key), baseURL: baseURL)
        change(&configuration)
        // The longest jitter there is.
        let surroundings = Surroundings(clock: clock, now: { 1_735_689_600_000 }, random: { 1 })
        return ScaleClient(
            configuration: configuration,
            httpClient: httpClient,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            surroundings: surroundings
        )
    }
}

extension SimulatedScale {
    /// How many requests of this call reached the simulator, for example `POST /task/{task}/audit`.
    func count(_ operation: String) -> Int { self.statuses(operation).count }

    /// What the requests of this call were answered, in order; nil where the connection was reset instead.
    func statuses(_ operation: String) -> [Int?] {
        self.simulator.journal()
            .compactMap { entry in
                guard case .request(_, _, operation, let status) = entry.event else { return nil }
                return .some(status)
            }
    }

    /// How many tasks this mode has.
    func taskCount(_ mode: ScaleSimulator.Mode = .live) -> Int {
        self.simulator.summary.tasks[mode]?.values.reduce(0, +) ?? 0
    }

    /// Reads what no call of the client asks for: a book of the simulator, or with the live key a call of the API.
    func look(_ path: String) async throws -> JSON { try await self.answer(.GET, path, nil) }

    /// Orders what no call of the client can.
    @discardableResult
    func order(_ path: String, _ body: JSON? = nil) async throws -> JSON { try await self.answer(.POST, path, body) }

    private func answer(_ method: HTTPMethod, _ path: String, _ body: JSON?) async throws -> JSON {
        var request = HTTPClientRequest(url: self.baseURL.dropLast("/v1".count) + path)
        request.method = method
        if path.hasPrefix("/v1/") { request.setBasicAuth(username: "live_simulator", password: "") }
        if let body { request.body = .bytes(ByteBuffer(bytes: body.encoded)) }
        let response = try await self.httpClient.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 24)
        try #require(response.status == .ok)
        return try JSON(parsing: Array(bytes.readableBytesView))
    }

    /// A task that is pending in a simulator that is idle, else soon completed.
    func makeTask(_ options: TaskOptions = .init(), categories: [String] = ["cat", "dog"]) async throws -> ScaleTask {
        try await self.live.createTask(
            CategorizationTask(attachment: "https://assets.example.com/1.jpg", categories: categories, options: options)
        )
    }

    /// A task that is completed, by the live key.
    func makeCompletedTask(_ options: TaskOptions = .init()) async throws -> ScaleTask {
        try await self.completed(try await self.makeTask(options))
    }

    /// The task once it is completed; the time limit of the test bounds the waiting.
    func completed(_ task: ScaleTask) async throws -> ScaleTask {
        while true {
            let task = try await self.live.task(task.id)
            if task.status == .completed { return task }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits for something that the simulator or its callbacks do a little later.
    func eventually(_ isTrue: () async throws -> Bool) async throws {
        while try await !isTrue() { try await Task.sleep(for: .milliseconds(2)) }
    }
}

extension ScaleSimulator.Configuration {
    /// A simulator that completes live tasks at once and does nothing wrong on purpose, but for what is changed.
    static func with(_ change: (inout Self) -> Void) -> Self {
        var configuration = Self()
        configuration.completionDelay = 0
        configuration.faultShare = 0
        change(&configuration)
        return configuration
    }
}

extension ScriptedServer {
    /// Runs a server that gives every request the same answer.
    static func run(answer: Answer, body: (ScriptedServer, Int) async throws -> Void) async throws {
        try await Self.run(script: { _, _ in answer }, body: body)
    }
}

extension AsyncSequence {
    /// All elements.
    func all() async throws -> [Element] {
        var elements: [Element] = []
        for try await element in self { elements.append(element) }
        return elements
    }
}
