public import AsyncHTTPClient
public import Logging

/// A client of Scale's REST API, version 1.
///
/// A value to pass around freely: all copies share one rate limit and one pause after a 429. It holds no connections;
/// those belong to the `HTTPClient` it was made with, which the caller shuts down.
///
/// ```swift
/// let configuration = ScaleClient.Configuration(apiKey: Secret(key))
/// let httpClient = HTTPClient(configuration: try configuration.httpClientConfiguration)
/// let scale = ScaleClient(configuration: configuration, httpClient: httpClient, logger: logger)
/// for try await task in scale.tasks(TaskFilter(project: "dock", status: .completed)) { print(task.id) }
/// ```
///
/// Calls that only read, and changes that may be made twice without harm, are repeated when the network or Scale
/// fails (`RetryPolicy`). Creating a task is repeated only with a `unique_id`, auditing never after an unclear answer.
/// Every failure is a `ScaleError`; a cancelled call fails promptly with `ScaleError.Code.cancelled`.
public struct ScaleClient: Sendable {
    /// How this client behaves.
    public let configuration: Configuration
    let httpClient: HTTPClient
    let logger: Logger
    let rateLimiter: RateLimiter
    let surroundings: Surroundings

    /// A client that uses connections of `httpClient`.
    ///
    /// - Parameters:
    ///   - configuration: The key and the limits.
    ///   - httpClient: Where connections come from; the caller owns it. Make it with
    ///     `Configuration.httpClientConfiguration`: whether redirects are followed, how long connecting may take, and
    ///     the proxy and the certificates are decided there.
    ///   - logger: Told about repeats at level debug. It never sees keys or bodies.
    public init(configuration: Configuration, httpClient: HTTPClient, logger: Logger) {
        self.init(configuration: configuration, httpClient: httpClient, logger: logger, surroundings: .system)
    }

    /// A client with its own clock and randomness, for tests.
    package init(configuration: Configuration, httpClient: HTTPClient, logger: Logger, surroundings: Surroundings) {
        self.configuration = configuration
        self.httpClient = httpClient
        self.logger = logger
        self.surroundings = surroundings
        self.rateLimiter = RateLimiter(
            requestsPerSecond: configuration.requestsPerSecond,
            surroundings: surroundings
        )
    }
}
