import Callbacks
import ScaleAPI

/// A JSON value whose texts may hold placeholders.
///
/// A text that is one placeholder and nothing else becomes the value with its type; any other becomes a text.
enum ValueTemplate: Sendable, Hashable {
    /// One member of an object.
    struct Member: Sendable, Hashable {
        let key: String
        let value: ValueTemplate
    }

    case constant(JSON)
    case text(Template)
    case list([ValueTemplate])
    case object([Member])

    /// Reads a value.
    ///
    /// - Parameter columns: The placeholders that there are beside those of every event.
    /// - Throws: `TemplateError` for an unknown placeholder.
    init(_ json: JSON, columns: [String]) throws(TemplateError) {
        switch json {
        case .null, .bool, .number: self = .constant(json)
        case .string(let text):
            let template = try Template(text)
            try template.check(known: Event.placeholderNames, columns: columns)
            self = .text(template)
        case .array(let elements):
            var list: [ValueTemplate] = []
            for element in elements { list.append(try ValueTemplate(element, columns: columns)) }
            self = .list(list)
        case .object(let object):
            var members: [Member] = []
            for member in object.members {
                members.append(Member(key: member.key, value: try ValueTemplate(member.value, columns: columns)))
            }
            self = .object(members)
        }
    }

    /// The value for an event; nil when a placeholder has none. What lacks a value inside a list or object is left out.
    func filled(with values: EventValues) -> JSON? {
        switch self {
        case .constant(let json): json
        case .text(let template):
            if case .placeholder(let name, _)? = template.parts.first, template.parts.count == 1 {
                values.json(name)
            } else {
                template.filled(with: values.text).map { .string($0) }
            }
        case .list(let elements): .array(elements.compactMap { $0.filled(with: values) })
        case .object(let members): .object(Self.object(members, with: values))
        }
    }

    /// The members that have a value.
    static func object(_ members: [Member], with values: EventValues) -> JSON.Object {
        JSON.Object(
            members: members.compactMap { member in member.value.filled(with: values).map { (member.key, $0) } }
        )
    }

    /// The members of an object with placeholders.
    static func members(_ object: JSON.Object, columns: [String]) throws(TemplateError) -> [Member] {
        guard case .object(let members) = try ValueTemplate(.object(object), columns: columns) else { return [] }
        return members
    }
}

extension Template {
    /// Looks whether all placeholders are known: these, `metadata.KEY` and the columns of `find`, all without a format.
    ///
    /// - Throws: `TemplateError` for the first that is not.
    func check(known names: [String], columns: [String]) throws(TemplateError) {
        for case .placeholder(let name, let format) in self.parts {
            let isKnown = names.contains(name) || columns.contains(name) || Event.metadataKey(of: name) != nil
            guard isKnown, format == nil else {
                let known = (columns + names.filter { !columns.contains($0) } + ["metadata.KEY"]).map { "{\($0)}" }
                throw TemplateError(
                    "There is no placeholder {\(name)\(format.map { ":" + $0 } ?? "")} here. "
                        + "Known are: \(known.joined(separator: " "))."
                )
            }
        }
    }
}
