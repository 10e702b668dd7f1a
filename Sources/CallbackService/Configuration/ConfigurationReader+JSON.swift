import ScaleAPI
import Yams

/// Reading values of any shape, which are sent on as JSON.
extension ConfigurationReader {
    /// How deep lists and objects may lie in each other.
    private static let maximumDepth = 20
    /// The longest key, in bytes: YAML cannot write much longer ones on one line.
    private static let maximumKeyLength = 200

    /// Reads a mapping; nil when it cannot be used, which is reported.
    mutating func object(_ entry: Section.Entry) -> JSON.Object? {
        guard case .mapping = entry.node else {
            self.report(entry.line, "\"\(entry.key)\" must be a mapping of keys to values")
            return nil
        }
        return self.json(entry, depth: 0)?.object
    }

    private mutating func json(_ entry: Section.Entry, depth: Int) -> JSON? {
        guard depth < Self.maximumDepth else {
            self.report(entry.line, "\"\(entry.key)\" lies more than \(Self.maximumDepth) levels deep; make it flatter")
            return nil
        }
        switch entry.node {
        case .scalar(let scalar):
            if scalar.style == .plain {
                if ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
                if let bool = ["true": true, "false": false][scalar.string] { return .bool(bool) }
                // Numbers as JSON writes them keep their digits; what else YAML takes for one stays a text.
                if let json = try? JSON(parsing: scalar.string), json.double != nil { return json }
            }
            return self.string(entry, scalar).map { .string($0) }
        case .sequence(let sequence):
            var elements: [JSON] = []
            for node in sequence {
                let line = node.mark?.line ?? entry.line
                guard let json = self.json(Section.Entry(key: entry.key, line: line, node: node), depth: depth + 1)
                else { return nil }
                elements.append(json)
            }
            return .array(elements)
        case .mapping(let mapping):
            var object: JSON.Object = [:]
            for (key, value) in mapping {
                let line = key.mark?.line ?? entry.line
                let name = self.text(Section.Entry(key: "a key in \(entry.key)", line: line, node: key))
                guard let name else { return nil }
                guard name.utf8.count <= Self.maximumKeyLength else {
                    self.report(
                        line,
                        "a key in \"\(entry.key)\" must have at most \(Self.maximumKeyLength) bytes"
                    )
                    return nil
                }
                let inner = Section.Entry(key: name, line: line, node: value)
                guard let json = self.json(inner, depth: depth + 1) else { return nil }
                object[name] = json
            }
            return .object(object)
        case .alias:
            self.report(entry.line, "\"\(entry.key)\" must be written out")
            return nil
        }
    }

    /// A text, which unlike elsewhere may be empty.
    private mutating func string(_ entry: Section.Entry, _ scalar: Node.Scalar) -> String? {
        scalar.string.isEmpty ? "" : self.text(entry)
    }
}
