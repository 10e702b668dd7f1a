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
        /// How long one request may take that carries files, to Scale or from it, in place of `timeout`.
        public var transferTimeout: Duration
        /// How long connecting may take, the TLS handshake included.
        ///
        /// This and everything that says so takes effect through `httpClientConfiguration`.
        public var connectTimeout: Duration
        /// How many connections to one host there may be at once; more calls than this wait, but no longer than
        /// `connectTimeout`.
        ///
        /// It takes effect through `httpClientConfiguration`.
        public var connections: Int
        /// How long an unused connection is kept for the next request.
        ///
        /// It takes effect through `httpClientConfiguration`.
        public var idleTimeout: Duration
        /// Through which HTTP proxy to connect; nil to connect directly.
        ///
        /// It takes effect through `httpClientConfiguration`.
        public var proxy: Proxy?
        /// A PEM file with certificates of authorities that are trusted besides those of the system, for example of a
        /// proxy that looks into TLS.
        ///
        /// It takes effect through `httpClientConfiguration`.
        public var certificateAuthorityFile: String?
        /// What this client shows to a server that asks who it is.
        ///
        /// This client shows it to no other host than that of the API. It takes effect through `httpClientConfiguration`.
        public var clientCertificate: ClientCertificate?
        /// How often and how patiently calls are repeated.
        public var retry: RetryPolicy
        /// How many requests all copies of this client may start in a second, evenly spaced; nil for no limit.
        public var requestsPerSecond: Double?
        /// The `User-Agent` header.
        public var userAgent: String
        /// The longest answer that is read into memory, in bytes.
        public var maximumResponseBytes: Int
        /// Where the list of uploaded files is, below `baseURL`; Scale documents the call but not its path (B4).
        public var fileListPath: String
        /// How the call that sends a callback again is spelled (contract A7).
        public var resendCallbackPath: ResendCallbackPath
        /// Whether result files may be fetched from private and loopback addresses other than the API's own.
        ///
        /// Off by default, because the URLs come from the wire and could make this machine reach into its own network.
        public var allowsPrivateResultHosts: Bool

        /// A configuration with the defaults: 30 s a request, 10 min with files, 5 s to connect, 32 connections,
        /// four attempts, no rate limit, 256 MB.
        public init(apiKey: Secret, baseURL: String = "https://api.scale.com/v1") {
            self.apiKey = apiKey
            self.baseURL = baseURL
            self.timeout = .seconds(30)
            self.transferTimeout = .seconds(600)
            self.connectTimeout = .seconds(5)
            self.connections = 32
            // An old connection is more likely to be closed under a request, whose outcome is then unknown.
            self.idleTimeout = .seconds(20)
            self.retry = RetryPolicy()
            self.requestsPerSecond = nil
            self.userAgent = "scale-callbacks/1 (Swift)"
            self.maximumResponseBytes = 256 << 20
            self.fileListPath = "/files"
            self.resendCallbackPath = .automatic
            self.allowsPrivateResultHosts = false
        }
    }
}
