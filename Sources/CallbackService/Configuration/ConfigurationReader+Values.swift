import Foundation
import ScaleAPI
import Yams

/// Reading single values. Messages quote what the file says, never what a variable holds.
extension ConfigurationReader {
    /// Reads a value as `parse` understands it and reports when it does not; nil without an entry.
    mutating func value<Value>(
        _ entry: Section.Entry?,
        _ expected: String,
        parse: (String) -> Value?
    ) -> Value? {
        guard let entry, let text = self.text(entry) else { return nil }
        if let value = parse(text) { return value }
        self.report(
            entry.line,
            "\"\(entry.key)\" must be \(expected), not \(Self.quoted(entry.node.scalar?.string ?? ""))"
        )
        return nil
    }

    /// Reads one of the values of an enumeration.
    mutating func choice<Value: RawRepresentable<String> & CaseIterable>(_ entry: Section.Entry?) -> Value? {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return self.value(entry, "one of \(names)") { Value(rawValue: $0) }
    }

    /// Reads a duration of at least `minimum`.
    mutating func duration(_ entry: Section.Entry?, atLeast minimum: Duration = .milliseconds(1)) -> Duration? {
        let bound = "of at least \(Quantity.text(minimum))"
        return self.value(entry, "a duration such as 500ms, 10s, 15m, 48h or 90d, \(bound)") { text in
            Quantity.duration(text).flatMap { $0 >= minimum ? $0 : nil }
        }
    }

    /// Reads how long something is kept: a duration, or `forever` as nil; `fallback` when there is nothing to read.
    mutating func period(_ entry: Section.Entry?, atLeast minimum: Duration, default fallback: Duration?) -> Duration? {
        let bound = "of at least \(Quantity.text(minimum))"
        let period: Duration?? = self.value(entry, "\"forever\" or a duration such as 48h, 90d or 2y, \(bound)") {
            text in
            if text == "forever" { return .some(nil) }
            return Quantity.duration(text).flatMap { $0 >= minimum ? .some($0) : nil }
        }
        return period ?? fallback
    }

    /// Reads a size in bytes.
    mutating func bytes(_ entry: Section.Entry?, in bounds: ClosedRange<Int>) -> Int? {
        let limits = "from \(Quantity.text(bytes: bounds.lowerBound)) to \(Quantity.text(bytes: bounds.upperBound))"
        return self.value(entry, "a size such as 100KB or 64MB, \(limits)") { text in
            Quantity.bytes(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// Reads a whole number.
    mutating func integer(_ entry: Section.Entry?, in bounds: ClosedRange<Int>) -> Int? {
        self.value(entry, "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)") { text in
            Int(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// Reads `true` or `false`.
    mutating func bool(_ entry: Section.Entry?) -> Bool? {
        self.value(entry, "true or false") { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    /// Reads a host and a port.
    mutating func address(_ entry: Section.Entry?) -> ListenAddress? {
        self.value(entry, "a host and a port such as 127.0.0.1:8080 or [::1]:8080") { ListenAddress($0) }
    }

    /// Reads the name of an account or a handler, which logs, paths and commands repeat.
    mutating func name(of section: Section) -> String? {
        guard let entry = section["name"] else {
            self.report(missing: "name", in: section, "give it one, it appears in logs and commands")
            return nil
        }
        return self.value(entry, "letters, digits, \".\", \"_\" and \"-\", 64 at most") { text in
            let isName = text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            return isName && (1...64).contains(text.utf8.count) ? text : nil
        }
    }

    /// Reads a list of texts; one text alone stands for a list of it.
    mutating func texts(_ entry: Section.Entry?, allowsNone: Bool = false) -> [String]? {
        guard let entry else { return nil }
        guard case .sequence(let sequence) = entry.node else { return self.text(entry).map { [$0] } }
        guard allowsNone || !sequence.isEmpty else {
            self.report(entry.line, "\"\(entry.key)\" is an empty list; remove the key or fill the list")
            return nil
        }
        return sequence.compactMap { node in
            self.text(Section.Entry(key: entry.key, line: node.mark?.line ?? entry.line, node: node))
        }
    }

    /// Reads a text with its variables expanded.
    mutating func text(_ entry: Section.Entry) -> String? {
        guard case .scalar(let scalar) = entry.node else {
            self.report(entry.line, "\"\(entry.key)\" must be a single value")
            return nil
        }
        guard !(scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)) else {
            self.report(entry.line, "\"\(entry.key)\" has no value; give it one or remove the key")
            return nil
        }
        guard !scalar.string.utf8.contains(0) else {
            self.report(entry.line, "\"\(entry.key)\" contains a NUL character; remove it")
            return nil
        }
        return self.expanded(scalar.string, key: entry.key, line: scalar.mark?.line ?? entry.line)
    }

    /// Replaces `${NAME}` by the variable; `$${` stands for `${`.
    private mutating func expanded(_ text: String, key: String, line: Int) -> String? {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            let before = rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            if before.hasSuffix("$") {
                result += before.dropLast() + "${"
                continue
            }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == "}" else {
                self.report(
                    line,
                    "\"\(key)\" has a \"${\" without a variable's name and \"}\" behind it; write \"$${\" for \"${\""
                )
                return nil
            }
            guard let value = self.environment[String(name)], !value.isEmpty else {
                self.report(
                    line,
                    "the environment variable \(name) is not set or empty; set it, or change \"\(key)\""
                )
                return nil
            }
            result += before + value
            rest = rest[rest.index(after: name.endIndex)...]
        }
        return result + rest
    }

    // MARK: - Secrets

    /// Reads a secret, which is a text or `{ file: path }`, and reports when it is too short to be one.
    mutating func secret(_ entry: Section.Entry?) -> Secret? {
        guard let entry else { return nil }
        let text: String?
        if case .mapping = entry.node {
            text = self.secretFile(entry)
        } else {
            text = self.text(entry)
        }
        guard let text else { return nil }
        guard text.utf8.count >= 8 else {
            self.report(
                entry.line,
                "\"\(entry.key)\" has fewer than 8 bytes, which is too easy to guess; use a longer one"
            )
            return nil
        }
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            self.report(
                entry.line,
                "\"\(entry.key)\" must be at most 1024 visible ASCII characters without spaces, to fit a header"
            )
            return nil
        }
        return Secret(text)
    }

    private mutating func secretFile(_ entry: Section.Entry) -> String? {
        guard let section = self.section(entry.node, "\"\(entry.key)\"", keys: ["file"]) else { return nil }
        guard let file = section["file"] else {
            self.report(missing: "file", in: section, "name the file that holds the secret")
            return nil
        }
        guard let path = self.text(file) else { return nil }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            self.report(file.line, "the secret file \(Self.quoted(path)) cannot be opened; check its path and mode")
            return nil
        }
        defer { try? handle.close() }
        // Bounded, because the path may lead to a device.
        guard let data = try? handle.read(upToCount: 4097), data.count <= 4096,
            var text = String(validating: data, as: UTF8.self)
        else {
            self.report(file.line, "the secret file \(Self.quoted(path)) must be UTF-8 text of at most 4096 bytes")
            return nil
        }
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        if let mode, mode & 0o137 != 0 {
            self.warn(
                file.line,
                "the secret file \(Self.quoted(path)) has mode 0\(String(mode, radix: 8)); chmod it to 0640 or less"
            )
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        return text
    }

    /// Reads a list of secrets; one alone stands for a list of it.
    mutating func secrets(_ entry: Section.Entry?) -> [(secret: Secret, line: Int)]? {
        guard let entry else { return nil }
        guard case .sequence(let sequence) = entry.node else {
            return self.secret(entry).map { [($0, entry.line)] }
        }
        return sequence.compactMap { node in
            let line = node.mark?.line ?? entry.line
            return self.secret(Section.Entry(key: entry.key, line: line, node: node)).map { ($0, line) }
        }
    }
}
