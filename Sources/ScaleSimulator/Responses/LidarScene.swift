/// Made-up cuboids around a car that stands still, and what its cameras see of them (contract C3).
struct LidarScene: Sendable {
    private struct Cuboid: Sendable {
        var uuid: String
        var label: String
        var x: Double
        var y: Double
        var speed: Double
        var size: (x: Double, y: Double, z: Double)
        var yaw: Double
        var points: Int
        var attributes: JSON
        var camera: Int
    }

    private static let pointsPerFrame = 200

    private let frames: Int
    private let labels: [String]
    private let cuboids: [Cuboid]
    private let seed: UInt64

    /// The fault, when one is wanted, is a label that was not asked for.
    init(params: JSONObject, isFaulty: Bool, using generator: inout SeededGenerator) {
        self.frames = min(max(params["attachments"]?.array?.count ?? 1, 1), 200)
        // Linking tasks carry maps of labels instead of labels.
        let maps = params.members.filter { $0.key.hasSuffix("label_map") || $0.key.hasSuffix("label_mapping") }
        let mapped = maps.flatMap { ($0.value.object?.members ?? []).map(\.key) }
        let asked = ImageAnnotation.names(params["labels"]?.array ?? [])
        let labels = (asked.isEmpty ? mapped : asked).prefix(200)
        self.labels = labels.isEmpty ? ["car"] : Array(labels)
        let reach = min(max(params["max_distance_meters"]?.double ?? 60, 5), 250)
        let attributes = Array((params["annotation_attributes"]?.object?.members ?? []).prefix(20))
        var cuboids: [Cuboid] = []
        for _ in 0..<generator.int(2, 5) {
            let values = ImageAnnotation.values(of: attributes, using: &generator)
            let isMoving = generator.fraction() < 0.6
            cuboids.append(
                Cuboid(
                    uuid: generator.uuid(),
                    label: generator.pick(self.labels) ?? "car",
                    x: Self.rounded((generator.fraction() - 0.5) * reach),
                    y: Self.rounded((generator.fraction() - 0.5) * reach),
                    speed: isMoving ? 0.05 : 0,
                    size: (1.9, Self.rounded(3.5 + generator.fraction() * 2), 1.5),
                    yaw: Self.rounded((generator.fraction() - 0.5) * 6.28),
                    points: generator.int(20, 900),
                    attributes: values,
                    camera: generator.int(0, 5)
                )
            )
        }
        if isFaulty { cuboids[0].label = "not_in_the_taxonomy" }
        self.cuboids = cuboids
        self.seed = generator.next()
    }

    /// The file of `lidarannotation`: the cuboids of each frame.
    var cuboidsFile: JSON {
        .array(
            (0..<self.frames)
                .map { frame in
                    let cuboids = self.cuboids.map { cuboid -> JSON in
                        let x = Self.rounded(cuboid.x + cuboid.speed * Double(frame))
                        let z = 0.75
                        return [
                            "uuid": .string(cuboid.uuid), "camera_used": JSON(cuboid.camera),
                            "label": .string(cuboid.label),
                            "position": ["x": JSON(x), "y": JSON(cuboid.y), "z": JSON(z)],
                            "dimensions": [
                                "x": JSON(cuboid.size.x), "y": JSON(cuboid.size.y), "z": JSON(cuboid.size.z),
                            ],
                            "yaw": JSON(cuboid.yaw),
                            "distance_to_device": JSON(
                                Self.rounded((x * x + cuboid.y * cuboid.y + z * z).squareRoot())
                            ),
                            "numberOfPoints": JSON(cuboid.points), "stationary": .bool(cuboid.speed == 0),
                            "attributes": cuboid.attributes,
                        ]
                    }
                    return ["cuboids": .array(cuboids)]
                }
        )
    }

    /// The file of `lidarlinking`: per frame and camera the boxes that belong to cuboids.
    var linksFile: JSON {
        .array(
            (0..<self.frames)
                .map { frame in
                    let cameras = Dictionary(grouping: self.cuboids.enumerated(), by: \.element.camera)
                    let responses = cameras.sorted { $0.key < $1.key }
                        .map { camera, cuboids -> JSON in
                            let annotations = cuboids.map { place, cuboid -> JSON in
                                [
                                    "cuboid_uuid": .string(cuboid.uuid), "label": .string(cuboid.label), "type": "box",
                                    "left": JSON(60 + place * 300 + frame), "top": 120, "width": 120, "height": 80,
                                    "attributes": cuboid.attributes,
                                ]
                            }
                            return ["camera_used": JSON(camera), "annotations": .array(annotations)]
                        }
                    return ["camera_responses": .array(responses)]
                }
        )
    }

    /// The file of `lidarsegmentation`: a label for each point; its inner form is not documented.
    var segmentationFile: JSON {
        var mapping = JSONObject()
        for (index, label) in self.labels.enumerated() { mapping[label] = JSON(index + 1) }
        var generator = SeededGenerator(seed: self.seed)
        let frames = (0..<self.frames)
            .map { _ -> JSON in
                let labels = (0..<Self.pointsPerFrame).map { _ in JSON(generator.int(1, self.labels.count)) }
                return ["labels": .array(labels)]
            }
        return ["label_mapping": .object(mapping), "frames": .array(frames)]
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
