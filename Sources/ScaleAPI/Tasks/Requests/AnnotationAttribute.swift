/// A question about each annotation (contract C2).
public struct AnnotationAttribute: Sendable, Hashable {
    /// The name, which responses use.
    public let name: String
    /// What kind of answer it takes.
    public var kind: Kind
    /// The question, for workers.
    public var description: String?
    /// The answers to choose from.
    public var choices: [OntologyChoice]
    /// Whether several may be chosen; nil for Scale's own choice.
    public var allowsMultiple: Bool?
    /// Parameters that are not known here.
    public var extra: JSON.Object = [:]

    /// A question of any kind.
    public init(
        _ name: String,
        kind: Kind,
        description: String? = nil,
        choices: [OntologyChoice] = [],
        allowsMultiple: Bool? = nil
    ) {
        self.name = name
        self.kind = kind
        self.description = description
        self.choices = choices
        self.allowsMultiple = allowsMultiple
    }

    /// A question with answers to choose from.
    public static func category(
        _ name: String,
        choices: [OntologyChoice],
        description: String? = nil,
        allowsMultiple: Bool? = nil
    ) -> Self {
        Self(name, kind: .category, description: description, choices: choices, allowsMultiple: allowsMultiple)
    }

    /// What kind of answer a question takes.
    public struct Kind: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A kind by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// One or several of some choices.
        public static let category: Self = "category"
        /// A number.
        public static let number: Self = "number"
        /// An angle.
        public static let angle: Self = "angle"
        /// A text.
        public static let text: Self = "text"
        /// A place across the annotation.
        public static let xLine: Self = "x_line"
        /// A place up the annotation.
        public static let yLine: Self = "y_line"
        /// Another annotation.
        public static let linked: Self = "linked"
    }

    var json: JSON.Object {
        .making {
            $0.set("type", self.kind.rawValue)
            $0.set("description", self.description)
            $0.set("choices", self.choices)
            $0.set("allow_multiple", self.allowsMultiple)
            $0.set(self.extra)
        }
    }
}

extension JSON.Object {
    /// `annotation_attributes`: an object of them by name.
    mutating func set(attributes: [AnnotationAttribute]) {
        self.set("annotation_attributes", Self(members: attributes.map { ($0.name, .object($0.json)) }))
    }
}
