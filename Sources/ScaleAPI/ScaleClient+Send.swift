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
        let attempts = max(1, self.configuration.retry.attempts)
        var isUnclear = false
        var attempt = 0
        while true {
            attempt += 1
            do {
                try await self.rateLimiter.waitForTurn()
            } catch {
                throw self.cancelled(request, isOutcomeUnknown: isUnclear)
            }
            let (outcome, mayHaveBeenSent) = await exchange.run()
            if case .answer(let status, let headers, let body) = outcome, (200..<300).contains(status) {
                return ScaleAnswer(
                    operation: request.operation,
                    status: status,
                    body: body,
                    requestID: Self.requestID(headers),
                    isChange: request.isChange
                )
            }
            let failure = self.failure(request, outcome, mayHaveBeenSent: mayHaveBeenSent)
            isUnclear = isUnclear || failure.isUnclear
            let error = isUnclear ? failure.error.withUnknownOutcome() : failure.error
            let isRepeatable = failure.isPassing && (request.repeatability == .always || failure.wasNotTaken)
            // The pause concerns everyone, also when this call gives up.
            let delay = self.configuration.retry.delay(
                beforeRepeat: attempt - 1,
                retryAfter: error.retryAfter,
                random: self.surroundings.random()
            )
            if error.code == .tooManyRequests { self.rateLimiter.pause(for: delay) }
            guard isRepeatable, attempt < attempts else { throw error }
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
                throw self.cancelled(request, isOutcomeUnknown: isUnclear)
            }
        }
    }

    private func exchange(for request: ScaleRequest, url: String) -> Exchange {
        var http = HTTPClientRequest(url: url)
        http.method = request.method
        http.headers.add(name: "User-Agent", value: self.configuration.userAgent)
        http.headers.add(name: "Accept", value: "application/json")
        http.setBasicAuth(username: self.configuration.apiKey.exposed, password: "")
        if request.body != nil { http.headers.add(name: "Content-Type", value: "application/json") }
        return Exchange(
            httpClient: self.httpClient,
            request: http,
            body: request.body?.encoded,
            timeout: self.configuration.timeout,
            maximumResponseBytes: self.configuration.maximumResponseBytes,
            ignoresAnswer: request.ignoresAnswer
        )
    }

    private func cancelled(_ request: ScaleRequest, isOutcomeUnknown: Bool) -> ScaleError {
        ScaleError(
            code: .cancelled,
            message: "the calling task was cancelled",
            operation: request.operation,
            isOutcomeUnknown: isOutcomeUnknown
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

    private func failure(_ request: ScaleRequest, _ outcome: Exchange.Outcome, mayHaveBeenSent: Bool) -> Failure {
        switch outcome {
        case .answer(let status, let headers, let body):
            let isPassing = status == 408 || status == 429 || (500...530).contains(status)
            let error = ScaleError(
                code: ScaleError.Code(status: status),
                status: status,
                message: self.reason(status: status, body: body),
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
                isUnclear: request.isChange && mayHaveBeenSent,
                wasNotTaken: !mayHaveBeenSent,
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
