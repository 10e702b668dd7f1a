/// The head of one part of a multipart form.
struct MultipartHead: Sendable, Equatable {
    /// The name of the form field.
    let name: String

    /// The name of the file as its sender knows it, reduced to the last part of a path; nil for plain fields.
    let fileName: String?

    /// The media type without parameters, nil when the part does not say.
    let contentType: String?

    /// Reads the lines of a head.
    ///
    /// - Throws: 400 without a name, for a nested multipart body, and for a transfer encoding.
    init(_ text: String) throws(APIError) {
        var disposition: HeaderValue?
        var contentType: String?
        for line in text.utf8.split(separator: 0x0A) {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            guard parts.count == 2, let value = HeaderValue(String(decoding: parts[1], as: UTF8.self)) else { continue }
            switch String(decoding: parts[0], as: UTF8.self).lowercased() {
            case "content-disposition": disposition = value
            case "content-type": contentType = value.value
            case "content-transfer-encoding":
                guard ["binary", "8bit", "7bit"].contains(value.value) else {
                    throw .badRequest("A multipart part has a transfer encoding.")
                }
            default: break
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition["name"], !name.isEmpty,
            name.utf8.count <= 256
        else { throw .badRequest("A multipart part has no name.") }
        guard contentType?.hasPrefix("multipart/") != true else {
            throw .badRequest("A multipart body within another is not taken.")
        }
        self.name = name
        self.contentType = contentType
        self.fileName = (disposition["filename"] ?? disposition["filename*"]).map(Self.plain)
    }

    /// A name without folders, tricks or control characters; it is shown and never opened.
    static func plain(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let kept = last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(255)
        let text = String(String.UnicodeScalarView(kept))
        return text == "." || text == ".." || text.isEmpty ? "file" : text
    }
}

/// A header value with parameters, as in `form-data; name="file"`.
struct HeaderValue: Sendable, Equatable {
    /// What stands before the first semicolon, in small letters.
    let value: String
    private var parameters: [String: String] = [:]

    /// Nil when a quoted parameter does not end.
    init?(_ text: String) {
        var rest = Substring(text).utf8
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        func trimmed(_ part: Substring.UTF8View) -> String {
            let front = part.drop(while: isBlank)
            return String(decoding: front.reversed().drop(while: isBlank).reversed(), as: UTF8.self)
        }
        let value = rest.prefix { $0 != UInt8(ascii: ";") }
        self.value = trimmed(value).lowercased()
        rest = rest.dropFirst(value.count)
        while !rest.isEmpty {
            rest = rest.dropFirst()
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest.dropFirst(name.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop(while: isBlank)
            var text: [UInt8] = []
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                while let byte = rest.first, byte != UInt8(ascii: "\"") {
                    // Only a quote is ever escaped: browsers send the backslashes of Windows paths as they are.
                    if byte == UInt8(ascii: "\\"), rest.dropFirst().first == UInt8(ascii: "\"") {
                        rest = rest.dropFirst()
                    }
                    if let kept = rest.first { text.append(kept) }
                    rest = rest.dropFirst()
                }
                guard !rest.isEmpty else { return nil }
                rest = rest.drop { $0 != UInt8(ascii: ";") }
            } else {
                let plain = rest.prefix { $0 != UInt8(ascii: ";") }
                text = Array(trimmed(plain).utf8)
                rest = rest.dropFirst(plain.count)
            }
            let key = trimmed(name).lowercased()
            if self.parameters[key] == nil { self.parameters[key] = String(decoding: text, as: UTF8.self) }
        }
    }

    /// A parameter by its name in small letters; the first one counts.
    subscript(name: String) -> String? { self.parameters[name] }
}
