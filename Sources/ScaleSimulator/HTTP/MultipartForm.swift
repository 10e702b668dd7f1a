import Hummingbird
import NIOCore

/// A form that was sent as `multipart/form-data`: its plain fields, and of its files only what they are, not the bytes.
struct MultipartForm: Sendable {
    /// What is kept of a file.
    struct File: Sendable, Equatable {
        /// The name of the form field.
        var field: String

        /// The name without folders.
        var name: String

        /// As the sender says, else by the name.
        var mimeType: String

        /// Bytes.
        var size = 0

        /// Recognises the same bytes again; not safe against people who want to deceive.
        var digest = MultipartForm.emptyDigest
    }

    /// How much of a form is taken.
    struct Limits: Sendable {
        /// Fields and files together.
        var parts: Int

        /// The bytes of one plain field.
        var fieldBytes: Int

        /// Fields that are text even when they come with a file name.
        var texts: Set<String> = []

        /// The bytes of one file: Scale takes 80 MB (contract B4).
        var fileBytes = 80 * 1024 * 1024
    }

    /// The part that is being read.
    private enum Open {
        case nothing
        case field(String, [UInt8])
        case file
    }

    /// Plain fields in the order they came; a name may occur many times.
    private(set) var fields: [(name: String, text: String)] = []

    /// Files in the order they came.
    private(set) var files: [File] = []

    private var open = Open.nothing

    /// Reads the form that a request brings.
    ///
    /// - Throws: 400 for a body that is not a proper form, 413 for a file or field that is too large.
    init(_ request: Request, limits: Limits) async throws {
        var reader = try MultipartReader(contentType: request.headers[.contentType], maximumParts: limits.parts)
        for try await chunk in request.body {
            try reader.read(chunk.readableBytesView) { event throws(APIError) in try self.take(event, limits) }
        }
        try reader.finish()
        try self.endPart()
    }

    /// The first field with this name that is not empty.
    subscript(name: String) -> String? { self.fields.first { $0.name == name && !$0.text.isEmpty }?.text }

    private mutating func take(_ event: MultipartReader.Event, _ limits: Limits) throws(APIError) {
        switch event {
        case .part(let head):
            try self.endPart()
            if let name = head.fileName, !limits.texts.contains(head.name) {
                let mimeType = head.contentType ?? MimeType.of(path: name)
                self.files.append(File(field: head.name, name: name, mimeType: mimeType))
                self.open = .file
            } else {
                self.open = .field(head.name, [])
            }
        case .bytes(let bytes):
            switch self.open {
            case .nothing: break
            case .field(let name, var text):
                // Released first, so that the bytes are appended in place.
                self.open = .nothing
                text.append(contentsOf: bytes)
                guard text.count <= limits.fieldBytes else {
                    throw APIError(status: 413, message: "A form field is larger than \(limits.fieldBytes) bytes.")
                }
                self.open = .field(name, text)
            case .file:
                let last = self.files.count - 1
                self.files[last].size += bytes.count
                guard self.files[last].size <= limits.fileBytes else {
                    throw APIError(status: 413, message: "The file is larger than \(limits.fileBytes >> 20) MB.")
                }
                self.files[last].digest = Self.digest(self.files[last].digest, bytes)
            }
        }
    }

    private mutating func endPart() throws(APIError) {
        if case .field(let name, let bytes) = self.open {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badRequest("The form field \"\(name)\" is not UTF-8.")
            }
            self.fields.append((name, text))
        }
        self.open = .nothing
    }

    /// The digest of no bytes.
    private static let emptyDigest: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The digest of a text, which also serves as a seed.
    static func digest(of text: String) -> UInt64 { self.digest(self.emptyDigest, Array(text.utf8)[...]) }

    /// FNV-1a, 64 bits, continued over one more stretch of bytes.
    static func digest(_ start: UInt64, _ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            var digest = start
            for byte in bytes {
                digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            return digest
        }
    }
}
