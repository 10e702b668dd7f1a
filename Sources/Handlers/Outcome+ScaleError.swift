import Callbacks
import ScaleAPI

extension Outcome {
    /// What a failed call to Scale means for the delivery.
    ///
    /// | Scale | outcome |
    /// |---|---|
    /// | the call may have had its effect | retry, which begins by asking |
    /// | 401, 402, 403 | hold: no delivery of this handler can succeed |
    /// | 429, 5xx, no answer, an answer that cannot be read | retry, not before Scale says |
    /// | any other 4xx, and what cannot be sent | dead |
    ///
    /// - Throws: `CancellationError` when the attempt was cancelled, which does not count as one.
    init(failure error: ScaleError, detail: JSON? = nil) throws {
        if error.code == .cancelled || Task.isCancelled { throw CancellationError() }
        if error.isOutcomeUnknown {
            self = .retry(.unavailable, error.description, after: error.retryAfter, detail: detail)
            return
        }
        switch error.code {
        case .unauthorized, .notEnabled, .forbidden:
            self = .hold(
                "\(error). Correct the account's API key or its rights at Scale, then resume the handler",
                detail: detail
            )
        case .tooManyRequests, .timeout:
            self = .retry(.unavailable, error.description, after: error.retryAfter, detail: detail)
        case .invalidArgument:
            self = .dead(.fault, error.description, detail: detail)
        default:
            self =
                switch error.status {
                case .some(400..<500): .dead(.rejected, error.description, detail: detail)
                default: .retry(.unavailable, error.description, after: error.retryAfter, detail: detail)
                }
        }
    }
}
