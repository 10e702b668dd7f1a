import Callbacks
import ScaleAPI

extension Outcome {
    /// What a result file that could not be fetched means for the delivery.
    ///
    /// - Throws: `CancellationError` when the attempt was cancelled, which does not count as one.
    init(failure: ResultFileError) throws {
        let error = failure.error
        let isAbroad = !failure.isFromScale
        switch error.code {
        case .invalidArgument, .responseTooLarge, .redirected: self = .dead(.refused, error.message)
        // Another host's refusal says nothing of our key, so that the handler can go on with other tasks.
        case .unauthorized where isAbroad, .notEnabled where isAbroad, .forbidden where isAbroad:
            self = .dead(.rejected, error.description)
        case .fileFailed: self = .retry(.fault, error.message)
        default: self = try Outcome(failure: error)
        }
    }
}
