import ScaleAPI

extension RuleView {
    /// The annotations of images, and whatever else lists annotations in the response or in its file.
    static let annotations = RuleView(
        "annotations",
        "one per annotation in the response or its fetched file, in every frame; of entities and document texts too",
        [
            .init("position", "the place in the response, from 0") { .integer(Int64($0.position)) },
            .init("uuid", "Scale's name for it") {
                RuleValue(($0.json["uuid"] ?? $0.json["id"] ?? $0.json["cuboid_uuid"])?.string ?? $0.place.uuid)
            },
            .init("type", "the geometry, such as `box`; the legacy types have that of their name") {
                RuleValue($0.shape.type)
            },
            .init("label", "the label") { RuleValue($0.json["label"]?.string ?? $0.place.label) },
            .init("left", "where the box around it begins, in pixels from the image's left") {
                RuleValue($0.shape.left)
            },
            .init("top", "likewise from the image's top") { RuleValue($0.shape.top) },
            .init("width", "how wide the box around it is") { RuleValue($0.shape.width) },
            .init("height", "how high it is") { RuleValue($0.shape.height) },
            .init("area", "the area inside, in square pixels; nothing for a cuboid") { RuleValue($0.shape.area) },
            .init("vertices", "JSON: the vertices as Scale sent them") { RuleValue(document: $0.drawn["vertices"]) },
            .init("vertex_count", "how many they are") { RuleValue($0.drawn["vertices"]?.array?.count) },
            .init("shape", "JSON for the geometry functions: the outline, of an ellipse and a cuboid nearly") {
                RuleValue(Figure(json: $0.drawn)?.encoded)
            },
            .init("attributes", "JSON: the answers about it by name") {
                RuleValue(document: $0.json["attributes"])
            },
            .init("text", "what stands there, in an entity or a document") { RuleValue($0.json["text"]?.string) },
            .init("page", "the page of a document, from 0") { RuleValue($0.json["page"]?.double) },
            .init("frame", "the frame of a video or scene, from 0 where it is not named") {
                RuleValue($0.place.frame)
            },
            .init("camera", "the camera, where there are several") { RuleValue($0.place.camera) },
            .init("parent", "the annotation that this one is listed in") { RuleValue($0.place.parent) },
            .init("json", "JSON: the whole annotation") { RuleValue(document: $0.json) },
        ] as [Field<AnnotationRow>],
        rows: { event throws(RuleFailure) in try event.annotationRows.get() }
    )

    /// What says that two things belong together.
    static let links = RuleView(
        "links",
        "one per relationship between entities and per link between annotations",
        [
            .init("position", "the place in the response, from 0") { .integer(Int64($0.position)) },
            .init("id", "its name within the response") { RuleValue(($0.json["id"] ?? $0.json["uuid"])?.string) },
            .init("name", "what relates them") { RuleValue(($0.json["name"] ?? $0.json["label"])?.string) },
            .init("source", "the id of the annotation it goes out from") {
                RuleValue(($0.json["source_ref"] ?? $0.json["source"] ?? $0.json["from"])?.string)
            },
            .init("target", "the id of the annotation it goes to") {
                RuleValue(($0.json["target_ref"] ?? $0.json["target"] ?? $0.json["to"])?.string)
            },
            .init("json", "JSON: the whole link") { RuleValue(document: $0.json) },
        ] as [Field<(position: Int, json: JSON)>],
        rows: { event throws(RuleFailure) in
            let links = ["relationships", "links"].flatMap { event.response?[$0]?.array ?? [] }
            guard links.count <= RuleDatabase.maximumAnnotations else {
                throw .unavailable("the response has more than \(RuleDatabase.maximumAnnotations) links")
            }
            return links.enumerated().map { (position: $0.offset, json: $0.element) }
        }
    )
}
