import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1

/// Sending one call, with its repeats.
extension ScaleClient {
    /// Sends a call until it succeeds, may not be repeated, or has been tried often enough.
    ///
    /// - Returns: The answer, whose status is 2xx.
    /// - Throws: The error of the last attempt. Its `isOutcomeUnknown` is about all attempts: when the first was unclear
    ///   and the second refused, the call may have had its effect.
    func send(_ request: ScaleRequest) async throws(ScaleError) -> ScaleAnswer {
        let url = try request.url(baseURL: self.configuration.baseURL)
        let exchange = self.exchange(for: request, url: url)
        return try await self.send(request) { _ in await exchange.run() }
    }

    /// Repeats an attempt until it succeeds, may not be repeated, or was made often enough.
    ///
    /// - Parameters:
    ///   - request: What the attempts are about.
    ///   - isToScale: Whether it goes to Scale's API, whose rate limit and pauses hold for all calls.
    ///   - run: Makes one attempt, given how many came before it.
    func send(
        _ request: ScaleRequest,
        isToScale: Bool = true,
        _ run: (Int) async -> Exchange.Attempt
    ) async throws(ScaleError) -> ScaleAnswer {
        let attempts = max(1, self.configuration.retry.attempts)
        var isUnclear = false
        var attempt = 0
        while true {
            attempt += 1
            // As with a repeat: who calls may have the patience for a long pause, and its place is better used meanwhile.
            if isToScale, case let left = self.rateLimiter.pauseLeft, left > self.configuration.retry.maximumDelay {
                throw Self.paused(request, for: left, isOutcomeUnknown: isUnclear)
            }
            do {
                if isToScale { try await self.rateLimiter.waitForTurn() }
                try Task.checkCancellation()
            } catch {
                throw request.cancelled(isOutcomeUnknown: isUnclear)
            }
            let made = await run(attempt - 1)
            if case .answer(let status, let headers, let body) = made.outcome, (200..<300).contains(status) {
                if made.isFromScale { self.rateLimiter.accepted() }
                return ScaleAnswer(
                    operation: request.operation,
                    status: status,
                    body: body,
                    requestID: Self.requestID(headers),
                    isChange: request.isChange
                )
            }
            let failure = self.failure(request, made)
            isUnclear = isUnclear || failure.isUnclear
            let error = isUnclear ? failure.error.withUnknownOutcome() : failure.error
            let isRepeatable = failure.isPassing && (request.repeatability == .always || failure.wasNotTaken)
            // The pause concerns everyone, also when this call gives up.
            let delay = self.configuration.retry.delay(
                beforeRepeat: attempt - 1,
                retryAfter: error.retryAfter,
                random: self.surroundings.random()
            )
            if made.isFromScale, failure.error.code == .tooManyRequests { self.pauseAll(error, atLeast: delay) }
            // Earlier than Scale asked for is no use; who calls may have the patience that this call has not.
            let isSoonEnough = (error.retryAfter ?? .zero) <= self.configuration.retry.maximumDelay
            guard isRepeatable, isSoonEnough, attempt < attempts else { throw error }
            self.logger.debug(
                "Scale call repeated",
                metadata: [
                    "scale.operation": "\(request.operation)",
                    "scale.attempt": "\(attempt)",
                    "scale.code": "\(error.code)",
                    "scale.status": "\(error.status.map(String.init) ?? "none")",
                    "scale.delay": "\(delay)",
                ]
            )
            do {
                try await self.surroundings.sleep(delay)
                try Task.checkCancellation()
            } catch {
                throw request.cancelled(isOutcomeUnknown: isUnclear)
            }
        }
    }

    /// Holds back all calls of all copies: as long as Scale asked for, and longer each time when it did not say.
    private func pauseAll(_ error: ScaleError, atLeast delay: Duration) {
        let asked = min(error.retryAfter ?? .zero, Self.longestPause)
        let random = self.surroundings.random()
        self.rateLimiter.pause { pauses in
            let grown = self.configuration.retry.delay(beforeRepeat: pauses, retryAfter: nil, random: random)
            return max(asked, delay, grown)
        }
    }

    /// However long Scale asks for, after this somebody tries.
    private static let longestPause = Duration.seconds(3600)

    /// The error of a call that was not made.
    private static func paused(_ request: ScaleRequest, for left: Duration, isOutcomeUnknown: Bool) -> ScaleError {
        let error = ScaleError(
            code: .tooManyRequests,
            message: "Scale asked for a pause, which is not over yet",
            operation: request.operation,
            retryAfter: left
        )
        return isOutcomeUnknown ? error.withUnknownOutcome() : error
    }

    private func exchange(for request: ScaleRequest, url: String) -> Exchange {
        var http = HTTPClientRequest(url: url)
        http.method = request.method
        http.headers.add(name: "User-Agent", value: self.configuration.userAgent)
        http.headers.add(name: "Accept", value: "application/json")
        http.setBasicAuth(username: self.configuration.apiKey.exposed, password: "")
        var body: Exchange.Body?
        var timeout = self.configuration.timeout
        switch request.body {
        case .json(let json):
            http.headers.add(name: "Content-Type", value: "application/json")
            body = .bytes(json.encoded)
        case .multipart(let form):
            http.headers.add(name: "Content-Type", value: form.contentType)
            body = .form(form)
            timeout = self.configuration.transferTimeout
        case nil: break
        }
        return Exchange(
            httpClient: self.httpClient,
            request: http,
            body: body,
            timeout: timeout,
            maximumResponseBytes: self.configuration.maximumResponseBytes,
            ignoresAnswer: request.ignoresAnswer
        )
    }
}

// MARK: - Failures

extension ScaleClient {
    /// A failed attempt.
    private struct Failure {
        let error: ScaleError
        /// Whether Scale may have acted on it.
        let isUnclear: Bool
        /// Whether Scale certainly did not act on it.
        let wasNotTaken: Bool
        /// Whether another attempt may fare better.
        let isPassing: Bool
    }

    private func failure(_ request: ScaleRequest, _ made: Exchange.Attempt) -> Failure {
        switch made.outcome {
        case .answer(let status, let headers, let body):
            let isPassing = status == 408 || status == 429 || (500...530).contains(status)
            let error = ScaleError(
                code: ScaleError.Code(status: status),
                status: status,
                message: made.isFromScale
                    ? self.reason(status: status, body: body) : "the host of the file answered \(status)",
                operation: request.operation,
                requestID: Self.requestID(headers),
                retryAfter: RetryAfter.duration(headers, now: self.surroundings.now())
            )
            return Failure(
                error: error,
                isUnclear: request.isChange && (status == 408 || status >= 500),
                wasNotTaken: status == 429,
                isPassing: isPassing
            )
        case .failure(let code, let status, let message):
            let error = ScaleError(code: code, status: status, message: message, operation: request.operation)
            return Failure(
                error: error,
                isUnclear: request.isChange && made.mayHaveBeenSent,
                wasNotTaken: !made.mayHaveBeenSent,
                isPassing: code == .timeout || code == .connectionFailed
            )
        }
    }

    /// What Scale says in `error`, without our key should it be quoted there.
    private func reason(status: Int, body: [UInt8]) -> String {
        guard let json = try? JSON(parsing: body), let text = json["error"]?.string, !text.isEmpty else {
            return "Scale answered \(status) without a reason"
        }
        let key = self.configuration.apiKey.exposed
        guard !key.isEmpty else { return text }
        let credentials = Data("\(key):".utf8).base64EncodedString()
        return text.replacing(key, with: "<redacted>").replacing(credentials, with: "<redacted>")
    }

    private static func requestID(_ headers: HTTPHeaders) -> String? {
        headers.first(name: "x-request-id") ?? headers.first(name: "cf-ray")
    }
}
