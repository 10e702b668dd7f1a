import ScaleAPI

/// The views of what was asked for.
extension RuleView {
    static let labels = RuleView(
        "labels",
        "one per label, category or feature that was asked for",
        [
            .init("geometry", "the geometry it was asked for with; nothing where that does not matter") {
                RuleValue($0.geometry)
            },
            .init("label", "the label") { .text($0.label) },
            .init("parent", "the label that it is a choice below") { RuleValue($0.parent) },
        ] as [Field<AskedFor.Label>],
        rows: { event throws(RuleFailure) in try event.askedFor().labels }
    )

    static let geometries = RuleView(
        "geometries",
        "one per geometry that was asked for",
        [
            .init("geometry", "its name, such as `box`; nothing in the legacy types") { RuleValue($0.geometry) },
            .init("min_width", "the least width in pixels") { RuleValue($0.minimumWidth) },
            .init("min_height", "the least height in pixels") { RuleValue($0.minimumHeight) },
            .init("min_vertices", "the least number of vertices") { RuleValue($0.minimumVertices) },
            .init("max_vertices", "the greatest number of vertices") { RuleValue($0.maximumVertices) },
        ] as [Field<AskedFor.Geometry>],
        rows: { event throws(RuleFailure) in try event.askedFor().geometries }
    )

    static let attributes = RuleView(
        "attributes",
        "one per attribute that was asked for",
        [
            .init("name", "its name") { .text($0.name) },
            .init("type", "its type, such as `category`") { RuleValue($0.type) },
            .init("choices", "JSON: a list of texts; nothing when any value will do") {
                RuleValue(document: $0.choices)
            },
        ] as [Field<AskedFor.Attribute>],
        rows: { event throws(RuleFailure) in try event.askedFor().attributes }
    )

    static let fields = RuleView(
        "fields",
        "one per field to be filled in; the only one of a categorization is `category`, of a comparison `choice`",
        [
            .init("field", "its id") { .text($0.field) },
            .init("type", "its type, such as `text`, `number`, `category`") { RuleValue($0.type) },
            .init("title", "its title") { RuleValue($0.json["title"]?.string) },
            .init("is_required", "0 when it may stay empty, else 1") { .integer($0.isRequired ? 1 : 0) },
            .init("min_choices", "how many must be chosen at least") { RuleValue($0.json["min_choices"]?.double) },
            .init("max_choices", "how many may be chosen") { RuleValue($0.json["max_choices"]?.double) },
            .init("max_characters", "how long a text may be") { RuleValue($0.json["max_characters"]?.double) },
            .init("choices", "JSON: a list of the values that can be chosen; nothing when any value will do") {
                RuleValue(document: $0.choices.map { .array($0.map { .string($0) }) })
            },
        ] as [Field<AskedFor.Field>],
        rows: { event throws(RuleFailure) in try event.askedFor().fields }
    )
}

extension AskedFor.Field {
    fileprivate var isRequired: Bool {
        self.json["required"]?.bool != false && self.json["min_choices"]?.double != 0
    }
}
