import ScaleAPI

/// What a task asks its workers for, read from its params (contract C2).
struct AskedFor: Sendable, Hashable {
    /// A label, a category or a feature.
    struct Label: Sendable, Hashable {
        /// Nil where labels do not belong to one geometry.
        var geometry: String?
        var label: String
        /// The label that it is a choice below.
        var parent: String?
    }

    struct Geometry: Sendable, Hashable {
        var geometry: String?
        var minimumWidth: Double?
        var minimumHeight: Double?
        var minimumVertices: Double?
        var maximumVertices: Double?
    }

    struct Attribute: Sendable, Hashable {
        var name: String
        var type: String?
        /// An array of strings; nil when any value will do.
        var choices: JSON?
    }

    /// A question to be answered: a field of a text collection, or the only one of a categorization.
    struct Field: Sendable, Hashable {
        var field: String
        var type: String?
        /// As the task has it; its numbers are read when a rule wants them.
        var json: JSON
        /// The values that can be chosen; nil when any value will do or they are not known.
        var choices: [String]?
        /// The names of the choices, in the same order.
        var names: [String] = []
    }

    private(set) var labels: [Label] = []
    private(set) var geometries: [Geometry] = []
    private(set) var attributes: [Attribute] = []
    private(set) var fields: [Field] = []
    /// Whether there is more than was read.
    private(set) var isCut = false

    /// The minimum that holds for all geometries: the params' own, or that of the only geometry.
    var minimumWidth: Double? { self.geometries.count == 1 ? self.geometries[0].minimumWidth : nil }
    var minimumHeight: Double? { self.geometries.count == 1 ? self.geometries[0].minimumHeight : nil }

    init(params: JSON?, taskType: String?) {
        guard let params = params?.object else { return }
        for member in params["geometries"]?.object?.members ?? [] {
            self.append(geometry: member.key, of: member.value)
        }
        if self.geometries.isEmpty, params["min_width"] != nil || params["min_height"] != nil {
            self.append(geometry: nil, of: .object(params))
        }
        for key in ["objects_to_annotate", "labels", "instance_labels", "features"] {
            self.append(labels: params[key], geometry: nil)
        }
        if taskType == "lidarlinking" { self.append(labelMapsIn: params) }
        self.append(attributes: params["annotation_attributes"])
        switch taskType {
        case "categorization": self.append(choices: params["categories"], of: "category", in: params)
        case "comparison": self.append(choices: params["choices"], of: "choice", in: params)
        default:
            for field in params["fields"]?.array ?? [] { self.append(field: field) }
            for key in ["fields", "repeatable_fields"] {
                for member in params[key]?.object?.members ?? [] where self.hasRoom(self.fields.count) {
                    self.fields.append(Field(field: member.key, json: member.value))
                }
            }
        }
    }

    private mutating func append(geometry: String?, of value: JSON) {
        guard self.hasRoom(self.geometries.count) else { return }
        self.geometries.append(
            Geometry(
                geometry: geometry,
                minimumWidth: value["min_width"]?.double,
                minimumHeight: value["min_height"]?.double,
                minimumVertices: value["min_vertices"]?.double,
                maximumVertices: value["max_vertices"]?.double
            )
        )
        if geometry != nil { self.append(labels: value["objects_to_annotate"], geometry: geometry) }
    }

    /// Labels are strings, or objects with further ones below them, to any depth that the document could have.
    private mutating func append(labels: JSON?, geometry: String?, below parent: String? = nil) {
        for element in labels?.array ?? [] {
            guard self.hasRoom(self.labels.count) else { return }
            let label = Self.choice(in: element)
            if let label { self.labels.append(Label(geometry: geometry, label: label, parent: parent)) }
            self.append(labels: element["subchoices"], geometry: geometry, below: label ?? parent)
        }
    }

    /// Linking tasks name labels by pairs: a scene's and a picture's. It is not said which of them an annotation has.
    private mutating func append(labelMapsIn params: JSON.Object) {
        for map in params.members where map.key.hasSuffix("label_map") || map.key.hasSuffix("label_mapping") {
            for pair in map.value.object?.members ?? [] {
                self.append(labels: .array([.string(pair.key), pair.value]), geometry: nil)
            }
        }
    }

    private mutating func append(attributes: JSON?) {
        for member in attributes?.object?.members ?? [] {
            guard self.hasRoom(self.attributes.count) else { return }
            let choices = member.value["choices"]?.array?.compactMap(Self.choice(in:)).map { JSON.string($0) }
            self.attributes.append(
                Attribute(
                    name: member.key,
                    type: member.value["type"]?.string,
                    choices: choices.flatMap { $0.isEmpty ? nil : .array($0) }
                )
            )
        }
    }

    /// The only question of a categorization or comparison: its choices are labels too.
    private mutating func append(choices: JSON?, of field: String, in params: JSON.Object) {
        let before = self.labels.count
        self.append(labels: choices, geometry: nil)
        let values = self.labels[before...].map(\.label)
        self.fields.append(
            Field(
                field: field,
                type: "category",
                json: .object(params),
                choices: values.isEmpty ? nil : values
            )
        )
    }

    private mutating func append(field: JSON) {
        guard let name = field["field_id"]?.string, self.hasRoom(self.fields.count) else { return }
        let choices = field["choices"]?.array?.prefix(RuleDatabase.maximumAsked)
        let values = choices?.map { $0["value"]?.scalarText ?? Self.choice(in: $0) ?? "" }
        self.fields.append(
            Field(
                field: name,
                type: field["type"]?.string,
                json: field,
                choices: values.flatMap { $0.isEmpty ? nil : $0 },
                names: choices?.map { $0["label"]?.string ?? "" } ?? []
            )
        )
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        if count >= RuleDatabase.maximumAsked { self.isCut = true }
        return !self.isCut
    }

    private static func choice(in element: JSON) -> String? {
        element.scalarText
            ?? (element["choice"] ?? element["value"] ?? element["name"] ?? element["label"])?.scalarText
    }
}

extension JSON {
    /// A text, a number or a truth value as text.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.literal
        case .bool(let bool): bool ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
