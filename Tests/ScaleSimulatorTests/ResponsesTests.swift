import Testing

@testable import ScaleSimulator

@Suite struct ResponsesTests {
    private static let fields: [JSON] = [
        ["type": "text", "field_id": "why", "title": "Why?"],
        [
            "type": "category", "field_id": "ok",
            "choices": [["label": "Yes", "value": "yes"], ["label": "No", "value": "no"]],
        ],
        ["type": "number", "field_id": "score", "min": 1, "max": 5],
    ]

    /// What a rule would find wrong with the answers of one respondent.
    private func findings(_ response: JSON) -> Set<String> {
        var found: Set<String> = []
        for field in ["why", "ok", "score"] where response["annotations"]?[field] == nil {
            found.insert("field-missing")
        }
        if let text = response["annotations"]?["why"]?["response"]?[0]?[0]?.string, text.count < 10 {
            found.insert("answer-too-short")
        }
        if let choice = response["annotations"]?["ok"]?["response"]?[0]?[0]?.string, !["yes", "no"].contains(choice) {
            found.insert("outside")
        }
        return found
    }

    @Test(arguments: [false, true]) func `text collections hold what the books say`(isFaulty: Bool) {
        let collection = TextCollection(params: ["fields": .array(Self.fields)])
        var seen: Set<String> = []
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = collection.make(isFaulty: isFaulty, using: &generator)
            #expect(self.findings(made.response) == Set([made.plantedFault?.rawValue].compactMap(\.self)))
            seen.formUnion(self.findings(made.response))
        }
        #expect(seen == (isFaulty ? ["field-missing", "answer-too-short"] : []))
    }

    @Test(arguments: [false, true]) func `several respondents agree unless they are meant not to`(isFaulty: Bool) {
        let collection = TextCollection(params: ["fields": .array(Self.fields), "responses_required": 3])
        for seed in 0..<100 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = collection.make(isFaulty: isFaulty, using: &generator)
            let sheets = made.response["responses"]?.array ?? []
            #expect(sheets.count == 3)
            let choices = Set(sheets.map { $0["ok"]?[0]?.string })
            #expect(choices.count == (isFaulty ? 2 : 1))
            #expect(choices.isSubset(of: ["0", "1"]))
            #expect(made.plantedFault == (isFaulty ? .respondentsDisagree : nil))
        }
    }

    @Test(arguments: [false, true]) func `entities stand where they say`(isFaulty: Bool) {
        let text = "Müller met (Ann) 🚢 in Rotterdam, then left."
        let params: JSONObject = [
            "text": .string(text), "labels": [["name": "person"], ["name": "place"]],
            "relationships": [["name": "knows"]],
        ]
        let units = Array(text.utf16)
        for seed in 0..<100 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = NamedEntities(params: params).make(isFaulty: isFaulty, using: &generator)
            let entities = made.response["annotations"]?.array ?? []
            #expect(entities.count == 3)
            var found: Set<PlantedFault> = []
            for entity in entities {
                let slice = units[(entity["start"]?.int ?? 0)..<(entity["end"]?.int ?? 0)]
                if String(decoding: slice, as: UTF16.self) != entity["text"]?.string { found.insert(.spanTextDiffers) }
                if !["person", "place"].contains(entity["label"]?.string) { found.insert(.labelNotAskedFor) }
            }
            #expect(found == Set([made.plantedFault].compactMap(\.self)))
            #expect(found.isEmpty != isFaulty)
            #expect(made.response["relationships"]?[0]?["name"] == "knows")
        }
    }

    @Test(arguments: [false, true], [false, true]) func `categories are among the leaves of those offered`(
        isFaulty: Bool,
        allowsMultiple: Bool
    ) {
        let params: JSONObject = [
            "categories": ["ship", ["choice": "crane", "subchoices": ["mobile", "gantry"]]],
            "category_ids": ["ship": "1", "mobile": "2", "gantry": "3"], "allow_multiple": .bool(allowsMultiple),
        ]
        for seed in 0..<100 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let made = Categorization(params: params).make(isFaulty: isFaulty, using: &generator)
            let category = made.response["category"] ?? .null
            let chosen = (category.array ?? [category]).compactMap(\.string)
            #expect(!chosen.isEmpty)
            #expect(Set(chosen).isSubset(of: ["ship", "mobile", "gantry"]) != isFaulty)
            #expect((category.array != nil) == allowsMultiple)
            #expect(made.plantedFault == (isFaulty ? .categoryNotOffered : nil))
        }
    }

    @Test(arguments: [false, true]) func `a segmentation lacks a label only on purpose`(isFaulty: Bool) {
        let labels: Set<String> = ["road", "water", "vehicle"]
        let params: JSONObject = [
            "labels": ["road", ["choice": "x", "subchoices": ["water"]]], "instance_labels": ["vehicle"],
        ]
        for seed in 0..<50 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var files = ResultFiles(of: "t", urls: ResultURLs(root: "http://x", areSecure: true))
            let made = Segmentation(params: params).make(isFaulty: isFaulty, files: &files, using: &generator)
            let labeled = Set((made.response["annotations"]?["labeled"]?.object?.members ?? []).map(\.key))
            #expect(labels.subtracting(labeled).count == (isFaulty ? 1 : 0))
            #expect(made.plantedFault == (isFaulty ? .labelMissing : nil))
            if labeled.contains("vehicle") {
                let masks = made.response["annotations"]?["labeled"]?["vehicle"]?.array ?? []
                #expect(masks.allSatisfy { $0.string != nil })
                #expect(made.response["labelMapping"]?["vehicle"]?.array?.count == masks.count)
            }
        }
    }

    @Test func `a picture is a PNG, byte for byte`() {
        let hex = PNG(width: 3, height: 2, kind: .gray, row: [0, 255, 7]).bytes
            .map { SeededGenerator.hex(UInt64($0), 2) }.joined()
        // As Python's zlib writes it without compression.
        let expected = [
            "89504e470d0a1a0a0000000d4948445200000003000000020800000000b81f39c600000013494441",
            "547801010800f7ff0000ff070000ff07082a020dbe3b163c0000000049454e44ae426082",
        ]
        #expect(hex == expected.joined())
    }

    @Test func `odd parameters do no harm`() {
        let odd: [JSONObject] = [
            [:], ["fields": [1, [], ["field_id": 7], ["field_id": "a", "type": "category", "choices": []]]],
            ["labels": [[], 1], "instance_labels": [["choice": 1]]], ["categories": [[:], .null, 3]],
            ["geometries": ["box": 1, "x": []], "attachments": [], "frame_rate": 0, "events_to_annotate": [1]],
            [
                "attachments": .array(Array(repeating: "x", count: 5000)), "max_distance_meters": -1,
                "frame_rate": 1e300,
            ],
            ["text": "", "labels": ["a"]], ["text": "...", "labels": ["a"]], ["fields": "x", "responses_required": -4],
        ]
        let types = [
            "categorization", "textcollection", "namedentityrecognition", "segmentannotation", "videoannotation",
            "videoplaybackannotation", "lidarannotation", "lidarsegmentation", "lidarlinking", "comparison",
        ]
        let maker = ResponseMaker(seed: 1, faultShare: 0.5)
        for params in odd {
            for (number, type) in types.enumerated() {
                var task = SimulatedTask(
                    number: number,
                    id: "t",
                    type: type,
                    isTest: false,
                    createdAt: Timestamp(milliseconds: 0),
                    updatedAt: Timestamp(milliseconds: 0)
                )
                task.params = params
                task.status = .completed
                let made = maker.response(for: task, files: FileShelf())
                task.plantedFault = made.plantedFault
                #expect(made.response.object != nil)
                #expect(maker.files(of: task).map(\.uuid) == made.files.map(\.uuid))
                for file in maker.files(of: task) { #expect(!file.make().bytes.isEmpty) }
            }
        }
    }
}
