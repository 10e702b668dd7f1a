import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A server that is not Scale's, such as that of a customer, to which requests are posted.
///
/// Its URL comes from people and its name from DNS, so both are treated as the URLs of result files are: `http` and `https`
/// only, no user name, and the name is looked up once for each request, all its addresses are checked, and the connection
/// is made to a checked one. Redirects are not followed.
package struct OutsideServer: Sendable {
    /// What the server said.
    package struct Answer: Sendable {
        /// The status.
        package let status: Int
        /// How long it wants to be left alone.
        package let retryAfter: Duration?
        /// Where it would send us.
        package let location: String?
        /// The first 64 KB of the body.
        package let body: [UInt8]

        package init(status: Int, retryAfter: Duration? = nil, location: String? = nil, body: [UInt8] = []) {
            self.status = status
            self.retryAfter = retryAfter
            self.location = location
            self.body = body
        }
    }

    private static let operation = "POST to another server"
    private static let connectTimeout = TimeAmount.seconds(5)

    private let location: ResultLocation
    private let allowed: [AddressRange]
    private let timeout: Duration
    private let surroundings: Surroundings

    /// A server to post to.
    ///
    /// - Parameters:
    ///   - url: Where to post to.
    ///   - allowed: The addresses that may be used although they do not belong to the public internet.
    ///   - timeout: How long a request may take, from looking up the name to the last byte of the answer.
    /// - Throws: `invalidArgument` for a URL that is not used, also for an address in figures that is not allowed.
    package init(
        url: String,
        allowed: [AddressRange] = [],
        timeout: Duration,
        surroundings: Surroundings = .system
    ) throws(ScaleError) {
        do throws(ResultLocation.Refusal) {
            self.location = try ResultLocation(url)
        } catch {
            throw ScaleError(code: .invalidArgument, message: error.reason, operation: Self.operation)
        }
        self.allowed = allowed
        self.timeout = timeout
        self.surroundings = surroundings
        if let address = HostAddress.figures(self.location.host), !self.isAllowed(address) {
            throw Self.refusal(of: [address])
        }
    }

    /// Posts once.
    ///
    /// - Parameter attempt: Each takes the next of the server's addresses, should one of them not answer.
    /// - Throws: `invalidArgument` when an address is not allowed, `timeout`, `connectionFailed` or `cancelled`.
    package func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        attempt: Int
    ) async throws(ScaleError) -> Answer {
        let outcome: Exchange.Outcome
        do {
            outcome = try await self.send(body, headers, attempt)
        } catch let error as ScaleError {
            throw error
        } catch  where !Task.isCancelled {
            throw Self.error(.connectionFailed, "the connection failed: \(type(of: error))")
        } catch {
            throw Self.error(.cancelled, ScaleError.cancelledMessage)
        }
        switch outcome {
        case .failure(let code, _, let message): throw Self.error(code, message)
        case .answer(let status, let headers, let body):
            return Answer(
                status: status,
                retryAfter: RetryAfter.duration(headers, now: self.surroundings.now()),
                location: headers.first(name: "location"),
                body: body
            )
        }
    }

    private func send(
        _ body: [UInt8],
        _ headers: [(name: String, value: String)],
        _ attempt: Int
    ) async throws -> Exchange.Outcome {
        let start = self.surroundings.elapsed()
        let address = try await self.address(attempt)
        var request = HTTPClientRequest(url: self.location.url)
        request.method = .POST
        request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = Self.connectTimeout
        // A server that refuses is tried again as a delivery, at its next address.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The certificate is still checked against the name.
        configuration.dnsOverride = [self.location.host: address]
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            var exchange = Exchange(
                httpClient: client,
                request: request,
                timeout: max(.zero, self.timeout - (self.surroundings.elapsed() - start)),
                maximumResponseBytes: Exchange.maximumErrorBytes
            )
            exchange.body = .bytes(body)
            exchange.ignoresAnswer = true
            return await exchange.run().outcome
        }
    }

    private func address(_ attempt: Int) async throws -> String {
        let found = try await withThrowingTaskGroup(of: [String]?.self) { group in
            group.addTask { try await self.surroundings.addresses(self.location.host) }
            group.addTask {
                try await Task.sleep(for: self.timeout, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let found else { throw Self.error(.timeout, "the host's name was not looked up in \(self.timeout)") }
        guard !found.isEmpty else { throw Self.error(.connectionFailed, "the host has no address") }
        let refused = found.filter { !self.isAllowed($0) }
        guard refused.isEmpty else { throw Self.refusal(of: refused) }
        return found[max(0, attempt - 1) % found.count]
    }

    private func isAllowed(_ address: String) -> Bool {
        HostAddress.isPublic(address) || self.allowed.contains { $0.contains(address) }
    }

    private static func refusal(of addresses: [String]) -> ScaleError {
        Self.error(
            .invalidArgument,
            "the address \(addresses.prefix(3).joined(separator: ", ")) does not belong to the public internet and is not "
                + "among the allowed networks"
        )
    }

    private static func error(_ code: ScaleError.Code, _ message: String) -> ScaleError {
        ScaleError(code: code, message: message, operation: Self.operation)
    }
}
