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

    /// What goes over the wire.
    ///
    /// - Parameter isHead: The request was a HEAD: the text is told of, but not sent.
    func bytes(isHead: Bool) -> ByteBuffer {
        // Most answers, made once.
        guard !self.text.isEmpty || self.closes else { return Self.keptBytes }
        return self.written(isHead: isHead)
    }

    private static let keptBytes = Self.kept.written(isHead: false)

    /// What tells a client to send the body that it announced.
    static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    private func written(isHead: Bool) -> ByteBuffer {
        var lines = ["HTTP/1.1 \(self.status.code) \(self.status.reasonPhrase)"]
        lines.append("content-length: \(self.text.utf8.count)")
        if !self.text.isEmpty { lines.append("content-type: text/plain; charset=utf-8") }
        lines.append("cache-control: no-store")
        for header in self.headers { lines.append("\(header.name): \(header.value)") }
        if self.closes { lines.append("connection: close") }
        var bytes = ByteBuffer()
        for line in lines { bytes.writeString(line + "\r\n") }
        bytes.writeString(isHead ? "\r\n" : "\r\n" + self.text)
        return bytes
    }

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.text == right.text && left.closes == right.closes
            && left.headers.elementsEqual(right.headers, by: ==)
    }
}
