/// A form about some attachments (contract C2, `textcollection`).
public struct TextCollectionTask: ScaleTaskRequest {
    /// Something to look at.
    public struct Attachment: Sendable, Hashable {
        /// What it is.
        public var type: AttachmentType
        /// A URL, or the text itself.
        public var content: String

        /// An attachment.
        public init(_ type: AttachmentType, _ content: String) {
            self.type = type
            self.content = content
        }
    }

    /// The heading of the form.
    public var title: String?
    /// What stands below the heading.
    public var description: String?
    /// What to look at.
    public var attachments: [Attachment]
    /// What to fill in.
    public var fields: [Field]
    /// How many people fill it in; nil for Scale's own choice, which is one.
    public var responsesRequired: Int?
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `textcollection`.
    public init(
        title: String? = nil,
        description: String? = nil,
        attachments: [Attachment] = [],
        fields: [Field],
        responsesRequired: Int? = nil,
        options: TaskOptions = .init()
    ) {
        self.title = title
        self.description = description
        self.attachments = attachments
        self.fields = fields
        self.responsesRequired = responsesRequired
        self.options = options
    }

    /// `textcollection`
    public var type: ScaleTask.TaskType { .textCollection }

    /// The parameters of this type alone.
    public var parameters: JSON.Object {
        .making {
            $0.set("title", self.title)
            $0.set("description", self.description)
            let attachments = self.attachments.map {
                ["type": $0.type.written, "content": .string($0.content)] as JSON
            }
            $0.set("attachments", attachments)
            $0.set("fields", self.fields.map(\.json))
            $0.set("responses_required", self.responsesRequired)
        }
    }
}

extension TextCollectionTask {
    /// One thing to fill in.
    public struct Field: Sendable, Hashable {
        /// An answer to choose.
        public struct Choice: Sendable, Hashable, ExpressibleByStringLiteral {
            /// What workers see.
            public var label: String
            /// What responses say.
            public var value: String

            /// An answer to choose.
            public init(label: String, value: String) {
                self.label = label
                self.value = value
            }

            /// An answer that is shown as responses say it.
            public init(stringLiteral value: String) { self.init(label: value, value: value) }
        }

        /// What kind of thing to fill in.
        public struct Kind: ScaleWord {
            /// Scale's word.
            public let rawValue: String

            /// A kind by Scale's word for it.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// A text.
            public static let text: Self = "text"
            /// A number.
            public static let number: Self = "number"
            /// One or several of some choices.
            public static let category: Self = "category"
            /// An order of some choices.
            public static let rankingOrder: Self = "ranking_order"
        }

        /// What kind of thing to fill in.
        public var kind: Kind
        /// The name, which responses use.
        public var id: String
        /// The question.
        public var title: String?
        /// What stands below the question.
        public var description: String?
        /// The answers to choose from.
        public var choices: [Choice]
        /// Whether it must be filled in; nil for Scale's own choice.
        public var isRequired: Bool?
        /// How many may be chosen.
        public var choiceCount: Limits = .init()
        /// How long the text may be.
        public var maximumCharacters: Int?
        /// How often it may be filled in by one person.
        public var responseCount: Limits = .init()
        /// Parameters that are not known here.
        public var extra: JSON.Object = [:]

        /// From and to, both included; nil for no limit.
        public struct Limits: Sendable, Hashable {
            /// No fewer.
            public var minimum: Int?
            /// No more.
            public var maximum: Int?

            /// Limits; none unless said.
            public init(minimum: Int? = nil, maximum: Int? = nil) {
                self.minimum = minimum
                self.maximum = maximum
            }
        }

        /// A field; what is not named here can be set afterwards.
        public init(
            _ kind: Kind,
            id: String,
            title: String? = nil,
            description: String? = nil,
            choices: [Choice] = [],
            isRequired: Bool? = nil
        ) {
            self.kind = kind
            self.id = id
            self.title = title
            self.description = description
            self.choices = choices
            self.isRequired = isRequired
        }

        var json: JSON.Object {
            .making {
                $0.set("type", self.kind.rawValue)
                $0.set("field_id", self.id)
                $0.set("title", self.title)
                $0.set("description", self.description)
                let choices = self.choices.map { ["label": .string($0.label), "value": .string($0.value)] as JSON }
                $0.set("choices", choices)
                $0.set("required", self.isRequired)
                $0.set("min_choices", self.choiceCount.minimum)
                $0.set("max_choices", self.choiceCount.maximum)
                $0.set("max_characters", self.maximumCharacters)
                $0.set("min_responses_required", self.responseCount.minimum)
                $0.set("max_responses_required", self.responseCount.maximum)
                $0.set(self.extra)
            }
        }
    }
}
