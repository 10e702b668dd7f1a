/// Makes up responses (contract C3): plausible, repeatable, and for a share of the image tasks wrong on purpose.
///
/// The same seed and the same order of creation give the same responses.
struct ResponseMaker: Sendable {
    /// A made-up end of the work on a task.
    struct Made: Sendable {
        var response: JSON
        var plantedFault: PlantedFault?

        /// The task ends in `error`, the response says why.
        var isError = false
    }

    /// Seeds everything.
    let seed: UInt64

    /// Share of image annotation tasks with a planted fault, 0 to 1.
    let faultShare: Double

    /// The result of the work on a task as it stands.
    func response(for task: SimulatedTask) -> Made {
        if let error = self.attachmentError(task.params) { return Made(response: error, isError: true) }
        var generator = SeededGenerator(seed: self.seed, UInt64(task.number), UInt64(task.round), task.isTest ? 1 : 0)
        if task.type == "imageannotation" {
            // Redone work is right: only the first round may hold a planted fault.
            let isFaulty = generator.fraction() < self.faultShare && task.round == 1
            return ImageAnnotation(params: task.params).make(isFaulty: isFaulty, using: &generator)
        }
        return Made(response: self.plainResponse(type: task.type, params: task.params, using: &generator))
    }

    /// An attachment under the reserved name `.invalid` can never be downloaded: the task ends in error (A3.1).
    private func attachmentError(_ params: JSONObject) -> JSON? {
        let attachments = [params["attachment"]].compactMap(\.self) + (params["attachments"]?.array ?? [])
        let failed = attachments.compactMap { $0.string ?? $0["content"]?.string }
            .filter { url in
                let parts = url.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count > 2, parts[0].hasSuffix(":"), parts[1].isEmpty else { return false }
                return parts[2].split(separator: ":").first?.hasSuffix(".invalid") ?? false
            }
        guard !failed.isEmpty else { return nil }
        return [
            "error": "One or more attachments could not be downloaded.",
            "attachments": .array(failed.map { ["statusCode": 404, "url": .string($0)] }),
        ]
    }

    private func plainResponse(type: String, params: JSONObject, using generator: inout SeededGenerator) -> JSON {
        switch type {
        case "categorization": Self.categorization(params, &generator)
        case "textcollection": TextCollection(params: params).make(using: &generator)
        case "namedentityrecognition": Self.entities(params, &generator)
        case "segmentannotation": Self.segmentation(params, &generator)
        case "comparison": ["choice": generator.pick(params["choices"]?.array ?? []) ?? "same"]
        case "transcription", "datacollection": Self.fields(params, &generator)
        case "annotation", "polygonannotation", "lineannotation", "pointannotation", "cuboidannotation":
            Self.legacyAnnotation(type, params, &generator)
        case "documenttranscription": Self.document(params, &generator)
        case "videoannotation", "videoplaybackannotation", "lidarannotation", "lidarlinking":
            ["annotations": ["url": Self.resultURL(&generator)]]
        case "lidarsegmentation":
            [
                "annotations": ["url": Self.resultURL(&generator)],
                "point_segmentations": ["url": Self.resultURL(&generator)],
            ]
        default: [:]
        }
    }

    /// A place for a large result, in the form of the real ones under a name that leads nowhere.
    private static func resultURL(_ generator: inout SeededGenerator) -> JSON {
        .string("https://scaleapi-results.example.com/\(generator.uuid())")
    }

    private static func categorization(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        let categories = params["categories"]?.array ?? []
        let chosen = generator.pick(categories) ?? .null
        let id = chosen.string.flatMap { params["category_ids"]?[$0] } ?? .null
        guard params["allow_multiple"]?.bool == true else { return ["category": chosen, "category_id": id] }
        var several = categories.filter { _ in generator.fraction() < 0.4 }
        if several.isEmpty { several = [chosen] }
        return ["category": .array(several)]
    }

    private static func entities(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        let text = params["text"]?.string ?? ""
        let labels = (params["labels"]?.array ?? []).compactMap { $0["name"]?.string ?? $0.string }
        var annotations: [JSON] = []
        var start = 0
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            // Offsets count UTF-16 units; for most texts every way of counting agrees.
            let length = word.utf16.count
            if let first = word.unicodeScalars.first, first.properties.isUppercase, annotations.count < 20,
                let label = generator.pick(labels)
            {
                annotations.append([
                    "id": .string("e\(annotations.count + 1)"), "start": JSON(start), "end": JSON(start + length),
                    "text": .string(String(word)), "label": .string(label),
                ])
            }
            start += length + 1
        }
        return ["annotations": .array(annotations), "relationships": []]
    }

    private static func segmentation(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        var labeled = JSONObject()
        var mapping = JSONObject()
        let labels = (params["labels"]?.array ?? []).compactMap { $0.string ?? $0["choice"]?.string }
        for (index, label) in labels.prefix(100).enumerated() {
            let pixels = generator.int(0, 200_000)
            labeled[label] = pixels == 0 ? .null : self.resultURL(&generator)
            mapping[label] = [
                "index": JSON(index + 1), "numPixels": JSON(pixels),
                "color": .string("#" + SeededGenerator.hex(generator.next(), 6)),
            ]
        }
        return [
            "annotations": [
                "unlabeled": self.resultURL(&generator), "labeled": .object(labeled),
                "combined": ["image": self.resultURL(&generator), "indexedImage": self.resultURL(&generator)],
            ],
            "labelMapping": .object(mapping),
        ]
    }

    private static func fields(_ params: JSONObject, _ generator: inout SeededGenerator) -> JSON {
        var fields = JSONObject()
        for member in (params["fields"]?.object?.members ?? []).prefix(100) {
            fields[member.key] = .string("\(member.key) \(generator.int(1, 999))")
        }
        return ["fields": .object(fields), "time_spent_in_seconds": JSON(generator.int(20, 300))]
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
