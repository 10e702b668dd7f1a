import Testing

@testable import ScaleSimulator

@Suite struct ImageAnnotationTests {
    private static let params: JSONObject = [
        "geometries": [
            "box": [
                "objects_to_annotate": ["truck", ["choice": "crane", "subchoices": ["mobile", "gantry"]]],
                "min_width": 30, "min_height": 20,
            ]
        ],
        "annotation_attributes": ["occlusion": ["type": "category", "choices": ["0%", "50%"]]],
    ]

    /// What a rule would find wrong with a response, in the words of the planted faults.
    private func findings(_ response: JSON) -> Set<String> {
        let boxes = response["annotations"]?.array ?? []
        var found: Set<String> = []
        if boxes.isEmpty { found.insert("empty") }
        let frames = boxes.map { box in
            ["left", "top", "width", "height"].map { box[$0]?.double ?? -1 }
        }
        for (box, frame) in zip(boxes, frames) {
            if !["truck", "mobile", "gantry"].contains(box["label"]?.string) { found.insert("label-not-asked-for") }
            if frame[2] < 30 || frame[3] < 20 { found.insert("too-small") }
            if frame[0] < 0 || frame[1] < 0 || frame[0] + frame[2] > 1920 || frame[1] + frame[3] > 1080 {
                found.insert("outside-image")
            }
            if box["attributes"]?["occlusion"] == nil { found.insert("attribute-missing") }
        }
        for first in frames.indices {
            for second in frames.indices where first < second {
                let (one, two) = (frames[first], frames[second])
                let width = min(one[0] + one[2], two[0] + two[2]) - max(one[0], two[0])
                let height = min(one[1] + one[3], two[1] + two[3]) - max(one[1], two[1])
                let shared = max(0, width) * max(0, height)
                if shared / (one[2] * one[3] + two[2] * two[3] - shared) > 0.8 { found.insert("near-duplicate") }
            }
        }
        return found
    }

    @Test func `right responses hold nothing a rule could find`() {
        for seed in 0..<1000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = ImageAnnotation(params: Self.params).make(isFaulty: false, using: &generator)
            #expect(made.plantedFault == nil)
            #expect(self.findings(made.response).isEmpty, "seed \(seed): \(made.response.text)")
        }
    }

    @Test func `faulty responses hold exactly the fault the books know of, and every kind occurs`() {
        var seen: [PlantedFault: Int] = [:]
        for seed in 0..<1000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = ImageAnnotation(params: Self.params).make(isFaulty: true, using: &generator)
            #expect(
                self.findings(made.response) == Set([made.plantedFault?.rawValue].compactMap(\.self)),
                "seed \(seed)"
            )
            if let fault = made.plantedFault { seen[fault, default: 0] += 1 }
        }
        #expect(PlantedFault.ofImages.allSatisfy { seen[$0, default: 0] > 100 }, "\(seen)")
    }

    @Test(arguments: [-5, 0, 1e-9, 7.5, 1500, 1919, 1e300] as [Double], [true, false])
    func `odd minimum sizes do no harm`(minimum: Double, isFaulty: Bool) {
        let params: JSONObject = [
            "geometries": ["box": ["min_width": JSON(minimum), "min_height": JSON(minimum)], "cuboid": [], "x": 1]
        ]
        for seed in 0..<50 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = ImageAnnotation(params: params).make(isFaulty: isFaulty, using: &generator)
            #expect(made.response["annotations"]?.array != nil)
        }
    }
}
