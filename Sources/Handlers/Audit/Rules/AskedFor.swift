import ScaleAPI

/// What a task asks its workers to annotate, read from its params (contract C2).
struct AskedFor: Sendable, Hashable {
    struct Label: Sendable, Hashable {
        /// Nil in the legacy types with one geometry.
        var geometry: String?
        var label: String
    }

    struct Geometry: Sendable, Hashable {
        var geometry: String?
        var minimumWidth: Double?
        var minimumHeight: Double?
    }

    struct Attribute: Sendable, Hashable {
        var name: String
        var type: String?
        /// An array of strings; nil when any value will do.
        var choices: JSON?
    }

    private(set) var labels: [Label] = []
    private(set) var geometries: [Geometry] = []
    private(set) var attributes: [Attribute] = []
    /// Whether there is more than was read.
    private(set) var isCut = false

    /// The minimum that holds for all geometries: the params' own, or that of the only geometry.
    var minimumWidth: Double? { self.geometries.count == 1 ? self.geometries[0].minimumWidth : nil }
    var minimumHeight: Double? { self.geometries.count == 1 ? self.geometries[0].minimumHeight : nil }

    init(params: JSON?) {
        guard let params = params?.object else { return }
        for member in params["geometries"]?.object?.members ?? [] {
            self.append(geometry: member.key, of: member.value)
        }
        if self.geometries.isEmpty, params["min_width"] != nil || params["min_height"] != nil {
            self.append(geometry: nil, of: .object(params))
        }
        for key in ["objects_to_annotate", "labels", "instance_labels"] {
            self.append(labels: params[key], geometry: nil)
        }
        for member in params["annotation_attributes"]?.object?.members ?? [] {
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

    private mutating func append(geometry: String?, of value: JSON) {
        guard self.hasRoom(self.geometries.count) else { return }
        self.geometries.append(
            Geometry(
                geometry: geometry,
                minimumWidth: value["min_width"]?.double,
                minimumHeight: value["min_height"]?.double
            )
        )
        if geometry != nil { self.append(labels: value["objects_to_annotate"], geometry: geometry) }
    }

    /// Labels are strings, or objects with further ones below them, to any depth that the document could have.
    private mutating func append(labels: JSON?, geometry: String?) {
        for element in labels?.array ?? [] {
            guard self.hasRoom(self.labels.count) else { return }
            if let label = Self.choice(in: element) { self.labels.append(Label(geometry: geometry, label: label)) }
            self.append(labels: element["subchoices"], geometry: geometry)
        }
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        if count >= RuleDatabase.maximumAsked { self.isCut = true }
        return !self.isCut
    }

    private static func choice(in element: JSON) -> String? {
        switch element {
        case .string(let text): text
        case .number(let number): number.literal
        case .bool(let bool): bool ? "true" : "false"
        default: (element["choice"] ?? element["value"] ?? element["name"] ?? element["label"])?.string
        }
    }
}
