internal import Callbacks
internal import NIOHTTP1

/// Judges the head of a request, before any of its body is read.
///
/// The order is: framing, path, method, key, then what is said of the body. So whoever has no key learns nothing and
/// costs nothing beyond the head, and whoever has one is told at once that a body is too large.
struct RequestJudge: Sendable {
    /// What a head asks for.
    enum Judgement: Sendable, Equatable {
        /// A callback whose body may be read.
        case callback(Admission)
        /// Whether the process lives.
        case health
        /// Whether callbacks can be kept now.
        case readiness
        /// Nothing that is taken here.
        case refused(RefusalReason)
    }

    /// A callback that is believed, and what its head says of the body.
    struct Admission: Sendable, Equatable {
        /// The account whose key came with it.
        var account: String
        /// The key's place in the account's list.
        var keyIndex: Int
        /// The length of the body, when the head tells it.
        var declaredLength: Int?
        /// Whether the client waits for `100 Continue`.
        var expectsContinue: Bool
    }

    /// The path that callbacks are posted to.
    let path: String
    /// The longest body in bytes.
    let bodyLimit: Int
    let verifier: CallbackVerifier

    func judge(_ head: HTTPRequestHead) -> Judgement { self.judge(head, HeadFields(head.headers)) }

    /// Judges a head whose fields have been looked through.
    func judge(_ head: HTTPRequestHead, _ fields: HeadFields) -> Judgement {
        // The parser lets an empty coding pass, beside a length too: whoever passed it on may see the end of the body
        // elsewhere (RFC 9112, 6.3).
        if fields.hasTransferEncoding {
            let codings = head.headers["transfer-encoding"]
            let isChunked = codings.count == 1 && Self.trimmed(codings[0]).lowercased() == "chunked"
            guard isChunked, fields.contentLength == nil else { return .refused(.badRequest) }
        }
        guard fields.hostCount == 1 || (fields.hostCount == 0 && head.version.minor == 0) else {
            return .refused(.badHost)
        }

        let path = Self.path(of: head.uri)
        if head.method == .GET || head.method == .HEAD {
            if path == "/healthz" { return .health }
            if path == "/readyz" { return .readiness }
        }
        guard path == self.path else { return .refused(.unknownPath) }
        guard head.method == .POST else { return .refused(.wrongMethod) }

        let account: String
        let keyIndex: Int
        // One line a value: a list in one line is not a key that anyone was given.
        switch self.verifier.verify(fields.keys.map(Self.trimmed)) {
        case .verified(let verifiedAccount, let index): (account, keyIndex) = (verifiedAccount, index)
        case .refused(.missing): return .refused(.missingKey)
        case .refused(.repeated): return .refused(.repeatedKey)
        case .refused(.wrong): return .refused(.wrongKey)
        }

        let encodings = fields.hasContentEncoding ? head.headers[canonicalForm: "content-encoding"] : []
        guard encodings.allSatisfy({ $0.lowercased() == "identity" }) else { return .refused(.encodedBody) }

        var declaredLength: Int?
        if let text = fields.contentLength {
            // Too many digits for an Int is too large in any case; the parser has refused what is not digits.
            guard let length = Int(Self.trimmed(text)), (0...self.bodyLimit).contains(length) else {
                return .refused(.bodyTooLarge)
            }
            declaredLength = length
        }
        if declaredLength == 0 || (declaredLength == nil && !fields.hasTransferEncoding) { return .refused(.emptyBody) }

        let expectations = fields.hasExpectation ? head.headers[canonicalForm: "expect"] : []
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else { return .refused(.badExpectation) }
        return .callback(
            Admission(
                account: account,
                keyIndex: keyIndex,
                declaredLength: declaredLength,
                expectsContinue: !expectations.isEmpty && head.version.minor > 0
            )
        )
    }

    /// Whether the connection has to end with the answer to this head.
    func isLast(_ head: HTTPRequestHead) -> Bool { self.isLast(head, HeadFields(head.headers)) }

    /// The same, of a head whose fields have been looked through.
    func isLast(_ head: HTTPRequestHead, _ fields: HeadFields) -> Bool {
        // HTTP/1.0 knows no chunks: whoever passed them on may see the end of the request elsewhere (RFC 9112, 6.1).
        // Behind an offer of another protocol the parser reads nothing more.
        !head.isKeepAlive || fields.hasUpgrade || (head.version.minor == 0 && fields.hasTransferEncoding)
    }

    /// The path of a request target, which proxies may write with scheme and host (RFC 9112, 3.2.2).
    private static func path(of target: String) -> Substring {
        let path = target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)]
        guard path.utf8.first != UInt8(ascii: "/") else { return path }
        for scheme in ["http://", "https://"] where path.lowercased().hasPrefix(scheme) {
            let authority = path.utf8.dropFirst(scheme.utf8.count)
            return path[(authority.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex)...]
        }
        return path
    }

    /// A field value without the white space around it, which does not belong to it (RFC 9110, 5.5).
    private static func trimmed(_ value: String) -> String {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard value.utf8.first.map(isSpace) == true || value.utf8.last.map(isSpace) == true else { return value }
        let end = value.utf8.lastIndex { !isSpace($0) }.map { value.utf8.index(after: $0) } ?? value.startIndex
        return String(value[..<end].utf8.drop(while: isSpace)) ?? ""
    }
}
