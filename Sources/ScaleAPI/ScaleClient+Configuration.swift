public import AsyncHTTPClient
import NIOCore

extension ScaleClient {
    /// How a client behaves.
    ///
    /// Everything but the key has a default that works.
    public struct Configuration: Sendable {
        /// The API key, live or test; the two modes do not see each other's tasks.
        public var apiKey: Secret
        /// Where the API is, with or without a slash at the end.
        public var baseURL: String
        /// How long one request may take, from connecting to the last byte of its answer.
        ///
        /// Each repeat has as long.
        public var timeout: Duration
        /// How long connecting may take.
        ///
        /// It takes effect through `httpClientConfiguration`.
        public var connectTimeout: Duration
        /// How often and how patiently calls are repeated.
        public var retry: RetryPolicy
        /// How many requests all copies of this client may start in a second, evenly spaced; nil for no limit.
        public var requestsPerSecond: Double?
        /// The `User-Agent` header.
        public var userAgent: String
        /// The longest answer that is read, in bytes.
        public var maximumResponseBytes: Int

        /// A configuration with the defaults: 30 s a request, 5 s to connect, four attempts, no rate limit, 256 MB.
        public init(apiKey: Secret, baseURL: String = "https://api.scale.com/v1") {
            self.apiKey = apiKey
            self.baseURL = baseURL
            self.timeout = .seconds(30)
            self.connectTimeout = .seconds(5)
            self.retry = RetryPolicy()
            self.requestsPerSecond = nil
            self.userAgent = "scale-callbacks/1 (Swift)"
            self.maximumResponseBytes = 256 << 20
        }

        /// What to make the `HTTPClient` with: redirects are not followed, connecting takes at most `connectTimeout`,
        /// and HTTP/1.1 connections are kept for the next request but not for long.
        public var httpClientConfiguration: HTTPClient.Configuration {
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            configuration.httpVersion = .http1Only
            configuration.timeout.connect = TimeAmount(self.connectTimeout)
            // An old connection is more likely to be closed under a request, whose outcome is then unknown.
            configuration.connectionPool.idleTimeout = .seconds(20)
            // More calls at once than this wait for one of these, and no longer than connecting may take.
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
            return configuration
        }
    }
}
