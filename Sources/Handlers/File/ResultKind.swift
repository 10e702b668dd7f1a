/// What kind of content a result file has, by its first bytes.
package enum ResultKind: String, Sendable, Hashable, CaseIterable {
    case json
    case png
    case jpeg
    case webp
    case tiff
    case pdf
    case gzip
    case zip
    case mp4

    /// How many bytes of a file are enough to tell.
    static let headLength = 64
    /// How many bytes at the end of a file are looked at.
    static let tailLength = 64

    /// The kind that begins so; nil for all others.
    init?(head: some Collection<UInt8>) {
        let bytes = Array(head.prefix(Self.headLength))
        let signatures: [(Self, [UInt8])] = [
            (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF]),
            (.tiff, [0x49, 0x49, 0x2A, 0]), (.tiff, [0x4D, 0x4D, 0, 0x2A]), (.pdf, Array("%PDF-".utf8)),
            (.gzip, [0x1F, 0x8B]), (.zip, [0x50, 0x4B, 3, 4]),
        ]
        if let (kind, _) = signatures.first(where: { bytes.starts(with: $0.1) }) {
            self = kind
        } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
            self = .webp
        } else if bytes.dropFirst(4).starts(with: "ftyp".utf8) {
            self = .mp4
        } else if let first = bytes.first(where: { !Self.isWhiteSpace($0) }), [0x7B, 0x5B].contains(first) {
            self = .json
        } else {
            return nil
        }
    }

    /// Whether a file of this kind can end so; true where that says nothing.
    ///
    /// Without a length, a server that gives up cannot be told from one that is done.
    func canEnd(with tail: some BidirectionalCollection<UInt8>) -> Bool {
        switch self {
        case .json: tail.last { !Self.isWhiteSpace($0) }.map { [0x7D, 0x5D].contains($0) } ?? false
        case .png: tail.suffix(8).elementsEqual([0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
        default: true
        }
    }

    /// Whether what a server says of the content cannot be true of this kind.
    func contradicts(mediaType: String?) -> Bool {
        guard let name = mediaType?.split(separator: ";").first?.lowercased() else { return false }
        let said = name.filter { !$0.isWhitespace }
        let names: [(Self, String)] = [
            (.json, "application/json"), (.png, "image/png"), (.jpeg, "image/jpeg"), (.webp, "image/webp"),
            (.tiff, "image/tiff"), (.pdf, "application/pdf"), (.gzip, "application/gzip"), (.zip, "application/zip"),
            (.mp4, "video/mp4"),
        ]
        if said == "text/html" { return true }
        // Storage often says nothing better than text or bytes.
        return names.first { $0.1 == said }.map { $0.0 != self } ?? false
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
