internal import NIOHTTP1

/// Why a request on the public port was not taken. The raw value is the word in the refusals list and in counters.
enum RefusalReason: String, Sendable, CaseIterable {
    case unknownPath = "unknown-path"
    case wrongMethod = "wrong-method"
    case missingKey = "missing-key"
    case repeatedKey = "repeated-key"
    case wrongKey = "wrong-key"
    case badRequest = "bad-request"
    case badHost = "bad-host"
    case badExpectation = "bad-expectation"
    case encodedBody = "encoded-body"
    case bodyTooLarge = "body-too-large"
    case emptyBody = "empty-body"
    case notJSON = "not-json"
    case tooSlow = "too-slow"
    case disconnected = "disconnected"
    case overloaded = "overloaded"
    case storage = "storage"
    case stopping = "stopping"

    /// What is answered. Scale repeats a callback after anything but 2xx (contract A1), so a wrong status only delays.
    var status: HTTPResponseStatus {
        switch self {
        case .unknownPath: .notFound
        case .wrongMethod: .methodNotAllowed
        case .missingKey, .repeatedKey, .wrongKey: .unauthorized
        case .badRequest, .badHost, .emptyBody, .notJSON, .disconnected: .badRequest
        case .badExpectation: .expectationFailed
        case .encodedBody: .unsupportedMediaType
        case .bodyTooLarge: .payloadTooLarge
        case .tooSlow: .requestTimeout
        case .overloaded, .storage, .stopping: .serviceUnavailable
        }
    }

    /// One sentence for whoever looks at the answer. It never repeats anything of the request.
    var explanation: String {
        switch self {
        case .unknownPath: "No callbacks are taken on this path."
        case .wrongMethod: "Callbacks are POSTed."
        case .missingKey, .repeatedKey, .wrongKey: "The scale-callback-auth header is missing or wrong."
        case .badRequest: "This is not a well-formed HTTP/1.1 request."
        case .badHost: "A request has exactly one Host header."
        case .badExpectation: "The only expectation that is met is 100-continue."
        case .encodedBody: "Bodies are taken without content encoding."
        case .bodyTooLarge: "The body is over the limit."
        case .emptyBody: "The body is empty."
        case .notJSON: "The body is not JSON in UTF-8."
        case .tooSlow: "The request took too long."
        case .disconnected: "The connection ended inside the request."
        case .overloaded: "Too much is in flight; try again."
        case .storage: "The callback could not be stored; try again."
        case .stopping: "The service is stopping; try again."
        }
    }
}
