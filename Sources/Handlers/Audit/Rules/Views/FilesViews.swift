import Callbacks
import ScaleAPI

/// The views of what is in files.
extension RuleView {
    static let segments = RuleView(
        "segments",
        "one per label of a segmentation, or per instance of it",
        [
            .init("position", "the place in this list, from 0") { .integer(Int64($0.position)) },
            .init("label", "the label") { .text($0.label) },
            .init("instance", "which one of them, from 0") { .integer(Int64($0.instance)) },
            .init("color_index", "the value of its pixels in the indexed image") {
                RuleValue($0.mapping?["index"]?.double)
            },
            .init("color", "the colour of its pixels, such as `#804080`") { RuleValue($0.mapping?["color"]?.string) },
            .init("pixels", "how many it has, where the response says it") {
                RuleValue($0.mapping?["numPixels"]?.double)
            },
            .init("url", "its mask; nothing when it is not in the image") { RuleValue($0.url) },
            .init("attributes", "JSON: the answers about it by name") {
                RuleValue(document: $0.mapping?["attributes"])
            },
        ] as [Field<SegmentRow>],
        rows: { event throws(RuleFailure) in try SegmentRow.all(of: event) }
    )

    static let files = RuleView(
        "files",
        "one per result file that the response names, or that it should name for the task's type",
        [
            .init("position", "the place in this list, from 0") { .integer(Int64($0.position)) },
            .init("role", "`annotations`, `events`, `point_segmentations`, `unlabeled`, `labeled`, `combined`") {
                .text($0.file.role)
            },
            .init("label", "the label of a mask") { RuleValue($0.file.label) },
            .init("url", "where it is; nothing when it is missing") { RuleValue($0.file.url) },
        ] as [Field<(position: Int, file: ResultFileRow)>],
        rows: { event throws(RuleFailure) in
            try ResultFileRow.all(of: event).enumerated().map { (position: $0.offset, file: $0.element) }
        }
    )
}

/// One label of a segmentation, or one instance of it.
struct SegmentRow {
    var position: Int
    var label: String
    var instance: Int
    var mapping: JSON?
    var url: String?

    /// All segments of an event's response.
    ///
    /// - Throws: `RuleFailure.unavailable` when it is no segmentation, or has too many.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [SegmentRow] {
        guard let response = event.response else { return [] }
        guard let labeled = response["annotations"]?["labeled"]?.object else {
            throw .unavailable("the response has no segments")
        }
        var mappings: [String: JSON] = [:]
        for member in response["labelMapping"]?.object?.members ?? [] { mappings[member.key] = member.value }
        var rows: [SegmentRow] = []
        for member in labeled.members {
            let urls = member.value.array ?? [member.value]
            let mapping = mappings[member.key].map { $0.array ?? [$0] } ?? []
            for instance in 0..<max(1, urls.count, mapping.count) {
                guard rows.count < RuleDatabase.maximumAnnotations else {
                    throw .unavailable("the response has more than \(RuleDatabase.maximumAnnotations) segments")
                }
                rows.append(
                    SegmentRow(
                        position: rows.count,
                        label: member.key,
                        instance: instance,
                        mapping: mapping.indices.contains(instance) ? mapping[instance] : nil,
                        url: urls.indices.contains(instance) ? urls[instance].string : nil
                    )
                )
            }
        }
        return rows
    }
}

/// One result file, or the lack of one.
struct ResultFileRow {
    var role: String
    var label: String?
    var url: String?

    /// The types whose annotations are in a file.
    private static let typesWithFile: Set<String> = [
        "videoannotation", "videoplaybackannotation", "videoboxannotation", "videocuboidannotation", "lidarannotation",
        "lidarlinking", "lidartopdown",
    ]
    /// The types that have everything in the response.
    private static let typesWithoutFile: Set<String> = [
        "annotation", "audiotranscription", "categorization", "comparison", "cuboidannotation", "datacollection",
        "documenttranscription", "imageannotation", "lineannotation", "namedentityrecognition", "pointannotation",
        "polygonannotation", "textcollection", "transcription",
    ]

    /// All files of an event's response.
    ///
    /// - Throws: `RuleFailure.unavailable` when it is not known whether there should be any.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [ResultFileRow] {
        guard let callback = event.callback else { return [] }
        let type = callback.taskType ?? ""
        let response = event.response ?? [:]
        var files = ["annotations", "events", "point_segmentations"]
            .compactMap { role in
                response[role]?["url"].map { ResultFileRow(role: role, url: $0.string) }
            }
        files += Self.masks(in: response)
        // Annotations that stand in the response need no file.
        let expected: [String]
        switch type {
        case "lidarsegmentation": expected = ["point_segmentations"]
        case "segmentannotation": expected = ["combined"]
        case _ where Self.typesWithFile.contains(type):
            let annotations = response["annotations"]
            let isInside = annotations?.array != nil || annotations?.object?.members.isEmpty == false
            expected = isInside ? [] : ["annotations"]
        case _ where Self.typesWithoutFile.contains(type): expected = []
        default:
            guard !files.isEmpty else {
                throw .unavailable("it is not known whether a task of type '\(type.cut(to: 50))' has result files")
            }
            expected = []
        }
        for role in expected where !files.contains(where: { $0.role == role }) {
            files.append(ResultFileRow(role: role))
        }
        guard files.count <= RuleDatabase.maximumAnnotations else {
            throw .unavailable("the response has more than \(RuleDatabase.maximumAnnotations) files")
        }
        return files
    }

    /// The masks of a segmentation: a label that is not in the image has none and needs none.
    private static func masks(in response: JSON) -> [ResultFileRow] {
        guard let annotations = response["annotations"]?.object else { return [] }
        var files: [ResultFileRow] = []
        if let url = annotations["unlabeled"], !url.isNull {
            files.append(ResultFileRow(role: "unlabeled", url: url.string))
        }
        for member in annotations["labeled"]?.object?.members ?? [] {
            let pixels = response["labelMapping"]?[member.key]?["numPixels"]?.double ?? 0
            for url in member.value.array ?? [member.value] where !url.isNull || pixels > 0 {
                files.append(ResultFileRow(role: "labeled", label: member.key, url: url.string))
            }
        }
        for member in annotations["combined"]?.object?.members ?? [] {
            files.append(ResultFileRow(role: "combined", url: member.value.string))
        }
        return files
    }
}
