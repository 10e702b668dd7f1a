internal import CallbackQueue
internal import Callbacks
internal import NIOCore
internal import NIOHTTP1

/// What is remembered of a request for its answer and for the list of refusals.
struct RequestLine: Sendable {
    private let method: HTTPMethod?
    private let uri: String

    /// Nothing yet.
    init() {
        self.method = nil
        self.uri = ""
    }

    /// Without the fields of the head, which may be large.
    init(_ head: HTTPRequestHead) {
        self.method = head.method
        self.uri = head.uri
    }

    /// Whether the answer has no body, whatever its head says.
    var isHead: Bool { self.method == .HEAD }

    /// What is kept of the request when it is refused: who sent it, and what of its body was read.
    func refusal(_ reason: RefusalReason, from remote: SocketAddress?, body: [UInt8]? = nil) -> Refusal {
        var refusal = Refusal(
            at: Now.milliseconds,
            reason: reason.rawValue,
            remote: remote?.ipAddress ?? "unknown",
            request: self.description
        )
        if let body {
            refusal.bodySize = body.count
            refusal.bodySHA256 = Digest.sha256(body)
            refusal.firstBytes = Array(body.prefix(256))
        }
        return refusal
    }

    /// Cut and printable, whatever the client sent.
    private var description: String {
        let text = "\(self.method?.rawValue ?? "") \(self.uri.prefix { $0 != "?" })"
        return String(
            text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) }
        )
    }
}
