import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Files that hold results too large for the task itself (contract C3, T13).
///
/// Their URLs come from the wire, so they are treated with suspicion:
///
/// - Only `http` and `https`, no user name in the URL, a bounded length, a bounded size.
/// - The API key goes only to the API's own scheme, host and port, and never along a redirect. Every other host gets a
///   bare request over a connection of its own, without key, client certificate or user agent.
/// - At most three redirects are followed, none from `https` to `http`, and each target is checked as the first URL was.
/// - Private and loopback addresses are refused unless `Configuration.allowsPrivateResultHosts` is set or it is the API
///   itself. A name is resolved once, all its addresses are checked, and the connection is made to a checked address,
///   so that a name that changes its address meanwhile gains nothing. With a proxy the proxy resolves names, so only
///   addresses given in figures can be checked here; what the proxy may reach is for it to decide.
extension ScaleClient {
    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]
    private static let maximumRedirects = 3
    private static let request = ScaleRequest(method: .GET, pattern: "result file")

    /// The content of a result file.
    ///
    /// Secure result URLs, those of the API, want the live key, also for tasks in test mode.
    ///
    /// - Parameters:
    ///   - url: What the response of a task holds, with or without secure result URLs.
    ///   - limit: The longest content to take, in bytes; nil for `Configuration.maximumResponseBytes`.
    /// - Throws: `invalidArgument` for a URL that is not followed, `redirected` for a redirect that is not,
    ///   `responseTooLarge` over the limit, otherwise the error of the status.
    public func resultFile(at url: String, limit: Int? = nil) async throws(ScaleError) -> [UInt8] {
        try await self.fetch(url, limit: limit ?? self.configuration.maximumResponseBytes).body
    }

    /// Writes the content of a result file to a file of this machine, piece by piece as it comes.
    ///
    /// The file appears under its name only when it is whole, in place of one that had it; until then it is beside it
    /// with the ending `.part`.
    ///
    /// - Parameters:
    ///   - url: What the response of a task holds, with or without secure result URLs.
    ///   - path: Where to; the folder must exist.
    ///   - limit: The longest content to take, in bytes; 4 GB by default.
    /// - Throws: What `resultFile` throws, and `fileFailed` when it cannot be written.
    public func saveResultFile(at url: String, to path: String, limit: Int = 4 << 30) async throws(ScaleError) {
        do {
            try await OutputFile.create(path) { file in
                let intake = ResultIntake(begin: { try await file.restart() }, take: { try await file.write($0) })
                _ = try await self.fetch(url, limit: limit, into: intake)
            }
        } catch let error as ScaleError {
            throw error
        } catch let failure as FileFailure {
            throw ScaleError(code: failure.code, message: failure.message, operation: Self.request.operation)
        } catch {
            throw Self.request.cancelled()
        }
    }

    /// Hands on the content of a result file, piece by piece as it comes.
    ///
    /// - Parameters:
    ///   - url: What the response of a task holds.
    ///   - limit: The longest content to take, in bytes.
    ///   - begin: Told before each attempt: what came of an earlier one does not count.
    ///   - take: Is handed a piece. What it throws ends the call, as `fileFailed` unless it is a `ResultFileRefusal`.
    /// - Returns: What kind of content it is, as the server says.
    /// - Throws: `ResultFileError` with what `resultFile` throws.
    package func readResultFile(
        at url: String,
        limit: Int,
        begin: @escaping @Sendable () async throws -> Void,
        take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws(ResultFileError) -> String? {
        let intake = ResultIntake(
            begin: { try await FileFailure.wrapping(begin) },
            take: { chunk in try await FileFailure.wrapping { try await take(Array(chunk.readableBytesView)) } }
        )
        do throws(ScaleError) {
            _ = try await self.fetch(url, limit: limit, into: intake)
            return intake.answer.withLock { $0.contentType }
        } catch {
            throw ResultFileError(error: error, isFromScale: intake.answer.withLock { $0.isFromScale })
        }
    }

    private func fetch(
        _ url: String,
        limit: Int,
        into intake: ResultIntake? = nil
    ) async throws(ScaleError) -> ScaleAnswer {
        let first: ResultLocation
        let api: ResultLocation
        do throws(ResultLocation.Refusal) {
            api = try ResultLocation(self.configuration.baseURL)
            first = try ResultLocation(url)
        } catch {
            throw Self.request.invalid(error.reason)
        }
        return try await self.send(Self.request, isToScale: first.hasSameOrigin(as: api)) { index in
            do {
                try await intake?.begin()
            } catch {
                return Exchange.Attempt(outcome: Exchange.fileOutcome(error), mayHaveBeenSent: false)
            }
            return await self.attempt(first, api: api, limit: limit, intake: intake, index: index)
        }
    }

    /// One attempt, along its redirects.
    private func attempt(
        _ first: ResultLocation,
        api: ResultLocation,
        limit: Int,
        intake: ResultIntake?,
        index: Int
    ) async -> Exchange.Attempt {
        var location = first
        for hop in 0...Self.maximumRedirects {
            let isAPI = location.hasSameOrigin(as: api)
            var http = HTTPClientRequest(url: location.url)
            http.headers.add(name: "Accept", value: "*/*")
            if isAPI { http.headers.add(name: "User-Agent", value: self.configuration.userAgent) }
            if isAPI, hop == 0 { http.setBasicAuth(username: self.configuration.apiKey.exposed, password: "") }
            var exchange = Exchange(
                httpClient: self.httpClient,
                request: http,
                timeout: self.configuration.transferTimeout,
                maximumResponseBytes: limit
            )
            exchange.sink = intake?.take
            let outcome = isAPI ? await exchange.run().outcome : await self.runAbroad(exchange, location, index)
            intake?.note(outcome, isFromScale: isAPI)
            guard case .answer(let status, let headers, _) = outcome, Self.redirects.contains(status) else {
                return Exchange.Attempt(outcome: outcome, mayHaveBeenSent: true, isFromScale: isAPI)
            }
            do throws(ResultLocation.Refusal) {
                location = try location.redirected(to: headers.first(name: "location") ?? "")
            } catch {
                let refusal = Exchange.Outcome.failure(code: .redirected, status: status, message: error.reason)
                return Exchange.Attempt(outcome: refusal, mayHaveBeenSent: true)
            }
        }
        let message = "more than \(Self.maximumRedirects) redirects"
        return Exchange.Attempt(
            outcome: .failure(code: .redirected, status: nil, message: message),
            mayHaveBeenSent: true
        )
    }

    /// An exchange with another host than the API's, over a connection that is used for nothing else.
    private func runAbroad(_ exchange: Exchange, _ location: ResultLocation, _ index: Int) async -> Exchange.Outcome {
        do {
            let address = try await self.address(of: location, index)
            var own = self.configuration
            own.clientCertificate = nil
            // It reads the certificate files, for which an asynchronous thread must not wait.
            var configuration = try await NIOThreadPool.singleton.runIfActive { [own] in
                try own.httpClientConfiguration
            }
            // The certificate is still checked against the name.
            if let address { configuration.dnsOverride = [location.host: address] }
            return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                var exchange = exchange
                exchange.httpClient = client
                return await exchange.run().outcome
            }
        } catch let error as ScaleError {
            return .failure(code: error.code, status: nil, message: error.message)
        } catch  where !Task.isCancelled {
            return .failure(code: .connectionFailed, status: nil, message: "the connection failed: \(type(of: error))")
        } catch {
            return .cancelled
        }
    }

    /// Where to connect to; nil to leave that to the proxy.
    ///
    /// Each attempt takes the next address, should one of them not answer.
    private func address(of location: ResultLocation, _ index: Int) async throws -> String? {
        let isProxied = self.configuration.proxy != nil
        let addresses = isProxied ? [] : try await self.surroundings.addresses(location.host)
        if addresses.isEmpty, !isProxied {
            throw ScaleError(
                code: .connectionFailed,
                message: "the host of the file has no address",
                operation: Self.request.operation
            )
        }
        let isPublic = isProxied ? !HostAddress.isPrivate(location.host) : addresses.allSatisfy(HostAddress.isPublic)
        guard isPublic || self.configuration.allowsPrivateResultHosts else {
            throw Self.request.invalid(
                "the file is at a private address; Configuration.allowsPrivateResultHosts would allow that"
            )
        }
        return isProxied ? nil : addresses[index % addresses.count]
    }
}
