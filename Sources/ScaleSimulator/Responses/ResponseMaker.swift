/// Makes up responses (contract C3): plausible, repeatable, and for a share of the tasks wrong on purpose.
///
/// The same seed and the same order of creation give the same responses.
struct ResponseMaker: Sendable {
    /// A made-up end of the work on a task.
    struct Made: Sendable {
        var response: JSON
        var plantedFault: PlantedFault?

        /// The files that the response names.
        var files: [ResultFile] = []

        /// The task ends in `error`, the response says why.
        var isError = false
    }

    /// Seeds everything.
    let seed: UInt64

    /// Share of tasks with a planted fault, 0 to 1.
    var faultShare: Double

    /// Where large results are found; known once the simulator listens.
    var results = ResultURLs()

    /// The result of the work on a task as it stands.
    func response(for task: SimulatedTask, files: FileShelf) -> Made {
        // An attachment that cannot be loaded: the task ends in error.
        if let error = Attachments.error(type: task.type, task.params, files) {
            return Made(response: error, isError: true)
        }
        return self.made(task, round: task.round, isFaulty: nil)
    }

    /// All files that the responses of a task name, the earlier ones included.
    func files(of task: SimulatedTask) -> [ResultFile] {
        guard task.status != .error else { return [] }
        let rounds = task.status == .completed ? task.round : task.round - 1
        return (0..<rounds)
            .flatMap { round in
                // The books know the truth about the latest response; the share may have been changed since.
                let isFaulty = round + 1 == task.round ? task.plantedFault != nil : nil
                return self.made(task, round: round + 1, isFaulty: isFaulty).files
            }
    }

    /// Makes up the response of one round; nil lets chance say whether it is wrong on purpose.
    private func made(_ task: SimulatedTask, round: Int, isFaulty: Bool?) -> Made {
        var generator = SeededGenerator(seed: self.seed, UInt64(task.number), UInt64(round), task.isTest ? 1 : 0)
        // Redone work is right: only the first round may hold a planted fault.
        let chance = generator.fraction() < self.faultShare && round == 1
        let isFaulty = isFaulty ?? chance
        let params = task.params
        var files = ResultFiles(of: task.id, urls: self.results)
        let result: (response: JSON, plantedFault: PlantedFault?)
        switch task.type {
        case "imageannotation":
            return ImageAnnotation(params: params).make(isFaulty: isFaulty, using: &generator)
        case "categorization":
            result = Categorization(params: params).make(isFaulty: isFaulty, using: &generator)
        case "textcollection":
            result = TextCollection(params: params).make(isFaulty: isFaulty, using: &generator)
        case "namedentityrecognition":
            result = NamedEntities(params: params).make(isFaulty: isFaulty, using: &generator)
        case "segmentannotation":
            result = Segmentation(params: params).make(isFaulty: isFaulty, files: &files, using: &generator)
        case "videoannotation", "videoplaybackannotation", "videoboxannotation", "videocuboidannotation":
            result = Self.video(task, isFaulty: isFaulty, files: &files, using: &generator)
        case "lidarannotation", "lidarlinking", "lidarsegmentation":
            result = Self.lidar(task, isFaulty: isFaulty, files: &files, using: &generator)
        default:
            result = (self.plainResponse(type: task.type, params: params, using: &generator), nil)
        }
        return Made(response: result.response, plantedFault: result.plantedFault, files: files.files)
    }

    private static func video(
        _ task: SimulatedTask,
        isFaulty: Bool,
        files: inout ResultFiles,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        let tracks = VideoTracks(params: task.params, isFaulty: isFaulty, using: &generator)
        let isPlayback = task.type == "videoplaybackannotation"
        let url = files.add(using: &generator) { .json(isPlayback ? tracks.byTrack : tracks.byFrame) }
        var response: JSONObject = ["annotations": ["url": url]]
        if isPlayback, tracks.hasEvents {
            response["events"] = ["url": files.add(using: &generator) { .json(tracks.eventsFile) }]
        }
        return (.object(response), isFaulty && !tracks.isEmpty ? .labelNotAskedFor : nil)
    }

    private static func lidar(
        _ task: SimulatedTask,
        isFaulty: Bool,
        files: inout ResultFiles,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        let scene = LidarScene(params: task.params, isFaulty: isFaulty, using: &generator)
        let isLinking = task.type == "lidarlinking"
        let url = files.add(using: &generator) { .json(isLinking ? scene.linksFile : scene.cuboidsFile) }
        var response: JSONObject = ["annotations": ["url": url]]
        if task.type == "lidarsegmentation" {
            response["point_segmentations"] = ["url": files.add(using: &generator) { .json(scene.segmentationFile) }]
        }
        return (.object(response), isFaulty ? .labelNotAskedFor : nil)
    }

    private func plainResponse(type: String, params: JSONObject, using generator: inout SeededGenerator) -> JSON {
        switch type {
        case "comparison": ["choice": generator.pick(params["choices"]?.array ?? []) ?? "same"]
        case "datacollection":
            [
                "fields": Self.fields(params["fields"], &generator),
                "time_spent_in_seconds": JSON(generator.int(20, 300)),
            ]
        case "transcription": Self.transcription(params, &generator)
        case "audiotranscription": Self.speech(&generator)
        case "annotation", "polygonannotation", "lineannotation", "pointannotation", "cuboidannotation":
            Self.legacyAnnotation(type, params, &generator)
        case "documenttranscription": Self.document(params, &generator)
        default: [:]
        }
    }

    /// A value for each of the fields that were asked for.
    private static func fields(_ asked: JSON?, _ generator: inout SeededGenerator) -> JSON {
        var fields = JSONObject()
        for member in (asked?.object?.members ?? []).prefix(100) {
            fields[member.key] = .string("\(member.key) \(generator.int(1, 999))")
        }
        return .object(fields)
    }

    /// Repeatable fields come as a list, for they may occur many times; the inner form is not documented.
    private static func transcription(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        var response: JSONObject = ["fields": self.fields(params["fields"], &generator)]
        if let asked = params["repeatable_fields"], asked.object != nil {
            let rows = (0..<generator.int(1, 3)).map { _ in self.fields(asked, &generator) }
            response["repeatable_fields"] = .array(rows)
        }
        return .object(response)
    }

    /// Words with the seconds between which each was said.
    private static func speech(_ generator: inout SeededGenerator) -> JSON {
        let words = ["hello", "this", "is", "the", "night", "shift"].prefix(generator.int(2, 6))
        let alignment: [JSON] = words.enumerated()
            .map { place, word in
                let start = Double(place) * 0.5
                return [
                    "word": .string(word), "start": JSON(start), "end": JSON(start + 0.4),
                    "confidence": JSON(Double(generator.int(80, 99)) / 100),
                ]
            }
        return [
            "transcript": .string(words.joined(separator: " ")), "duration": JSON(Double(words.count) * 0.5),
            "alignment": .array(alignment),
        ]
    }

    private static func legacyAnnotation(
        _ type: String,
        _ params: JSONObject,
        _ generator: inout SeededGenerator
    ) -> JSON {
        let labels = ImageAnnotation.names(params["objects_to_annotate"]?.array ?? [])
        let annotations: [JSON] = (0..<generator.int(1, 4))
            .map { _ in
                var annotation = JSONObject()
                annotation["label"] = generator.pick(labels).map(JSON.string)
                let shape = type == "annotation" ? "box" : String(type.dropLast("annotation".count))
                annotation.merge(ImageAnnotation.geometry(shape, using: &generator))
                return .object(annotation)
            }
        return ["annotations": .array(annotations)]
    }

    private static func document(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        let labels = (params["features"]?.array ?? []).compactMap { $0["label"]?.string }
        let annotations: [JSON] = labels.prefix(100)
            .map { label in
                var location: JSONObject = ["type": "box"]
                location.merge(ImageAnnotation.geometry("box", using: &generator))
                return [
                    "uuid": .string(generator.uuid()), "page": 0, "label": .string(label),
                    "text": .string("\(label) \(generator.int(1, 999))"), "location": .object(location), "refs": [],
                ]
            }
        return ["annotations": .array(annotations)]
    }
}
