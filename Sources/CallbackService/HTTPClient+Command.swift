import AsyncHTTPClient

extension HTTPClient {
    /// Gives a client to one command, which is told at once when nobody listens: the shared client would try again until
    /// the time-out.
    static func withCommandClient<Value>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration, body)
    }
}
