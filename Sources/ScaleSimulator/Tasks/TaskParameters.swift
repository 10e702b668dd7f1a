/// Judges the body of a task creation: what is required, and of which kind (contract C2).
enum TaskParameters {
    /// The most bytes of JSON that `metadata` may hold.
    static let maximumMetadataBytes = 10 * 1024

    /// The most tags one task may have.
    static let maximumTags = 5

    /// Members of the body that come back beside `params`, or not at all.
    static let outsideParams: Set<String> = [
        "project", "batch", "instruction", "callback_url", "metadata", "priority", "unique_id", "tags",
        "clear_unique_id_on_error", "project_param_version", "project_version", "urgency", "version", "created_at",
    ]

    /// Per type, groups of parameters of which at least one must be there.
    private static let required: [String: [[String]]] = [
        "imageannotation": [["attachment"], ["geometries"]],
        "annotation": [["attachment"], ["objects_to_annotate"]],
        "polygonannotation": [["attachment"], ["objects_to_annotate"]],
        "lineannotation": [["attachment"], ["objects_to_annotate"]],
        "pointannotation": [["attachment"], ["objects_to_annotate"]],
        "cuboidannotation": [["attachment"], ["objects_to_annotate"]],
        "segmentannotation": [["attachment"]],
        "videoannotation": [["attachments", "attachment"], ["geometries"]],
        "videoplaybackannotation": [["attachments", "attachment"], ["geometries"]],
        "lidarannotation": [["attachments"], ["labels"]],
        "lidarsegmentation": [["attachments"], ["labels"]],
        "lidartopdown": [["attachments"], ["labels"]],
        "lidarlinking": [["lidar_task"]],
        "categorization": [["attachment"], ["categories"]],
        // The attachments alone may be missing, but a body with nothing is told of them first, as by the real service.
        "textcollection": [["attachments", "fields"], ["fields"]],
        "namedentityrecognition": [["text"], ["labels"]],
        "documenttranscription": [["attachment"]],
        "datacollection": [["fields"]],
        "transcription": [["fields"]],
    ]

    private static let strings = [
        "instruction", "callback_url", "project", "batch", "unique_id", "attachment_type", "attachment", "text",
        "lidar_task", "title", "description",
    ]
    private static let arrays = ["attachments", "objects_to_annotate", "labels", "categories", "tags"]
    private static let objects = ["geometries", "metadata", "hypothesis", "base_annotations"]

    /// - Throws: 400 that names the first parameter which is missing or of the wrong kind.
    static func check(type: String, _ body: JSONObject) throws(APIError) {
        for group in self.required[type] ?? [] {
            guard group.contains(where: { body[$0].map { !$0.isNull } ?? false }) else { throw .missing(group[0]) }
        }
        for name in self.strings {
            if let value = body[name], !value.isNull, value.string == nil {
                throw .invalid("\"\(name)\" must be a string")
            }
        }
        for name in self.arrays {
            if let value = body[name], !value.isNull, value.array == nil {
                throw .invalid("\"\(name)\" must be an array")
            }
        }
        for name in self.objects {
            if let value = body[name], !value.isNull, value.object == nil {
                throw .invalid("\"\(name)\" must be an object")
            }
        }
        for name in ["priority", "project_param_version", "project_version"] {
            if let value = body[name], !value.isNull, value.int == nil {
                throw .invalid("\"\(name)\" must be a number")
            }
        }
        try self.checkKinds(type: type, body)
        for name in ["attachment", "attachments"]
        where self.required[type]?.contains(where: { $0.contains(name) }) == true {
            guard body[name]?.string?.isEmpty != true, body[name]?.array?.isEmpty != true else {
                throw .invalid("\"\(name)\" must not be empty")
            }
        }
        if let priority = body["priority"], !priority.isNull { try self.checkPriority(priority) }
        if let url = body["callback_url"]?.string { try self.checkCallback(url, name: "callback_url") }
        _ = try Realm.optionalString("unique_id", in: body)
        if let metadata = body["metadata"] { try self.checkMetadata(metadata) }
    }

    /// A type is a word in small letters and digits; Scale adds types, so every such word is taken.
    static func checkType(_ type: String) throws(APIError) {
        let isWord = type.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        guard isWord, (1...64).contains(type.utf8.count) else { throw .invalid("\"type\" is not a task type") }
    }

    /// A callback goes to a fully qualified http or https URL, or to an email address (contract A1).
    static func checkCallback(_ text: String, name: String) throws(APIError) {
        let lowered = text.lowercased()
        let isURL = lowered.hasPrefix("http://") || lowered.hasPrefix("https://")
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isEmail = parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !text.contains("/")
        guard isURL || isEmail, text.utf8.count <= 4096 else {
            throw .invalid("\"\(name)\" must be an http or https URL or an email address")
        }
    }

    /// A priority is one of 10, 20, 30; what lies between is taken too.
    static func checkPriority(_ priority: JSON) throws(APIError) {
        guard (10...30).contains(priority.int ?? 0) else {
            throw .invalid("\"priority\" must be a number from 10 to 30")
        }
    }

    /// Metadata is an object of at most 10 KB.
    static func checkMetadata(_ metadata: JSON) throws(APIError) {
        guard metadata.isNull || metadata.object != nil else { throw .invalid("\"metadata\" must be an object") }
        guard metadata.utf8.count <= self.maximumMetadataBytes else {
            throw .invalid("\"metadata\" must not exceed 10 KB")
        }
    }

    /// Reads a raw array of tags, each a string that is not empty, repeats dropped.
    static func tags(_ value: JSON?) throws(APIError) -> [String] {
        guard let array = value?.array else { throw .invalid("\"tags\" must be an array of strings") }
        var tags: [String] = []
        for element in array {
            guard let tag = element.string, !tag.isEmpty else { throw .invalid("\"tags\" must be an array of strings") }
            if tags.count <= self.maximumTags, !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }
}
