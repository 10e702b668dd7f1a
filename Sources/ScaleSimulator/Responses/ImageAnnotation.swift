/// Made-up annotations of a picture of 1920 by 1080 pixels (contract C3).
///
/// What is not planted is right: boxes have labels and attributes that were asked for, are as large as the task wants
/// them, lie inside the picture and far enough from each other.
struct ImageAnnotation {
    /// The size every picture has, in pixels.
    static let width = 1920
    static let height = 1080

    private let geometries: [JSONObject.Member]
    private let attributes: [JSONObject.Member]

    init(params: JSONObject) {
        let known: Set<String> = ["box", "polygon", "line", "point", "ellipse", "cuboid"]
        self.geometries = (params["geometries"]?.object?.members ?? []).filter { known.contains($0.key) }
        self.attributes = Array((params["annotation_attributes"]?.object?.members ?? []).prefix(50))
    }

    /// The response, and which fault was planted when one was wanted and the task allows one.
    func make(isFaulty: Bool, using generator: inout SeededGenerator) -> ResponseMaker.Made {
        var annotations: [JSONObject] = []
        let boxes = self.geometries.first { $0.key == "box" }
        if let boxes { annotations = self.boxes(boxes.value, using: &generator) }
        for geometry in self.geometries where geometry.key != "box" {
            let labels = Self.names(geometry.value["objects_to_annotate"]?.array ?? [])
            let shape = Self.geometry(geometry.key, using: &generator)
            annotations.append(self.annotation(geometry.key, generator.pick(labels), shape, using: &generator))
        }
        let fault = isFaulty ? self.plant(in: &annotations, boxes: boxes?.value, using: &generator) : nil
        let response: JSON = [
            "annotations": .array(annotations.map(JSON.object)), "global_attributes": [:], "links": [],
        ]
        return ResponseMaker.Made(response: response, plantedFault: fault)
    }

    /// The smallest size of a box the task wants, 8 when it names none.
    private static func minimum(_ boxes: JSON, _ name: String, below limit: Int) -> Int {
        min(max(8, Int(min(boxes[name]?.double ?? 8, 10000).rounded(.up))), limit)
    }

    /// One box per cell of a grid, so that no two overlap.
    private func boxes(_ geometry: JSON, using generator: inout SeededGenerator) -> [JSONObject] {
        let labels = Self.names(geometry["objects_to_annotate"]?.array ?? [])
        let least = (
            width: Self.minimum(geometry, "min_width", below: Self.width),
            height: Self.minimum(geometry, "min_height", below: Self.height)
        )
        let columns = min(4, max(1, Self.width / (least.width + 40)))
        let rows = min(3, max(1, Self.height / (least.height + 40)))
        let cell = (width: Self.width / columns, height: Self.height / rows)
        let cells = (0..<(columns * rows)).map(\.self).shuffled(using: &generator)
        return cells.prefix(generator.int(1, max(1, min(6, cells.count))))
            .map { place in
                let width = generator.int(min(least.width + 4, cell.width), max(least.width, cell.width * 3 / 4, 12))
                let height = generator.int(
                    min(least.height + 4, cell.height),
                    max(least.height, cell.height * 3 / 4, 12)
                )
                let left = (place % columns) * cell.width + generator.int(0, max(0, cell.width - width))
                let top = (place / columns) * cell.height + generator.int(0, max(0, cell.height - height))
                let box: JSONObject = [
                    "left": JSON(left), "top": JSON(top), "width": JSON(width), "height": JSON(height),
                ]
                return self.annotation("box", generator.pick(labels), box, using: &generator)
            }
    }

    private func annotation(
        _ type: String,
        _ label: String?,
        _ geometry: JSONObject,
        using generator: inout SeededGenerator
    ) -> JSONObject {
        var annotation: JSONObject = ["type": .string(type), "label": JSON(label)]
        annotation["attributes"] = Self.values(of: self.attributes, using: &generator)
        annotation.merge(geometry)
        annotation["uuid"] = .string(generator.uuid())
        return annotation
    }

    /// A value for each of the attributes that were asked for.
    static func values(of attributes: [JSONObject.Member], using generator: inout SeededGenerator) -> JSON {
        var values = JSONObject()
        for attribute in attributes {
            values[attribute.key] = self.value(of: attribute.value, using: &generator)
        }
        return .object(values)
    }

    /// A value that fits an attribute.
    private static func value(of attribute: JSON, using generator: inout SeededGenerator) -> JSON {
        switch attribute["type"]?.string {
        case "number": return JSON(generator.int(1, 10))
        case "angle": return JSON(generator.int(0, 359))
        case "category", nil:
            let choices = (attribute["choices"]?.array ?? []).map { $0["value"] ?? $0["choice"] ?? $0 }
            guard let choice = generator.pick(choices) else { return "yes" }
            return attribute["allow_multiple"]?.bool == true ? [choice] : choice
        default: return .string("seen \(generator.int(1, 99))")
        }
    }

    /// Puts one fault in.
    ///
    /// Faults the task leaves no room for (no attributes asked for, no boxes) are not chosen.
    private func plant(
        in annotations: inout [JSONObject],
        boxes: JSON?,
        using generator: inout SeededGenerator
    ) -> PlantedFault {
        var possible: [PlantedFault] = [.empty, .labelNotAskedFor]
        if boxes != nil { possible += [.tooSmall, .outsideImage, .nearDuplicate] }
        if !self.attributes.isEmpty { possible.append(.attributeMissing) }
        let fault = annotations.isEmpty ? .empty : generator.pick(possible) ?? .empty
        // Boxes come first, so the first annotation is one whenever a fault needs a box.
        switch fault {
        case .empty: annotations = []
        case .labelNotAskedFor: annotations[0]["label"] = "not_in_the_taxonomy"
        case .tooSmall:
            let width = Self.minimum(boxes ?? [:], "min_width", below: Self.width)
            let height = Self.minimum(boxes ?? [:], "min_height", below: Self.height)
            annotations[0]["width"] = JSON(max(1, width / 2))
            annotations[0]["height"] = JSON(max(1, height / 2))
        case .outsideImage:
            annotations[0]["left"] = JSON(Self.width - 10)
            annotations[0]["width"] = JSON(max(200, annotations[0]["width"]?.int ?? 0))
        case .nearDuplicate:
            var copy = annotations[0]
            // One pixel further where there is room; the right edge stays inside the picture.
            let width = copy["width"]?.int ?? 1
            copy["width"] = JSON(width > 20 ? width - 1 : width)
            copy["uuid"] = .string(generator.uuid())
            annotations.append(copy)
        case .attributeMissing: annotations[0]["attributes"] = [:]
        case .answerTooShort, .fieldMissing, .respondentsDisagree, .spanTextDiffers, .categoryNotOffered,
            .labelMissing:
            break
        }
        return fault
    }

    /// The labels of `objects_to_annotate`: strings, or objects with a choice and choices below it.
    static func names(_ objects: [JSON]) -> [String] {
        objects.prefix(1000)
            .flatMap { object -> [String] in
                if let name = object.string { return [name] }
                guard let choice = object["choice"]?.string else { return [] }
                let below = self.names(object["subchoices"]?.array ?? [])
                return below.isEmpty ? [choice] : below
            }
    }

    /// The members that place a shape in the picture.
    static func geometry(_ shape: String, using generator: inout SeededGenerator) -> JSONObject {
        let x = generator.int(200, 1600)
        let y = generator.int(200, 800)
        func vertices(_ offsets: [(Int, Int)]) -> JSONObject {
            ["vertices": .array(offsets.map { ["x": JSON(x + $0.0), "y": JSON(y + $0.1)] })]
        }
        switch shape {
        case "box": return ["left": JSON(x), "top": JSON(y), "width": 120, "height": 90]
        case "polygon": return vertices([(0, 0), (110, 8), (96, 84), (-12, 70)])
        case "line": return vertices([(0, 0), (140, -40)])
        case "ellipse": return vertices([(0, -20), (40, 0), (0, 20), (-40, 0)])
        case "cuboid":
            let names = [
                "face-topleft", "face-bottomleft", "face-topright", "face-bottomright", "side-topcorner",
                "side-bottomcorner",
            ]
            let offsets = [(0, 0), (0, 90), (120, 0), (120, 90), (170, -20), (170, 70)]
            let corners: [JSON] = zip(names, offsets)
                .map { name, offset in
                    [
                        "description": .string(name), "x": JSON(x + offset.0), "y": JSON(y + offset.1),
                        "type": "vertex",
                    ]
                }
            return ["vertices": .array(corners), "edges": []]
        default: return ["x": JSON(x), "y": JSON(y)]
        }
    }
}
