/// Made-up objects that move through the frames of a video (contract C3).
struct VideoTracks: Sendable {
    /// One object; its uuid and label stay the same in all frames.
    private struct Track: Sendable {
        var uuid: String
        var type: String
        var label: String
        var attributes: JSON
        var shape: JSONObject

        /// Pixels to the right from one frame to the next; only boxes move.
        var step: Int

        func shape(in frame: Int) -> JSONObject {
            guard let left = self.shape["left"]?.int else { return self.shape }
            var shape = self.shape
            shape["left"] = JSON(left + self.step * frame)
            return shape
        }
    }

    private let tracks: [Track]
    private let frames: Int
    private let frameRate: Double
    private let events: [(label: String, uuid: String, start: Int, end: Int)]

    /// The fault, when one is wanted, is a label that was not asked for.
    init(params: JSONObject, isFaulty: Bool, using generator: inout SeededGenerator) {
        let given = params["attachments"]?.array?.count ?? 0
        self.frames = given > 0 ? min(given, 200) : 30
        self.frameRate = min(max(params["frame_rate"]?.double ?? 10, 0.1), 240)
        var tracks: [Track] = []
        let attributes = Array((params["annotation_attributes"]?.object?.members ?? []).prefix(20))
        for geometry in (params["geometries"]?.object?.members ?? []).prefix(6) {
            let labels = ImageAnnotation.names(geometry.value["objects_to_annotate"]?.array ?? [])
            for _ in 0..<generator.int(1, 3) {
                let values = ImageAnnotation.values(of: attributes, using: &generator)
                let shape = ImageAnnotation.geometry(geometry.key, using: &generator)
                // The last frame lies within the picture, too.
                let room = ImageAnnotation.width - 120 - (shape["left"]?.int ?? 0)
                tracks.append(
                    Track(
                        uuid: generator.uuid(),
                        type: geometry.key,
                        label: generator.pick(labels) ?? "object",
                        attributes: values,
                        shape: shape,
                        step: min(generator.int(0, 3), room / self.frames)
                    )
                )
            }
        }
        if isFaulty, !tracks.isEmpty { tracks[0].label = "not_in_the_taxonomy" }
        self.tracks = tracks
        let last = self.frames - 1
        self.events = ImageAnnotation.names(params["events_to_annotate"]?.array ?? []).prefix(20)
            .map { label in
                let start = generator.int(0, last)
                return (label, generator.uuid(), start, generator.int(start, last))
            }
    }

    /// Whether there is an object that could be wrong.
    var isEmpty: Bool { self.tracks.isEmpty }

    /// Whether the task asked for events.
    var hasEvents: Bool { !self.events.isEmpty }

    /// The file of `videoannotation`: all objects of each frame.
    var byFrame: JSON {
        .array(
            (0..<self.frames)
                .map { frame in
                    let annotations = self.tracks.map { track -> JSON in
                        var annotation: JSONObject = [
                            "type": .string(track.type), "label": .string(track.label), "attributes": track.attributes,
                        ]
                        annotation.merge(track.shape(in: frame))
                        annotation["uuid"] = .string(track.uuid)
                        return .object(annotation)
                    }
                    return ["annotations": .array(annotations)]
                }
        )
    }

    /// The file of `videoplaybackannotation`: the key frames of each object, every fifth and the last one.
    var byTrack: JSON {
        var file = JSONObject()
        let keys = (0..<self.frames).filter { $0 % 5 == 0 || $0 == self.frames - 1 }
        for track in self.tracks {
            let frames = keys.map { key -> JSON in
                var frame: JSONObject = ["key": JSON(key)]
                frame.merge(track.shape(in: key))
                frame["attributes"] = track.attributes
                frame["timestamp"] = self.timestamp(key)
                return .object(frame)
            }
            file[track.uuid] = [
                "label": .string(track.label), "geometry": .string(track.type), "frames": .array(frames),
            ]
        }
        return .object(file)
    }

    /// The file of the events; its inner form is not documented.
    var eventsFile: JSON {
        .array(
            self.events.map { event in
                [
                    "uuid": .string(event.uuid), "label": .string(event.label), "start": JSON(event.start),
                    "end": JSON(event.end), "start_timestamp": self.timestamp(event.start),
                    "end_timestamp": self.timestamp(event.end), "attributes": [:],
                ]
            }
        )
    }

    /// Microseconds from the beginning.
    private func timestamp(_ frame: Int) -> JSON { JSON((Double(frame) / self.frameRate * 1_000_000).rounded()) }
}
