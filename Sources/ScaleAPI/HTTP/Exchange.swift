import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

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
    }

    /// The longest body of a failure that is read; Scale's own are a few hundred bytes.
    static let maximumErrorBytes = 64 << 10

    /// Far longer than any sensible timeout and far from what a clock cannot add.
    private static let longestTimeout = Duration.seconds(86_400)

    let httpClient: HTTPClient
    let request: HTTPClientRequest
    let body: [UInt8]?
    let timeout: Duration
    let maximumResponseBytes: Int
    let ignoresAnswer: Bool

    /// Sends the request and reads the answer.
    ///
    /// Returns promptly when the task is cancelled.
    ///
    /// - Returns: What came of it, and whether the request may have reached Scale.
    func run() async -> (outcome: Outcome, mayHaveBeenSent: Bool) {
        var request = self.request
        let sending = Sending()
        if let body = self.body {
            let chunks = ObservedBody(buffer: ByteBuffer(bytes: body), sending: sending)
            request.body = .stream(chunks, length: .known(Int64(body.count)))
        }
        let (outcome, isConnectFailure) = await self.race(request)
        let mayHaveBeenSent = self.body == nil ? !isConnectFailure : sending.hasBegun
        return (outcome, mayHaveBeenSent)
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
                return (.failure(code: .cancelled, status: nil, message: "the calling task was cancelled"), false)
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
        for try await chunk in response.body {
            guard body.count + chunk.readableBytes <= limit else {
                if !isCut { return nil }
                body.append(contentsOf: chunk.readableBytesView.prefix(limit - body.count))
                return body
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        // A cancelled body sequence may end early without an error.
        try Task.checkCancellation()
        return body
    }

    /// Only facts go into the message: an error of the HTTP client may quote headers.
    private static func failure(for error: any Error) -> (Outcome, isConnectFailure: Bool) {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .redirectLimitReached, .redirectCycleDetected:
                return (.failure(code: .redirected, status: nil, message: error.shortDescription), false)
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .alreadyShutdown:
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
            return (.failure(code: .connectionFailed, status: nil, message: "error \(error.errnoCode)"), false)
        case is NIOConnectionError:
            return (.failure(code: .connectionFailed, status: nil, message: "no address could be reached"), true)
        default:
            let message = "the connection failed: \(type(of: error))"
            return (.failure(code: .connectionFailed, status: nil, message: message), false)
        }
    }
}

/// Notes when the body of a request is first asked for, which is after its connection is made.
///
/// Until then Scale has at most a head without its body, and cannot have acted on that.
private final class Sending: Sendable {
    private let begun = Atomic(false)

    var hasBegun: Bool { self.begun.load(ordering: .acquiring) }

    func begin() { self.begun.store(true, ordering: .releasing) }
}

/// A request body in one piece that tells when it is taken.
private struct ObservedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = Never

    let buffer: ByteBuffer
    let sending: Sending

    func makeAsyncIterator() -> Iterator { Iterator(buffer: self.buffer, sending: self.sending) }

    struct Iterator: AsyncIteratorProtocol {
        private var buffer: ByteBuffer?
        private let sending: Sending

        init(buffer: ByteBuffer, sending: Sending) {
            self.buffer = buffer
            self.sending = sending
        }

        mutating func next() async -> ByteBuffer? {
            self.sending.begin()
            defer { self.buffer = nil }
            return self.buffer
        }
    }
}
