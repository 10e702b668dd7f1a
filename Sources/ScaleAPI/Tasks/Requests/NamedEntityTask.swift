/// Entities in a text and how they relate (contract C2, `namedentityrecognition`).
public struct NamedEntityTask: ScaleTaskRequest {
    /// A kind of entity to find.
    public struct Label: Sendable, Hashable, ExpressibleByStringLiteral {
        /// The name, which responses use.
        public var name: String
        /// What workers are told about it.
        public var description: String?
        /// Parameters that are not known here.
        public var extra: JSON.Object = [:]

        /// A kind of entity.
        public init(_ name: String, description: String? = nil) {
            self.name = name
            self.description = description
        }

        /// A kind of entity that is only its name.
        public init(stringLiteral value: String) { self.init(value) }

        var json: JSON {
            .object(
                .making {
                    $0.set("name", self.name)
                    $0.set("description", self.description)
                    $0.set(self.extra)
                }
            )
        }
    }

    /// The text.
    public var text: String
    /// What to find.
    public var labels: [Label]
    /// How entities may relate, as Scale describes it.
    public var relationships: [JSON.Object] = []
    /// Whether lines run on for the workers; nil for Scale's own choice.
    public var mergesNewlines: Bool?
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `namedentityrecognition`.
    public init(text: String, labels: [Label], options: TaskOptions = .init()) {
        self.text = text
        self.labels = labels
        self.options = options
    }

    /// `namedentityrecognition`
    public var type: ScaleTask.TaskType { .namedEntityRecognition }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("text", self.text)
            $0.set("labels", self.labels.map(\.json))
            $0.set("relationships", self.relationships)
            $0.set("merge_newlines", self.mergesNewlines)
        }
    }
}
