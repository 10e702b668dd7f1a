import ScaleAPI

/// Makes rows of annotations that may lie in frames, tracks and each other.
struct AnnotationCollector {
    private(set) var rows: [AnnotationRow] = []

    /// Whether there are too many. The one too many tells that; the others are not needed for it.
    private var isFull: Bool { self.rows.count > RuleDatabase.maximumAnnotations }

    /// Appends an element of a list. Frames and cameras are not annotations, but what lies in them is.
    mutating func append(_ element: JSON, at index: Int, in place: AnnotationRow.Place) {
        guard !self.isFull else { return }
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
        where !self.isFull {
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

extension AnnotationCollector {
    /// What a frame of a file can hold its annotations under.
    private static let lists = ["annotations", "cuboids", "camera_responses", "frames"]

    /// Appends what a result file holds: a list of frames, or tracks by their uuid.
    ///
    /// - Throws: `RuleFailure.unavailable` for any other form. What is only guessed to be an annotation could be
    ///   rejected for what it lacks.
    mutating func append(file: JSONDocument, in place: AnnotationRow.Place) throws(RuleFailure) {
        switch file.root.kind {
        case .array:
            // Frame by frame, so that what is too much is not decoded.
            for (index, element) in file.root.elements.enumerated() where !self.isFull {
                let frame = JSON(element)
                guard Self.isFrame(frame) else { throw Self.unknownForm }
                self.append(frame, at: index, in: place)
            }
        case .object:
            for member in file.root.members where !self.isFull {
                let track = JSON(member.value)
                guard Self.areAnnotations(track["frames"]) else { throw Self.unknownForm }
                var place = place
                place.uuid = member.key
                self.append(track: track, in: place)
            }
        case .null, .bool, .number, .string: throw Self.unknownForm
        }
    }

    private static let unknownForm = RuleFailure.unavailable("the file with the annotations has no form that is known")

    /// Whether it holds annotations in one way, and is none itself.
    private static func isFrame(_ element: JSON) -> Bool {
        let held = self.lists.filter { element[$0].map { !$0.isNull } ?? false }
        guard held.count == 1, let list = element[held[0]] else { return false }
        if held[0] == "frames" { return self.areAnnotations(list) }
        guard element["label"] == nil, element["uuid"] == nil else { return false }
        guard held[0] == "camera_responses" else { return self.areAnnotations(list) }
        return list.array?.allSatisfy { self.areAnnotations($0["annotations"]) } ?? false
    }

    private static func areAnnotations(_ list: JSON?) -> Bool {
        list?.array?.allSatisfy { $0.object != nil } ?? false
    }
}
