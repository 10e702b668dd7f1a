internal import NIOCore
internal import NIOHTTP1

/// What is answered to one request.
struct IntakeAnswer: Sendable, Equatable {
    var status: HTTPResponseStatus
    /// A line of text, empty for callbacks that were kept.
    var text: String
    /// Extra headers, such as `Retry-After`.
    var headers: [(name: String, value: String)] = []
    /// Whether the connection ends with this answer.
    var closes: Bool

    /// The callback is on the disk.
    static let kept = IntakeAnswer(status: .ok, text: "", closes: false)

    /// The request was not taken.
    ///
    /// - Parameter closes: True when the rest of the request has not been read: it never will be.
    static func refused(_ reason: RefusalReason, closes: Bool) -> IntakeAnswer {
        var headers: [(name: String, value: String)] = []
        switch reason.status {
        case .serviceUnavailable: headers.append(("retry-after", "5"))
        case .methodNotAllowed: headers.append(("allow", "POST"))
        default: break
        }
        return IntakeAnswer(status: reason.status, text: reason.explanation + "\n", headers: headers, closes: closes)
    }

    /// The answer of a probe.
    static func probe(isGood: Bool, text: String) -> IntakeAnswer {
        IntakeAnswer(status: isGood ? .ok : .serviceUnavailable, text: text + "\n", closes: false)
    }

    /// What goes over the wire before the text.
    var head: HTTPResponseHead {
        var head = HTTPResponseHead(version: .http1_1, status: self.status)
        head.headers.add(name: "content-length", value: String(self.text.utf8.count))
        if !self.text.isEmpty { head.headers.add(name: "content-type", value: "text/plain; charset=utf-8") }
        head.headers.add(name: "cache-control", value: "no-store")
        for header in self.headers { head.headers.add(name: header.name, value: header.value) }
        if self.closes { head.headers.add(name: "connection", value: "close") }
        return head
    }

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.text == right.text && left.closes == right.closes
            && left.headers.elementsEqual(right.headers, by: ==)
    }
}
