import Callbacks
import ScaleAPI

/// One annotation of a response, wherever in it it stands (contract C3).
final class AnnotationRow {
    /// What an annotation has from what it lies in.
    struct Place {
        var frame: Double?
        var camera: Double?
        /// The annotation that it is listed in.
        var parent: String?
        /// What stands for all frames of a track.
        var uuid: String?
        var label: String?
        /// The geometry when the annotation does not name one.
        var type: String?
    }

    let position: Int
    /// The annotation as Scale sent it.
    let json: JSON
    let place: Place

    /// What it draws: the annotation itself, or the location of a text in a document; with its geometry.
    private(set) lazy var drawn: JSON = {
        let drawn = self.json["location"] ?? self.json
        guard let type = self.place.type, var object = drawn.object, object["type"] == nil, object["geometry"] == nil
        else { return drawn }
        object["type"] = .string(type)
        return .object(object)
    }()

    private(set) lazy var shape = AnnotationShape(self.drawn)

    init(position: Int, json: JSON, place: Place) {
        self.position = position
        self.json = json
        self.place = place
    }

    /// All annotations of an event's response in their order.
    ///
    /// - Throws: `RuleFailure.unavailable` when they are in a file that cannot be read, when there are none of this kind,
    ///   or too many.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [AnnotationRow] {
        guard let response = event.response else { return [] }
        var collector = AnnotationCollector()
        let place = Place(type: Self.geometries[event.callback?.taskType ?? ""])
        if let annotations = response["annotations"]?.array {
            for (index, annotation) in annotations.enumerated() {
                collector.append(annotation, at: index, in: place)
            }
        } else if let tracks = response["annotations"]?.object, Self.areTracks(tracks) {
            for track in tracks.members {
                var place = place
                place.uuid = track.key
                collector.append(track: track.value, in: place)
            }
        } else if event.annotationsURL != nil {
            try collector.append(file: event.annotationsFile.content(), in: place)
        } else {
            // To count none here would let a task pass whose annotations nobody has looked at.
            throw .unavailable("the response has no list of annotations in itself")
        }
        guard collector.rows.count <= RuleDatabase.maximumAnnotations else {
            throw .unavailable("the response has more than \(RuleDatabase.maximumAnnotations) annotations")
        }
        return collector.rows
    }

    /// The geometry of the legacy task types, whose annotations do not name it.
    private static let geometries = [
        "annotation": "box", "polygonannotation": "polygon", "lineannotation": "line", "pointannotation": "point",
        "cuboidannotation": "cuboid", "videoboxannotation": "box", "videocuboidannotation": "cuboid",
    ]

    /// Whether this is one object per thing with its frames inside, as `videoplaybackannotation` has them in its file.
    private static func areTracks(_ object: JSON.Object) -> Bool {
        !object.members.isEmpty && object.members.allSatisfy { $0.value["frames"]?.array != nil }
    }
}
