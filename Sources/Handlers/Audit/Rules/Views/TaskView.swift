import Callbacks
import ScaleAPI

extension RuleView {
    /// The task as a whole.
    static let task = RuleView(
        "task",
        "always one: the task",
        [
            .init("task_id", "Scale's id of the task") { RuleValue($0.callback?.taskID) },
            .init("type", "the type, such as `imageannotation`") { RuleValue($0.callback?.taskType) },
            .init("status", "the status, such as `completed`") { RuleValue($0.callback?.status) },
            .init("project", "the project's name") { RuleValue($0.callback?.project) },
            .init("batch", "the batch's name") { RuleValue($0.callback?.batch) },
            .init("instruction", "what the workers were told") { RuleValue($0["instruction"]?.string) },
            .init("unique_id", "your own id of the task") { RuleValue($0["unique_id"]?.string) },
            .init("is_test", "1 for a task of test mode, else 0") {
                .integer($0["is_test"].flatMap { JSON($0).bool } == true ? 1 : 0)
            },
            .init("created_at", "when the task was created") { RuleValue($0["created_at"]?.string) },
            .init("completed_at", "when it was completed") { RuleValue($0["completed_at"]?.string) },
            .init("updated_at", "when it changed last") { RuleValue($0["updated_at"]?.string) },
            .init("turnaround_seconds", "from creation to completion") { RuleValue($0.turnaround) },
            .init("seconds_spent", "how long the work took, where the response says so") {
                RuleValue($0.response?["time_spent_in_seconds"]?.double ?? $0["time_spent_in_seconds"]?.number)
            },
            .init("review_status", "what a customer said of the response; nothing while nobody has") {
                RuleValue($0.callback?.reviewStatus)
            },
            .init("review_comments", "JSON: what customers said about it") {
                RuleValue(document: $0["customer_review_comments"])
            },
            .init("is_customer_fix", "1 when the response is the customer's own fix, else 0") {
                .integer($0.response?["is_customer_fix"]?.bool == true ? 1 : 0)
            },
            .init("prior_response_count", "how many earlier responses the task lists") {
                .integer(Int64($0.callback?.priorResponseCount ?? 0))
            },
            .init("responses_required", "how many people were to answer, where the task says so") {
                RuleValue($0.params?["responses_required"]?.double)
            },
            .init("tags", "JSON: a list of texts") { RuleValue(document: $0["tags"]) },
            .init("metadata", "JSON: your own data of the task") { RuleValue(document: $0["metadata"]) },
            .init("params", "JSON: what was asked for", limit: RuleDatabase.maximumDocumentLength) {
                RuleValue(document: $0["params"])
            },
            .init("response", "JSON: the whole response", limit: RuleDatabase.maximumDocumentLength) {
                RuleValue(document: $0.responseNode)
            },
            .init("min_width", "the least width in pixels, when one holds for all geometries") {
                RuleValue($0.asked.minimumWidth)
            },
            .init("min_height", "the least height in pixels, when one holds for all geometries") {
                RuleValue($0.asked.minimumHeight)
            },
            .init("image_width", "the image's width in pixels, where params, metadata or response say it") {
                RuleValue($0.imageSize.width)
            },
            .init("image_height", "the image's height in pixels, likewise") { RuleValue($0.imageSize.height) },
            .init(
                "is_empty",
                "1 when there is no work in the response, 0 when there is; nothing when that is in a file nobody read"
            ) {
                $0.isEmpty.map { .integer($0 ? 1 : 0) } ?? .null
            },
        ] as [Field<JudgedEvent>],
        rows: { event in [event] }
    )

    /// The pages of a document.
    static let pages = RuleView(
        "pages",
        "one per page of a document, where the task says their sizes",
        [
            .init("page", "the number, from 0") { .integer(Int64($0.page)) },
            .init("width", "its width in pixels") { RuleValue($0.size["width"]?.double) },
            .init("height", "its height in pixels") { RuleValue($0.size["height"]?.double) },
        ] as [Field<(page: Int, size: JSON)>],
        rows: { event in
            let pages = event["document_pages"]?.elements.prefix(RuleDatabase.maximumAnnotations) ?? []
            return pages.enumerated().map { (page: $0.offset, size: JSON($0.element)) }
        }
    )
}

extension JudgedEvent {
    fileprivate var turnaround: Double? {
        guard let created = self["created_at"]?.string.flatMap(ScaleDate.milliseconds(from:)),
            let completed = self.callback?.completedAt
        else { return nil }
        return Double(completed - created) / 1000
    }

    /// Whether the response holds no work: nothing at all, or an empty list of annotations or answers. Nil when what it
    /// holds is in a file that was not read.
    fileprivate var isEmpty: Bool? {
        guard let response else { return true }
        if let elements = response.array { return elements.isEmpty }
        guard let object = response.object else { return response.string?.isEmpty ?? false }
        guard !object.members.isEmpty else { return true }
        let isElsewhere = ["events", "point_segmentations"].contains { object[$0]?["url"]?.string != nil }
        if self.annotationsURL != nil {
            guard let rows = try? self.annotationRows.get() else { return nil }
            return !rows.isEmpty ? false : isElsewhere ? nil : true
        }
        if object["annotations"] == nil, isElsewhere { return nil }
        if let labeled = object["annotations"]?["labeled"]?.object {
            return labeled.members.allSatisfy { $0.value.isWithoutContent }
        }
        for key in ["annotations", "responses", "category", "choice", "fields", "transcript"] {
            if let part = object[key] { return part.isWithoutContent }
        }
        return false
    }
}

extension JSON {
    /// Null, or an empty text, list or object.
    fileprivate var isWithoutContent: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.members.isEmpty
        case .bool, .number: false
        }
    }
}

extension JSONDocument.Node {
    fileprivate var number: Double? { JSON(self).double }
}
