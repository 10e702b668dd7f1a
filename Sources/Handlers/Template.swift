/// Text with `{name}` and `{name:format}` placeholders; `{{` and `}}` stand for the braces themselves.
struct Template: Sendable, Hashable {
    /// A piece of a template.
    enum Part: Sendable, Hashable {
        /// Text that stays as it is.
        case literal(String)
        /// A value to fill in, with the text behind the colon if there is one.
        case placeholder(name: String, format: String?)
    }

    /// The pieces in their order; no two literals follow each other.
    let parts: [Part]

    /// Reads a template.
    ///
    /// - Throws: `TemplateError` for a brace that is not closed or a placeholder without a name.
    init(_ text: String) throws(TemplateError) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if (character == "{" || character == "}") && rest.first == character {
                rest.removeFirst()
                literal.append(character)
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}"), !rest[..<end].contains("{") else {
                    throw TemplateError(
                        "'\(text)' opens a brace that it does not close. Write {{ for a brace that is meant as text."
                    )
                }
                let inside = rest[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = inside.first, !name.isEmpty else {
                    throw TemplateError("'\(text)' has a placeholder without a name. Name it, or write {{ and }}.")
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.placeholder(name: String(name), format: inside.count > 1 ? String(inside[1]) : nil))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// The names of the placeholders, as often as they stand there.
    var names: [String] {
        self.parts.compactMap { if case .placeholder(let name, _) = $0 { name } else { nil } }
    }

    /// The text with its placeholders filled; nil when a value is missing.
    func filled(with value: (_ name: String) -> String?) -> String? {
        var text = ""
        for part in self.parts {
            switch part {
            case .literal(let literal): text += literal
            case .placeholder(let name, _):
                guard let value = value(name) else { return nil }
                text += value
            }
        }
        return text
    }
}

/// Why a text with placeholders cannot be used, and what to do about it.
package struct TemplateError: Error, Hashable, CustomStringConvertible {
    /// The sentence for people.
    package let description: String

    init(_ description: String) { self.description = description }
}
