import NIOCore

/// A body of `multipart/form-data` (RFC 7578).
struct MultipartForm: Sendable {
    /// One field.
    struct Part: Sendable {
        /// What the field holds.
        enum Content: Sendable {
            case text(String)
            /// `application/json`.
            case json(JSON)
            /// A file of this machine.
            case file(path: String, name: String, mimeType: String)
        }

        let name: String
        let content: Content
    }

    var parts: [Part] = []
    /// The longest file, in bytes; nil for no limit.
    var maximumFileBytes: Int64?
    /// Separates the parts: 36 letters by chance, so that no file holds them.
    let boundary = MultipartForm.makeBoundary()

    var contentType: String { "multipart/form-data; boundary=\(self.boundary)" }

    mutating func add(_ name: String, _ content: Part.Content) {
        self.parts.append(Part(name: name, content: content))
    }

    /// What stands before a part's content.
    func head(of part: Part) -> String {
        var head = "--\(self.boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(part.name))\""
        switch part.content {
        case .text: break
        case .json: head += "\r\nContent-Type: application/json"
        case .file(_, let name, let mimeType):
            head += "; filename=\"\(Self.escaped(name))\"\r\nContent-Type: \(Self.escaped(mimeType))"
        }
        return head + "\r\n\r\n"
    }

    /// A value that can stand between quotes in a header: what could end it, or the header, as `%XX`, in the way
    /// browsers do it (WHATWG, "multipart/form-data encoding algorithm"); other control characters likewise.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\u{0}"..."\u{1F}", "\u{7F}": result += ScaleRequest.percentEncoded(String(scalar))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func makeBoundary() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<36).map { _ in letters.randomElement() ?? "x" })
    }
}

// MARK: - Opening

extension MultipartForm {
    /// The body for one attempt, with its files opened anew.
    ///
    /// - Throws: `FileFailure` when a file is missing, unreadable, no file at all, or too long.
    func body(sending: Sending) async throws -> RequestBody {
        var segments: [RequestBody.Segment] = []
        for part in self.parts {
            segments.append(.bytes(ByteBuffer(string: self.head(of: part))))
            switch part.content {
            case .text(let text): segments.append(.bytes(ByteBuffer(string: text)))
            case .json(let json): segments.append(.bytes(ByteBuffer(bytes: json.encoded)))
            case .file(let path, _, _): segments.append(.file(try await self.open(path)))
            }
            segments.append(.bytes(ByteBuffer(string: "\r\n")))
        }
        segments.append(.bytes(ByteBuffer(string: "--\(self.boundary)--\r\n")))
        return RequestBody(segments: segments, sending: sending)
    }

    private func open(_ path: String) async throws -> InputFile {
        let file = try await InputFile.open(path)
        if let limit = self.maximumFileBytes, file.size > limit {
            throw FileFailure(
                code: .invalidArgument,
                message: "\(path) has \(file.size) bytes, more than the \(limit) that Scale takes"
            )
        }
        return file
    }
}
