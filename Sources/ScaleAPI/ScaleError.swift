/// Why a call to Scale failed.
///
/// Safe to print and to store: it holds neither the API key nor a request or response body, only the text that Scale
/// gave as its reason.
public struct ScaleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure this is.
    ///
    /// New codes may be added, so a switch needs a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code, for example `notFound`.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// An argument that no request can be made from, such as an empty task id.
        ///
        /// Nothing was sent.
        public static let invalidArgument = Self("invalidArgument")
        /// 400: a parameter is missing or wrong, or the task is in the wrong state.
        public static let badRequest = Self("badRequest")
        /// 401: no API key or a wrong one.
        public static let unauthorized = Self("unauthorized")
        /// 402: this type of task is not enabled for the account.
        public static let notEnabled = Self("notEnabled")
        /// 403: the key may not do this.
        public static let forbidden = Self("forbidden")
        /// 404: there is no such thing in this mode (live or test).
        public static let notFound = Self("notFound")
        /// 409: the name or unique id is taken.
        public static let conflict = Self("conflict")
        /// 429: too many requests, still after all repeats.
        public static let tooManyRequests = Self("tooManyRequests")
        /// 500 and the other server errors that have no code of their own.
        public static let serverError = Self("serverError")
        /// 502, 503, 504 and 520 to 530: Scale, or what stands before it, is not available.
        public static let unavailable = Self("unavailable")
        /// No complete answer in time, or 408.
        public static let timeout = Self("timeout")
        /// No connection, or it broke before the answer was complete.
        public static let connectionFailed = Self("connectionFailed")
        /// 3xx: redirects are not followed, so that the key goes nowhere else; those of result files only within limits.
        public static let redirected = Self("redirected")
        /// A successful status with a body that is not what it should be.
        public static let malformedResponse = Self("malformedResponse")
        /// A body longer than `ScaleClient.Configuration.maximumResponseBytes`, or a file longer than the limit given.
        public static let responseTooLarge = Self("responseTooLarge")
        /// A file of this machine could not be written, or it changed while it was sent.
        public static let fileFailed = Self("fileFailed")
        /// A job ended in another way than completed; the message says how.
        public static let jobFailed = Self("jobFailed")
        /// The calling task was cancelled.
        public static let cancelled = Self("cancelled")
        /// Anything else.
        public static let other = Self("other")

        /// The code for a status that is not a success.
        init(status: Int) {
            self =
                switch status {
                case 300..<400: .redirected
                case 400: .badRequest
                case 401: .unauthorized
                case 402: .notEnabled
                case 403: .forbidden
                case 404: .notFound
                case 408: .timeout
                case 409: .conflict
                case 429: .tooManyRequests
                case 502...504, 520...530: .unavailable
                case 500..<600: .serverError
                default: .other
                }
        }
    }

    /// What kind of failure this is.
    public let code: Code
    /// The HTTP status of the last answer; nil when there was none.
    public let status: Int?
    /// What Scale gave as its reason, or what this client found wrong: one line of at most 500 characters.
    public let message: String
    /// The call as a pattern without its values, for example `POST /task/{id}/audit`.
    public let operation: String
    /// What Scale calls this request, when it says so; worth quoting to Scale's support.
    public let requestID: String?
    /// How long Scale asked to wait, when it did.
    public let retryAfter: Duration?
    /// Whether the call may have had its effect all the same.
    ///
    /// True when a changing request was sent, or perhaps sent, and no clear answer came: a timeout, a broken
    /// connection, a 5xx. Look at the task before you call again. Always false for calls that only read.
    public let isOutcomeUnknown: Bool

    /// An error; `message` is brought to one line of at most 500 characters without control characters.
    public init(
        code: Code,
        status: Int? = nil,
        message: String,
        operation: String,
        requestID: String? = nil,
        retryAfter: Duration? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.code = code
        self.status = status
        self.message = Self.printable(message, limit: 500)
        self.operation = operation
        self.requestID = requestID.map { Self.printable($0, limit: 100) }
        self.retryAfter = retryAfter
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// For example `POST /task/{id}/audit: 400 badRequest: Task is not completed`.
    public var description: String {
        var text = "\(self.operation): "
        if let status = self.status { text += "\(status) " }
        text += "\(self.code): \(self.message)"
        if self.isOutcomeUnknown { text += " (the call may have had its effect)" }
        if let requestID = self.requestID { text += " (request \(requestID))" }
        return text
    }

    /// The first `limit` characters of `text`, with everything escaped that could forge a log line or hide in one.
    static func printable(_ text: String, limit: Int) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                // The last character makes room, so that the whole stays within the limit.
                result.unicodeScalars.removeLast()
                return result + "…"
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                let escaped = scalar.escaped(asASCII: true)
                guard count + escaped.count < limit else { return result + "…" }
                result += escaped
                count += escaped.count
            default:
                result.unicodeScalars.append(scalar)
                count += 1
            }
        }
        return result
    }

    /// The message of every error with the code `cancelled`.
    static let cancelledMessage = "the calling task was cancelled"

    /// This error with the outcome of the whole call, of which it is the last attempt.
    func withUnknownOutcome() -> Self {
        Self(
            code: self.code,
            status: self.status,
            message: self.message,
            operation: self.operation,
            requestID: self.requestID,
            retryAfter: self.retryAfter,
            isOutcomeUnknown: true
        )
    }
}
