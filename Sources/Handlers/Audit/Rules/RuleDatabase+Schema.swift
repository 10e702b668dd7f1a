import Callbacks
import ScaleAPI

/// What rules see of an event.
///
/// | table | has | columns |
/// |---|---|---|
/// | `task` | one row | `task_id type status project batch instruction unique_id is_test created_at completed_at updated_at review_status prior_response_count tags metadata params response min_width min_height image_width image_height is_empty` |
/// | `annotations` | a row per annotation | `position uuid type label left top width height area vertices attributes` |
/// | `labels` | a row per label that was asked for | `geometry label`; no geometry in the legacy types |
/// | `geometries` | a row per geometry that was asked for | `geometry min_width min_height` |
/// | `attributes` | a row per attribute that was asked for | `name type choices` |
///
/// Times are Scale's text; `tags metadata params response vertices attributes choices` are JSON text; lengths are
/// pixels. `left top width height` is the box around an annotation of any geometry.
extension RuleDatabase {
    /// The index on `annotations` is for the check `near-duplicate` only. It is written so that no other query can use
    /// it: without `ORDER BY` they would give their rows in its order and not in that of the response.
    static let schema = """
        CREATE TABLE task (task_id, type, status, project, batch, instruction, unique_id, is_test, created_at,
            completed_at, updated_at, review_status, prior_response_count, tags, metadata, params, response, min_width,
            min_height, image_width, image_height, is_empty);
        CREATE TABLE annotations (position INTEGER PRIMARY KEY, uuid, type, label, left, top, width, height, area,
            vertices, attributes);
        CREATE INDEX annotations_by_place ON annotations (coalesce(label, ''), left + 0) WHERE left + 0 IS NOT NULL;
        CREATE TABLE labels (geometry, label);
        CREATE INDEX labels_by_label ON labels (label);
        CREATE TABLE geometries (geometry, min_width, min_height);
        CREATE TABLE attributes (name, type, choices);
        """

    /// The longest `params` and `response` that rules can read, in bytes of JSON text.
    static let maximumDocumentLength = 1_000_000
    /// The longest of the other texts, in bytes.
    static let maximumTextLength = 100_000
    /// With more annotations than this, rules cannot read them.
    static let maximumAnnotations = 10_000
    /// How many labels, geometries and attributes are read of what was asked for, each.
    static let maximumAsked = 5000

    /// Replaces the contents of all tables.
    func fill(with callback: Callback?) throws(RuleFailure) {
        self.unavailable = [:]
        try self.write("BEGIN")
        do {
            for table in ["task", "annotations", "labels", "geometries", "attributes"] {
                try self.write("DELETE FROM \(table)")
            }
            let task = callback?.task.map { JSON($0) }
            let response = callback?.response.map { JSON($0) }
            let asked = AskedFor(params: task?["params"])
            try self.insertTask(callback, task: task, response: response, asked: asked)
            try self.insertAnnotations(of: response)
            try self.insert(asked)
        } catch {
            // Without a journal nothing can be rolled back; the next event begins by deleting everything.
            try? self.write("COMMIT")
            throw error
        }
        try self.write("COMMIT")
    }

    private func insertTask(
        _ callback: Callback?,
        task: JSON?,
        response: JSON?,
        asked: AskedFor
    ) throws(RuleFailure) {
        let documents = [task?["params"], task?["metadata"], response]
        let widths = ["width", "image_width", "imageWidth"]
        let heights = ["height", "image_height", "imageHeight"]
        let values: [(column: String, value: RuleValue)] = [
            ("task_id", self.text(callback?.taskID, "task.task_id")),
            ("type", self.text(callback?.taskType, "task.type")),
            ("status", self.text(callback?.status, "task.status")),
            ("project", self.text(callback?.project, "task.project")),
            ("batch", self.text(callback?.batch, "task.batch")),
            ("instruction", self.text(task?["instruction"]?.string, "task.instruction")),
            ("unique_id", self.text(task?["unique_id"]?.string, "task.unique_id")),
            ("is_test", .integer(task?["is_test"]?.bool == true ? 1 : 0)),
            ("created_at", self.text(task?["created_at"]?.string, "task.created_at")),
            ("completed_at", self.text(task?["completed_at"]?.string, "task.completed_at")),
            ("updated_at", self.text(task?["updated_at"]?.string, "task.updated_at")),
            ("review_status", self.text(callback?.reviewStatus, "task.review_status")),
            ("prior_response_count", .integer(Int64(callback?.priorResponseCount ?? 0))),
            ("tags", self.document(task?["tags"], "task.tags", limit: Self.maximumTextLength)),
            ("metadata", self.document(task?["metadata"], "task.metadata", limit: Self.maximumTextLength)),
            ("params", self.document(task?["params"], "task.params", limit: Self.maximumDocumentLength)),
            ("response", self.document(response, "task.response", limit: Self.maximumDocumentLength)),
            ("min_width", Self.number(asked.minimumWidth)),
            ("min_height", Self.number(asked.minimumHeight)),
            ("image_width", Self.number(Self.firstNumber(widths, in: documents))),
            ("image_height", Self.number(Self.firstNumber(heights, in: documents))),
            ("is_empty", .integer(Self.isEmpty(response) ? 1 : 0)),
        ]
        let columns = values.map(\.column).joined(separator: ", ")
        let marks = values.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        try self.write("INSERT INTO task (\(columns)) VALUES (\(marks))", values.map(\.value))
    }

    private func insertAnnotations(of response: JSON?) throws(RuleFailure) {
        guard let response, !response.isNull else { return }
        guard let annotations = response["annotations"]?.array else {
            // To count none here would let a task pass whose annotations nobody has looked at.
            self.unavailable["annotations"] = "the response has no list of annotations in itself"
            return
        }
        guard annotations.count <= Self.maximumAnnotations else {
            self.unavailable["annotations"] = "the response has more than \(Self.maximumAnnotations) annotations"
            return
        }
        for (position, annotation) in annotations.enumerated() {
            let shape = AnnotationShape(annotation)
            try self.write(
                """
                INSERT INTO annotations (position, uuid, type, label, left, top, width, height, area, vertices,
                    attributes)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                """,
                [
                    .integer(Int64(position)),
                    self.text((annotation["uuid"] ?? annotation["id"])?.string, "annotations.uuid"),
                    self.text(shape.type, "annotations.type"),
                    self.text(annotation["label"]?.string, "annotations.label"),
                    Self.number(shape.left), Self.number(shape.top), Self.number(shape.width),
                    Self.number(shape.height), Self.number(shape.area),
                    self.document(annotation["vertices"], "annotations.vertices", limit: Self.maximumTextLength),
                    self.document(annotation["attributes"], "annotations.attributes", limit: Self.maximumTextLength),
                ]
            )
        }
    }

    private func insert(_ asked: AskedFor) throws(RuleFailure) {
        if asked.isCut {
            for table in ["labels", "geometries", "attributes"] {
                self.unavailable[table] = "the task asks for more than \(Self.maximumAsked) labels or attributes"
            }
        }
        for label in asked.labels {
            try self.write(
                "INSERT INTO labels (geometry, label) VALUES (?1, ?2)",
                [self.text(label.geometry, "labels.geometry"), self.text(label.label, "labels.label")]
            )
        }
        for geometry in asked.geometries {
            try self.write(
                "INSERT INTO geometries (geometry, min_width, min_height) VALUES (?1, ?2, ?3)",
                [
                    self.text(geometry.geometry, "geometries.geometry"), Self.number(geometry.minimumWidth),
                    Self.number(geometry.minimumHeight),
                ]
            )
        }
        for attribute in asked.attributes {
            try self.write(
                "INSERT INTO attributes (name, type, choices) VALUES (?1, ?2, ?3)",
                [
                    self.text(attribute.name, "attributes.name"), self.text(attribute.type, "attributes.type"),
                    self.document(attribute.choices, "attributes.choices", limit: Self.maximumTextLength),
                ]
            )
        }
    }

    // MARK: - Values

    private func text(_ text: String?, _ column: String) -> RuleValue {
        guard let text else { return .null }
        guard text.utf8.count <= Self.maximumTextLength else {
            self.unavailable[column] = "\(column) is longer than \(Self.maximumTextLength) bytes"
            return .null
        }
        return .text(text)
    }

    private func document(_ json: JSON?, _ column: String, limit: Int) -> RuleValue {
        guard let json, !json.isNull else { return .null }
        let text = json.encoded
        guard text.count <= limit else {
            self.unavailable[column] = "\(column) is longer than \(limit) bytes"
            return .null
        }
        return .text(String(decoding: text, as: UTF8.self))
    }

    private static func number(_ value: Double?) -> RuleValue {
        guard let value, !value.isNaN else { return .null }
        return Int64(exactly: value).map { .integer($0) } ?? .real(value)
    }

    private static func firstNumber(_ keys: [String], in documents: [JSON?]) -> Double? {
        for document in documents {
            for key in keys {
                if let number = document?[key]?.double, number > 0 { return number }
            }
        }
        return nil
    }

    /// Whether a response holds no work: nothing at all, or an empty list of annotations or answers.
    private static func isEmpty(_ response: JSON?) -> Bool {
        guard let response, !response.isNull else { return true }
        if let elements = response.array { return elements.isEmpty }
        guard let object = response.object else { return response.string?.isEmpty ?? false }
        guard !object.members.isEmpty else { return true }
        for key in ["annotations", "responses"] {
            if let part = object[key] {
                return part.isNull || part.array?.isEmpty ?? false || part.object?.members.isEmpty ?? false
            }
        }
        return false
    }
}
