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
    /// - Throws: `RuleFailure.unavailable` when they are in files, when there are none of this kind, or too many.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [AnnotationRow] {
        guard let response = event.response else { return [] }
        var collector = Collector()
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
        "cuboidannotation": "cuboid",
    ]

    /// Whether this is one object per thing with its frames inside, as `videoplaybackannotation` has them in its file.
    private static func areTracks(_ object: JSON.Object) -> Bool {
        !object.members.isEmpty && object.members.allSatisfy { $0.value["frames"]?.array != nil }
    }
}

/// Makes rows of annotations that may lie in frames, tracks and each other.
private struct Collector {
    var rows: [AnnotationRow] = []

    /// Appends an element of a list. Frames and cameras are not annotations, but what lies in them is.
    mutating func append(_ element: JSON, at index: Int, in place: AnnotationRow.Place) {
        // The one too many tells that there are more; the others are not needed for that.
        guard self.rows.count <= RuleDatabase.maximumAnnotations else { return }
        if element["frames"]?.array != nil {
            self.append(track: element, in: place)
            return
        }
        var inner = place
        inner.frame = element["frame"]?.double ?? element["key"]?.double ?? place.frame ?? Double(index)
        if let cameras = element["camera_responses"]?.array {
            for (index, camera) in cameras.enumerated() { self.append(camera, at: index, in: inner) }
        } else if let cuboids = element["cuboids"]?.array {
            inner.type = "cuboid"
            for (index, cuboid) in cuboids.enumerated() { self.append(cuboid, at: index, in: inner) }
        } else if let annotations = element["annotations"]?.array {
            inner.camera = element["camera_used"]?.double ?? place.camera
            if element["label"] != nil || element["uuid"] != nil {
                inner.frame = place.frame
                inner.parent = (element["uuid"] ?? element["id"])?.string
                self.append(row: element, in: place)
            }
            for (index, annotation) in annotations.enumerated() { self.append(annotation, at: index, in: inner) }
        } else {
            self.append(row: element, in: place)
        }
    }

    /// Appends a row for each frame of a track.
    mutating func append(track: JSON, in place: AnnotationRow.Place) {
        var place = place
        place.uuid = track["uuid"]?.string ?? place.uuid
        place.label = track["label"]?.string
        place.type = (track["type"] ?? track["geometry"])?.string ?? place.type
        for (index, frame) in (track["frames"]?.array ?? []).enumerated()
        where self.rows.count <= RuleDatabase.maximumAnnotations {
            place.frame = frame["key"]?.double ?? frame["frame"]?.double ?? Double(index)
            self.append(row: frame, in: place)
        }
    }

    private mutating func append(row annotation: JSON, in place: AnnotationRow.Place) {
        var place = place
        if let camera = annotation["camera_used"]?.double { place.camera = camera }
        self.rows.append(AnnotationRow(position: self.rows.count, json: annotation, place: place))
    }
}
