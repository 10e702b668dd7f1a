import NIOHTTP1

/// One call to Scale, before it is sent.
struct ScaleRequest: Sendable {
    /// When a call may be sent a second time.
    enum Repeatability {
        /// Sending it twice does no harm.
        case always
        /// Only when Scale cannot have acted on it: it was not sent, or it was refused with 429.
        case unlessTaken
    }

    /// What is sent along.
    enum Body: Sendable {
        /// `application/json`.
        case json(JSON)
        /// `multipart/form-data`, with files from disk.
        case multipart(MultipartForm)
    }

    var method: HTTPMethod
    /// The path as a pattern without its values, which is fit for errors and logs.
    var pattern: String
    /// The path's values, in the order in which `{…}` stand in the pattern.
    var values: [String] = []
    var query: Query = [:]
    var body: Body?
    var repeatability = Repeatability.always
    /// Whether the body of a success is of no interest.
    var ignoresAnswer = false
    /// Whether the call changes something at Scale; nil to tell by its method.
    var changes: Bool?

    /// For example `POST /task/{id}/audit`.
    var operation: String { "\(self.method.rawValue) \(self.pattern)" }

    /// The URL below `baseURL`; throws when the base URL has another scheme or a value cannot stand in a path.
    func url(baseURL: String) throws(ScaleError) -> String {
        var url = baseURL
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw self.invalid("the base URL must begin with https:// or http://")
        }
        while url.last == "/" { url.removeLast() }
        var values = self.values.makeIterator()
        for segment in self.pattern.split(separator: "/") {
            url += "/"
            guard segment.first == "{" else {
                url += segment
                continue
            }
            // Dots would be read as steps up or down the path and lead to another call.
            guard let value = values.next(), !value.isEmpty, value != ".", value != ".." else {
                throw self.invalid("\(segment) must not be empty or consist of dots")
            }
            url += Self.percentEncoded(value)
        }
        for (index, item) in self.query.items.enumerated() {
            url += index == 0 ? "?" : "&"
            url += Self.percentEncoded(item.key) + "=" + Self.percentEncoded(item.value)
        }
        return url
    }

    /// Whether the call changes something at Scale.
    var isChange: Bool { self.changes ?? (self.method != .GET) }

    /// The error for arguments that no request can be made from.
    func invalid(_ message: String) -> ScaleError {
        ScaleError(code: .invalidArgument, message: message, operation: self.operation)
    }

    /// The error for a call whose task was cancelled.
    func cancelled(isOutcomeUnknown: Bool = false) -> ScaleError {
        ScaleError(
            code: .cancelled,
            message: ScaleError.cancelledMessage,
            operation: self.operation,
            isOutcomeUnknown: isOutcomeUnknown
        )
    }

    /// Everything but the unreserved characters of RFC 3986 as `%XX`: `a bc/def` becomes `a%20bc%2Fdef` (B0).
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
