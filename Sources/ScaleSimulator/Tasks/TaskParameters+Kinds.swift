/// What the parameters of each type must look like inside (contract C2).
extension TaskParameters {
    private static let geometries: Set<String> = ["box", "polygon", "line", "point", "cuboid", "ellipse"]
    private static let attributeTypes: Set<String> = [
        "category", "number", "angle", "text", "x_line", "y_line", "linked",
    ]
    private static let booleans = [
        "with_labels", "allow_multiple", "allow_unlabeled", "merge_newlines", "clear_unique_id_on_error",
        "can_add_base_annotations", "can_edit_base_annotations", "can_edit_base_annotation_labels",
        "can_delete_base_annotations",
    ]
    private static let numbers = [
        "min_width", "min_height", "max_distance_meters", "frame_rate", "padding", "padding_x", "padding_y",
    ]

    /// Checks the kinds of what is there; what is missing is another matter.
    ///
    /// - Throws: 400 that names the first parameter of the wrong kind.
    static func checkKinds(type: String, _ params: JSONObject) throws(APIError) {
        for name in self.booleans {
            if let value = params[name], !value.isNull, value.bool == nil {
                throw .invalid("\"\(name)\" must be a boolean")
            }
        }
        for name in self.numbers { try self.checkNumber(name, in: .object(params)) }
        for name in ["objects_to_annotate", "instance_labels", "events_to_annotate", "categories"] {
            if let value = params[name] { try self.checkChoices(value, name) }
        }
        if type != "namedentityrecognition", let labels = params["labels"] { try self.checkChoices(labels, "labels") }
        if let value = params["geometries"] { try self.checkGeometries(value) }
        if let value = params["annotation_attributes"] { try self.checkAttributes(value) }
        if let value = params["attachments"] { try self.checkAttachments(value) }
        switch type {
        case "textcollection":
            if let value = params["fields"] { try self.checkFields(value) }
            let wanted = params["responses_required"] ?? .null
            guard wanted.isNull || (1...100).contains(wanted.int ?? 0) else {
                throw .invalid("\"responses_required\" must be a number from 1 to 100")
            }
        case "namedentityrecognition":
            for label in params["labels"]?.array ?? [] {
                guard let name = label["name"]?.string ?? label.string, !name.isEmpty else {
                    throw .invalid("\"labels\" must be an array of objects with \"name\"")
                }
            }
        case "categorization":
            guard params["categories"]?.array?.isEmpty != true else {
                throw .invalid("\"categories\" must not be empty")
            }
        default: break
        }
    }

    private static func checkNumber(_ name: String, in value: JSON) throws(APIError) {
        guard let number = value[name], !number.isNull else { return }
        guard let number = number.double, number >= 0 else {
            throw .invalid("\"\(name)\" must be a number that is not negative")
        }
    }

    /// Labels to choose from: strings, or objects with a choice and choices below it.
    private static func checkChoices(_ value: JSON, _ name: String) throws(APIError) {
        if value.isNull { return }
        guard let choices = value.array else { throw .invalid("\"\(name)\" must be an array") }
        for choice in choices {
            guard let text = choice.string ?? choice["choice"]?.string, !text.isEmpty else {
                throw .invalid("\"\(name)\" must be an array of strings, or of objects with \"choice\"")
            }
            if let below = choice["subchoices"] { try self.checkChoices(below, "subchoices") }
        }
    }

    private static func checkGeometries(_ value: JSON) throws(APIError) {
        for geometry in value.object?.members ?? [] {
            guard self.geometries.contains(geometry.key) else {
                throw .invalid("\"geometries\" must not contain \"\(geometry.key)\"")
            }
            guard geometry.value.object != nil else {
                throw .invalid("\"geometries.\(geometry.key)\" must be an object")
            }
            if let objects = geometry.value["objects_to_annotate"] {
                try self.checkChoices(objects, "objects_to_annotate")
            }
            for name in ["min_width", "min_height", "min_vertices", "max_vertices"] {
                try self.checkNumber(name, in: geometry.value)
            }
        }
    }

    private static func checkAttributes(_ value: JSON) throws(APIError) {
        if value.isNull { return }
        guard let attributes = value.object else { throw .invalid("\"annotation_attributes\" must be an object") }
        for attribute in attributes.members {
            let name = "annotation_attributes.\(attribute.key)"
            guard attribute.value.object != nil else { throw .invalid("\"\(name)\" must be an object") }
            // Older tasks name no type and mean a category.
            let type = attribute.value["type"] ?? "category"
            guard self.attributeTypes.contains(type.string ?? "") else {
                throw .invalid(
                    "\"\(name).type\" must be one of \(self.attributeTypes.sorted().joined(separator: ", "))"
                )
            }
            let choices = attribute.value["choices"] ?? .null
            guard choices.isNull || choices.array != nil else { throw .invalid("\"\(name).choices\" must be an array") }
            guard type != "category" || choices.array?.isEmpty == false else {
                throw .missing("\(name).choices")
            }
        }
    }

    private static func checkAttachments(_ value: JSON) throws(APIError) {
        for attachment in value.array ?? [] {
            guard attachment.string != nil || attachment.object != nil else {
                throw .invalid("\"attachments\" must be an array of strings or objects")
            }
        }
    }

    /// The fields of a text collection; types that Scale adds are taken.
    private static func checkFields(_ value: JSON) throws(APIError) {
        if value.isNull { return }
        guard let fields = value.array else { throw .invalid("\"fields\" must be an array") }
        var ids: Set<String> = []
        for field in fields {
            for name in ["type", "field_id"] {
                guard let text = field[name]?.string, !text.isEmpty else {
                    throw .invalid("\"fields\" must be an array of objects with \"type\" and \"field_id\"")
                }
            }
            let id = field["field_id"]?.string ?? ""
            guard ids.insert(id).inserted else { throw .invalid("the field_id \"\(id)\" occurs twice") }
            guard ["category", "ranking_order"].contains(field["type"]?.string) else { continue }
            guard let choices = field["choices"]?.array, !choices.isEmpty else {
                throw .missing("fields.\(id).choices")
            }
            for choice in choices {
                guard choice.string != nil || choice["label"]?.string != nil || choice["value"] != nil else {
                    throw .invalid("\"fields.\(id).choices\" must hold objects with \"label\" and \"value\"")
                }
            }
        }
    }
}
