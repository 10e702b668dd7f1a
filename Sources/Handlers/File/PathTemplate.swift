import Callbacks

/// A path below a folder whose placeholders can never lead out of it.
///
/// Of every value only `A-Z a-z 0-9 . _ -` stay, the rest becomes `%XX`, a leading dot too; an empty or missing value
/// is `_`. A segment longer than 200 bytes is cut and ends in `~` and a digest of the whole, so that different values
/// stay different: `~` cannot stand in a value.
struct PathTemplate: Sendable, Hashable {
    /// The longest segment, in bytes; file systems take 255, and a temporary name has to fit too.
    static let maximumSegmentLength = 200
    /// How many segments a path may have.
    static let maximumSegments = 16
    /// The placeholders that take a date pattern.
    static let datePlaceholders = ["completed", "received"]

    private enum Part: Sendable, Hashable {
        case literal(String)
        case value(String)
        case completed(DatePattern)
        case received(DatePattern)
    }

    private let segments: [[Part]]

    /// Whether every event has a path of its own.
    let namesEvent: Bool

    /// Reads a path.
    ///
    /// - Parameter more: Placeholders beside those of every event.
    /// - Throws: `TemplateError` for an unknown placeholder, and for an empty, `.`, `..` or overlong segment.
    init(_ text: String, more: [String] = []) throws(TemplateError) {
        let template = try Template(text)
        self.namesEvent = template.names.contains("event_id")
        var segments: [[Part]] = [[]]
        for part in template.parts {
            switch part {
            case .literal(let literal):
                let pieces = literal.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                for (index, piece) in pieces.enumerated() {
                    if index > 0 { segments.append([]) }
                    if !piece.isEmpty { segments[segments.count - 1].append(.literal(piece)) }
                }
            case .placeholder(let name, let format):
                segments[segments.count - 1].append(try Self.part(name: name, format: format, more: more))
            }
        }
        guard segments.count <= Self.maximumSegments else {
            throw TemplateError("The path '\(text)' has more than \(Self.maximumSegments) segments. Shorten it.")
        }
        for segment in segments {
            let literals = segment.compactMap { if case .literal(let literal) = $0 { literal } else { nil } }
            guard !segment.isEmpty, literals.count < segment.count || !["", ".", ".."].contains(literals.joined())
            else {
                throw TemplateError("The path '\(text)' has a segment that is empty, '.' or '..'. Take it away.")
            }
            guard !literals.contains(where: { $0.utf8.contains(0) }),
                literals.map(\.utf8.count).reduce(0, +) <= Self.maximumSegmentLength / 2
            else {
                throw TemplateError("The path '\(text)' has a segment with a NUL or more than 100 fixed bytes.")
            }
        }
        self.segments = segments
    }

    private static func part(name: String, format: String?, more: [String]) throws(TemplateError) -> Part {
        switch (name, format) {
        case ("completed", let format?): return .completed(try DatePattern(format))
        case ("received", let format?): return .received(try DatePattern(format))
        case ("completed", nil), ("received", nil):
            throw TemplateError("{\(name)} needs a date pattern. Write it as {\(name):yyyy-MM-dd}.")
        case (_, nil) where Event.isPlaceholder(name) || more.contains(name): return .value(name)
        default:
            let known =
                (more + Event.placeholderNames + ["metadata.KEY"]).map { "{\($0)}" }
                + Self.datePlaceholders.map { "{\($0):yyyy-MM-dd}" }
            throw TemplateError("{\(name)} is not known in a path. Known are: \(known.joined(separator: " ")).")
        }
    }

    /// The segments of the path for an event: at least one, none of them empty, `.`, `..` or with a `/`.
    ///
    /// - Parameter values: What the further placeholders stand for.
    func segments(for event: Event, _ values: [String: String] = [:]) -> [String] {
        self.segments.map { parts in
            let pieces = parts.map { part in
                switch part {
                case .literal(let literal): literal
                case .value(let name): Self.safe(values[name] ?? event.placeholder(name))
                case .completed(let pattern):
                    Self.safe(event.callback.completedAt.flatMap(pattern.text(millisecondsSince1970:)))
                case .received(let pattern): Self.safe(pattern.text(millisecondsSince1970: event.receivedAt))
                }
            }
            let ending = if case .literal(let literal)? = parts.last { Self.ending(of: literal) } else { "" }
            return Self.bounded(pieces.joined(), ending: ending)
        }
    }

    private static func safe(_ value: String?) -> String {
        guard let value, !value.isEmpty else { return "_" }
        var text = ""
        for (index, byte) in value.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where index > 0:
                text.append(".")
            default:
                text += "%" + Digest.hexadecimal(CollectionOfOne(byte)).uppercased()
            }
        }
        return text
    }

    /// The file name extension with its dot, which is kept when the name is cut.
    private static func ending(of literal: String) -> String {
        guard let dot = literal.lastIndex(of: "."), literal[dot...].utf8.count <= 16 else { return "" }
        return String(literal[dot...])
    }

    private static func bounded(_ segment: String, ending: String) -> String {
        guard segment.utf8.count > Self.maximumSegmentLength else { return segment }
        let tail = "~" + Digest.hexadecimal(Digest.sha256(Array(segment.utf8)).prefix(16)) + ending
        let head = segment.utf8.prefix(Self.maximumSegmentLength - tail.utf8.count)
        return String(decoding: head, as: UTF8.self) + tail
    }
}
