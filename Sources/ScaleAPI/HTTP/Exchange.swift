import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One request and what came of it: a single attempt, without repeats.
struct Exchange: Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        /// A whole answer; for a failure at most the first 64 KB of its body.
        case answer(status: Int, headers: HTTPHeaders, body: [UInt8])
        /// No answer, or only a part of one.
        case failure(code: ScaleError.Code, status: Int?, message: String)

        /// Nothing, because the calling task was cancelled.
        static let cancelled = Self.failure(code: .cancelled, status: nil, message: ScaleError.cancelledMessage)
    }

    /// What came of one attempt.
    struct Attempt: Sendable {
        let outcome: Outcome
        /// Whether the request may have reached Scale as a whole.
        let mayHaveBeenSent: Bool
        /// Whether it is Scale that answered, or did not.
        var isFromScale = true
    }

    /// What is sent along.
    enum Body: Sendable {
        case bytes([UInt8])
        /// Its files are opened when the exchange begins.
        case form(MultipartForm)
    }

    /// The longest body of a failure that is read; Scale's own are a few hundred bytes.
    static let maximumErrorBytes = 64 << 10

    /// Far longer than any sensible timeout and far from what a clock cannot add.
    private static let longestTimeout = Duration.seconds(86_400)

    var httpClient: HTTPClient
    let request: HTTPClientRequest
    var body: Body?
    let timeout: Duration
    let maximumResponseBytes: Int
    var ignoresAnswer = false
    /// Where the body of a success goes instead of into memory, piece by piece.
    ///
    /// It throws `FileFailure` when it cannot take a piece.
    var sink: (@Sendable (ByteBuffer) async throws -> Void)?

    /// Sends the request and reads the answer.
    ///
    /// Returns promptly when the task is cancelled.
    func run() async -> Attempt {
        let sending = Sending()
        switch self.body {
        case nil:
            let (outcome, isConnectFailure) = await self.race(self.request)
            return Attempt(outcome: outcome, mayHaveBeenSent: !isConnectFailure)
        case .bytes(let bytes):
            let body = RequestBody(segments: [.bytes(ByteBuffer(bytes: bytes))], sending: sending)
            let outcome = await self.race(self.request, with: body)
            return Attempt(outcome: outcome, mayHaveBeenSent: sending.mayBeComplete)
        case .form(let form):
            let outcome: Outcome
            do {
                outcome = await self.race(self.request, with: try await form.body(sending: sending))
            } catch {
                outcome = Self.fileOutcome(error)
            }
            return Attempt(outcome: outcome, mayHaveBeenSent: sending.mayBeComplete)
        }
    }

    /// What it comes to when a file of this machine is no good, or the task was cancelled over it.
    static func fileOutcome(_ error: any Error) -> Outcome {
        if let failure = error as? FileFailure {
            return .failure(code: failure.code, status: nil, message: failure.message)
        }
        return .cancelled
    }

    private func race(_ request: HTTPClientRequest, with body: RequestBody) async -> Outcome {
        var request = request
        request.body = .stream(body, length: .known(body.length))
        return await self.race(request).0
    }

    /// The exchange against the clock.
    ///
    /// The HTTP client's own deadline ends with the head of the answer, so it cannot guard the body.
    private func race(_ request: HTTPClientRequest) async -> (Outcome, isConnectFailure: Bool) {
        await withTaskGroup(of: (Outcome, isConnectFailure: Bool).self) { group in
            group.addTask { await self.perform(request) }
            group.addTask {
                // An early end means that the exchange was over first or that everything was cancelled.
                try? await Task.sleep(for: min(self.timeout, Self.longestTimeout), clock: .continuous)
                return (.failure(code: .timeout, status: nil, message: "no complete answer in \(self.timeout)"), false)
            }
            let first = await group.next()
            group.cancelAll()
            guard !Task.isCancelled, let first else {
                return (.cancelled, false)
            }
            return first
        }
    }

    private func perform(_ request: HTTPClientRequest) async -> (Outcome, isConnectFailure: Bool) {
        let response: HTTPClientResponse
        do {
            response = try await self.httpClient.execute(request, deadline: .distantFuture)
        } catch {
            return Self.failure(for: error)
        }
        // A client that was not made with our configuration follows redirects; what it found there is not Scale's word.
        guard response.history.count <= 1 else {
            let message = "a redirect was followed; make the HTTPClient with Configuration.httpClientConfiguration"
            return (.failure(code: .redirected, status: nil, message: message), false)
        }
        let status = Int(response.status.code)
        let isSuccess = (200..<300).contains(status)
        do {
            guard let body = try await self.body(of: response, isSuccess: isSuccess) else {
                let message = "the answer is longer than \(self.maximumResponseBytes) bytes"
                return (.failure(code: .responseTooLarge, status: status, message: message), false)
            }
            return (.answer(status: status, headers: response.headers, body: body), false)
        } catch let failure as FileFailure {
            return (.failure(code: failure.code, status: status, message: failure.message), false)
        } catch {
            // The status alone says enough where the body is only an explanation.
            if !isSuccess || self.ignoresAnswer {
                return (.answer(status: status, headers: response.headers, body: []), false)
            }
            let message = "the connection broke inside the answer"
            return (.failure(code: .connectionFailed, status: status, message: message), false)
        }
    }

    /// The body; nil when it is a success's and too long.
    ///
    /// A failure's is cut.
    private func body(of response: HTTPClientResponse, isSuccess: Bool) async throws -> [UInt8]? {
        let isCut = !isSuccess || self.ignoresAnswer
        let limit = isCut ? Self.maximumErrorBytes : self.maximumResponseBytes
        if !isCut, let length = response.headers.first(name: "content-length").flatMap(Int.init), length > limit {
            return nil
        }
        var body: [UInt8] = []
        var count = 0
        for try await chunk in response.body {
            guard chunk.readableBytes <= limit - count else {
                if !isCut { return nil }
                body.append(contentsOf: chunk.readableBytesView.prefix(limit - count))
                return body
            }
            count += chunk.readableBytes
            if isSuccess, let sink = self.sink {
                try await sink(chunk)
            } else {
                body.append(contentsOf: chunk.readableBytesView)
            }
        }
        // A cancelled body sequence may end early without an error.
        try Task.checkCancellation()
        return body
    }

    /// Only facts go into the message: an error of the HTTP client may quote headers.
    private static func failure(for error: any Error) -> (Outcome, isConnectFailure: Bool) {
        switch error {
        case let failure as FileFailure:
            return (.failure(code: failure.code, status: nil, message: failure.message), false)
        case let error as HTTPClientError:
            switch error {
            case .redirectLimitReached, .redirectCycleDetected:
                return (.failure(code: .redirected, status: nil, message: error.shortDescription), false)
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .alreadyShutdown,
                .httpProxyHandshakeTimeout, .invalidProxyResponse, .proxyAuthenticationRequired:
                return (.failure(code: .connectionFailed, status: nil, message: error.shortDescription), true)
            case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath:
                let message = "\(error.shortDescription): check the base URL"
                return (.failure(code: .invalidArgument, status: nil, message: message), true)
            default:
                return (.failure(code: .connectionFailed, status: nil, message: error.shortDescription), false)
            }
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return (.failure(code: .connectionFailed, status: nil, message: "connection refused"), true)
        case let error as IOError:
            let message = "the connection failed: \(String(cString: strerror(error.errnoCode)))"
            return (.failure(code: .connectionFailed, status: nil, message: message), false)
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError:
            let message = "the TLS handshake failed: is the server's certificate from an authority that is known here?"
            return (.failure(code: .connectionFailed, status: nil, message: message), true)
        case is NIOConnectionError:
            return (.failure(code: .connectionFailed, status: nil, message: "no address could be reached"), true)
        default:
            let message = "the connection failed: \(type(of: error))"
            return (.failure(code: .connectionFailed, status: nil, message: message), false)
        }
    }
}
