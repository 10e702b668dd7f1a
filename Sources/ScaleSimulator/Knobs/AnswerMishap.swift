/// What can happen to an API request or its answer by share; by order see `FailureRule`.
package enum AnswerMishap: String, Sendable, CaseIterable {
    /// 429 without a `Retry-After`.
    case tooManyRequests = "too_many_requests"

    /// 429 with a `Retry-After`.
    case tooManyRequestsRetryAfter = "too_many_requests_retry_after"

    /// Something is created, and the answer is 500.
    case createThen500 = "create_then_500"

    /// The network in front of Scale answers 520 to 530, in HTML.
    case networkError = "network_error"

    /// The connection is reset, before or after the request had its effect.
    case reset

    /// The answer is cut in the middle and the connection closed.
    case truncated

    /// The answer is whole by its framing, but no JSON.
    case malformed

    /// The answer waits for `slow_seconds`.
    case slowAnswer = "slow_answer"

    /// The body of the answer trickles for `slow_seconds`.
    case slowBody = "slow_body"

    var help: String {
        switch self {
        case .tooManyRequests: "share of requests answered 429"
        case .tooManyRequestsRetryAfter: "share of requests answered 429 with a Retry-After"
        case .createThen500: "share of creations that happen and are answered 500"
        case .networkError: "share of requests answered 520 to 530 in HTML"
        case .reset: "share of requests whose connection is reset"
        case .truncated: "share of answers cut in the middle"
        case .malformed: "share of answers that are no JSON"
        case .slowAnswer: "share of answers that wait for the slow seconds"
        case .slowBody: "share of answers that trickle for the slow seconds"
        }
    }
}

extension Knobs {
    /// Draws the mishap of one request as the rule that a test would have ordered; nil for none.
    ///
    /// Every kind is drawn, so that turning one share leaves the luck of the others alone; the first that hits counts.
    func answerMishap(isCreation: Bool, using generator: inout SeededGenerator) -> FailureRule? {
        guard !self.answerShares.isEmpty else { return nil }
        var drawn: AnswerMishap?
        for mishap in AnswerMishap.allCases {
            let luck = generator.fraction()
            guard drawn == nil, luck < self.answerShares[mishap] ?? 0 else { continue }
            if mishap == .createThen500, !isCreation { continue }
            drawn = mishap
        }
        switch drawn {
        case nil: return nil
        case .tooManyRequests: return FailureRule(status: 429)
        case .tooManyRequestsRetryAfter: return FailureRule(status: 429, retryAfter: self.retryAfter)
        case .createThen500: return FailureRule(status: 500, afterEffect: true)
        case .networkError: return FailureRule(status: generator.int(520, 530))
        case .reset: return FailureRule(afterEffect: generator.fraction() < 0.5, reset: true)
        case .truncated: return FailureRule(status: nil, truncated: true)
        case .malformed: return FailureRule(status: nil, malformed: true)
        case .slowAnswer: return FailureRule(status: nil, delay: self.slowSeconds)
        case .slowBody: return FailureRule(status: nil, trickle: self.slowSeconds)
        }
    }
}
