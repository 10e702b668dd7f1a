import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

/// What rules see of annotations in a result file (contract C3).
@Suite struct AnnotationsFileTests {
    private static func rows(_ sql: String, of callback: Callback, _ file: AnnotationsFile) throws -> [String] {
        let database = try RuleDatabase()
        try database.prepare(RuleQuery(sql: sql))
        try database.load(callback, file: file)
        return try database.rows(of: 0).rows.map { JSON.array($0.map(\.asJSON)).encodedString }
    }

    /// What one check says of a callback and its file: how much it finds, or why it cannot tell.
    private static func answer(
        _ check: String,
        _ parameters: [String: String] = [:],
        _ callback: Callback,
        _ file: AnnotationsFile
    ) throws -> String {
        let condition = AuditHandler.Configuration.Condition.check(check, parameters: parameters)
        let rules = try RuleSet([.init(verdict: .reject, reason: "found", condition: condition)])
        let judgement = rules.judge(callback, file: file)
        return judgement.error ?? "\(judgement.evidence.count)"
    }

    private static func file(_ text: String) throws -> AnnotationsFile { .read(try JSONDocument(Array(text.utf8))) }

    private static let truck = "3f8df3a0-e4e0-437a-a699-d7d25c34a162"
    private static let track = "ae0524d2-2af1-4765-a50b-a05b1aad6ca6"
    private static let car = "e7b49729-4d31-48b9-a2e4-53fe4f657e0d"

    @Test(arguments: [
        (
            "11-", "videoannotation",
            [
                #"["\#(truck)","box","truck",10,20,90,40,3600,0,null]"#,
                #"["\#(truck)","box","truck",11,20,90,40,3600,1,null]"#,
                #"["\#(truck)","box","truck",12,20,90,40,3600,2,null]"#,
            ]
        ),
        (
            "12-", "videoplaybackannotation",
            [
                #"["\#(track)","box","truck",10,20,90,40,3600,0,null]"#,
                #"["\#(track)","box","truck",22,21,92,40,3680,5,null]"#,
            ]
        ),
        ("13-", "lidarannotation", [#"["\#(car)","cuboid","car",null,null,null,null,null,0,1]"#]),
        ("15-", "lidarlinking", [#"["\#(car)","box","car",88,120,61,44,2684,0,1]"#]),
    ]) func `every form of file reads in frames, with labels and geometries`(
        name: String,
        type: String,
        expected: [String]
    ) throws {
        let rows = try Self.rows(
            "SELECT uuid, type, label, left, top, width, height, area, frame, camera FROM annotations",
            of: Example.callback(name),
            .read(Example.resultFile(type))
        )
        #expect(rows == expected)
        #expect(
            try Self.rows(
                "SELECT is_empty FROM task",
                of: Example.callback(name),
                .read(Example.resultFile(type))
            ) == ["[0]"]
        )
    }

    private static let asked = ["box": ["objects_to_annotate": ["truck"]]] as JSON

    /// A type, what its task asks for, and its file.
    private struct Case {
        let type: String
        let params: JSON
        let file: String
        let expected: [String: String]

        func answer(_ check: String, _ parameters: [String: String]) throws -> String {
            let callback = try Example.task(
                self.type,
                params: self.params,
                response: ["annotations": ["url": "https://x.example/1"]]
            )
            return try AnnotationsFileTests.answer(check, parameters, callback, AnnotationsFileTests.file(self.file))
        }
    }

    private static let box = #""left": 1, "top": 2, "width": 3, "height": 4, "attributes": {"side": "left"}"#
    private static let attributes: JSON = ["side": ["type": "category", "choices": ["left", "right"]]]

    private static let cases: [Case] = [
        Case(
            type: "videoannotation",
            params: ["geometries": Self.asked, "annotation_attributes": Self.attributes],
            file: """
                [{"annotations": [{"type": "box", "label": "truck", \(box)}]},
                 {"annotations": [{"type": "box", "label": "boat", "left": 1, "top": 2, "width": 3, "height": 4},
                                  {"type": "point", "label": "truck", "x": 1, "y": 2}]}]
                """,
            expected: [
                "label-not-asked-for": "2", "attribute-missing": "2", "empty": "0", "too-few": "1", "too-many": "1",
                "near-duplicate": "0",
            ]
        ),
        Case(
            type: "videoboxannotation",
            params: ["geometries": Self.asked, "annotation_attributes": Self.attributes],
            file: #"[{"annotations": [{"label": "truck", \#(box)}, {"label": "truck", \#(box)}]}]"#,
            expected: [
                "label-not-asked-for": "0", "attribute-missing": "0", "empty": "0", "too-few": "1", "too-many": "0",
                "near-duplicate": "1",
            ]
        ),
        Case(
            type: "videoplaybackannotation",
            params: ["geometries": Self.asked, "annotation_attributes": Self.attributes],
            file: """
                {"a": {"label": "truck", "geometry": "box", "frames": [{"key": 0, \(box)}, {"key": 5, \(box)}]},
                 "b": {"label": "truck", "geometry": "polygon", "frames": [{"key": 0, "vertices": []}]},
                 "c": {"label": "boat", "geometry": "box", "frames": [{"key": 5, \(box)}]}}
                """,
            expected: [
                "label-not-asked-for": "2", "attribute-missing": "1", "empty": "0", "too-few": "0", "too-many": "1",
                "near-duplicate": "the place of an annotation cannot be read",
            ]
        ),
        Case(
            type: "lidarannotation",
            params: ["labels": ["car", ["choice": "truck", "subchoices": ["van"]]], "annotation_attributes": [:]],
            file: """
                [{"cuboids": [{"uuid": "a", "label": "car", "position": {"x": 1, "y": 2, "z": 3}, "attributes": {}}]},
                 {"cuboids": [{"uuid": "b", "label": "van"}, {"uuid": "c", "label": "boat"}]}]
                """,
            expected: [
                "label-not-asked-for": "1", "attribute-missing": "0", "empty": "0", "too-few": "1", "too-many": "1",
                "zero-area": "the size of an annotation cannot be read",
                "outside-image": "the place of an annotation cannot be read",
            ]
        ),
        Case(
            type: "lidarlinking",
            params: ["lidar_task": "x", "label_map": ["car": "vehicle"]],
            file: """
                [{"camera_responses": [
                    {"camera_used": 0, "annotations": [{"cuboid_uuid": "a", "label": "car", "type": "box", \(box)}]},
                    {"camera_used": 1, "annotations": [{"cuboid_uuid": "a", "label": "vehicle", "type": "box", \(box)},
                                                       {"cuboid_uuid": "b", "label": "boat", "type": "box", \(box)}]}
                ]}]
                """,
            expected: [
                "label-not-asked-for": "1", "empty": "0", "too-few": "1", "too-many": "1", "near-duplicate": "0",
            ]
        ),
        Case(
            type: "lidarlinking",
            params: ["lidar_task": "x"],
            file: #"[{"camera_responses": [{"camera_used": 0, "annotations": [{"label": "car", \#(box)}]}]}]"#,
            expected: ["label-not-asked-for": "the task does not say which labels it asks for"]
        ),
        Case(
            type: "videoplaybackannotation",
            params: ["geometries": Self.asked],
            file: "{}",
            expected: ["label-not-asked-for": "0", "empty": "1", "too-few": "1", "too-many": "0"]
        ),
        Case(
            type: "videoannotation",
            params: ["geometries": Self.asked],
            file: #"[{"annotations": []}, {"annotations": []}]"#,
            expected: ["label-not-asked-for": "0", "empty": "1", "too-few": "1", "too-many": "0"]
        ),
    ]

    @Test(arguments: cases.indices) func `checks decide on what a file holds, or say why not`(index: Int) throws {
        let sample = Self.cases[index]
        let parameters = ["too-few": ["count": "4"], "too-many": ["count": "2"]]
        for (check, expected) in sample.expected.sorted(by: { $0.key < $1.key }) {
            #expect(try sample.answer(check, parameters[check] ?? [:]) == expected, "\(sample.type): \(check)")
        }
    }

    @Test(arguments: [
        "null", "1", #""x""#, "[1]", "[[]]", "[{}]", #"[{"annotations": null}]"#, #"[{"annotations": [1]}]"#,
        #"[{"annotations": {"url": "https://x.example/2"}}]"#, #"{"annotations": []}"#, #"{"a": 1}"#,
        #"{"a": {"label": "x"}}"#, #"{"a": {"frames": [7]}}"#, #"[{"label": "truck"}]"#,
        #"[{"annotations": [], "cuboids": []}]"#, #"[{"camera_responses": [{"annotations": 1}]}]"#,
        #"[{"camera_responses": [[]]}]"#, #"[{"uuid": "u", "annotations": []}]"#, #"[{"annotations": []}, 1]"#,
    ]) func `a file of another form is left for people, whatever is asked`(text: String) throws {
        let callback = try Example.callback("11-")
        let file = try Self.file(text)
        for check in ["label-not-asked-for", "attribute-missing", "too-few"] {
            #expect(
                try Self.answer(check, [:], callback, file) == "the file with the annotations has no form that is known"
            )
        }
        #expect(try Self.answer("empty", [:], callback, file).contains("in a file"))
    }

    @Test(arguments: ["11-", "12-", "13-", "14-", "15-"])
    func `what was not fetched, or cannot be read, is never a verdict`(name: String) throws {
        let callback = try Example.callback(name)
        for check in ["label-not-asked-for", "attribute-missing", "too-few", "near-duplicate"] {
            #expect(
                try Self.answer(check, [:], callback, .unread) == "the annotations are in a file that was not fetched"
            )
            #expect(try Self.answer(check, [:], callback, .unusable("too long")) == "too long")
        }
        #expect(try Self.answer("empty", [:], callback, .unusable("too long")).contains("in a file"))
    }

    @Test(arguments: [(10_000, true), (10_001, false), (30_000, false)])
    func `a file may hold as many annotations as a response`(count: Int, isRead: Bool) throws {
        let frames = (0..<10)
            .map { frame in
                let count = frame < 9 ? count / 10 : count - 9 * (count / 10)
                let boxes = Array(repeating: #"{"type":"box","label":"truck"}"#, count: count).joined(separator: ",")
                return #"{"annotations":[\#(boxes)]}"#
            }
        let answer = try Self.answer(
            "label-not-asked-for",
            [:],
            Example.callback("11-"),
            Self.file("[\(frames.joined(separator: ","))]")
        )
        #expect(answer == (isRead ? "0" : "the response has more than 10000 annotations"))
    }

    @Test func `a segmentation of points may have work where its cuboids have none`() throws {
        let callback = try Example.callback("14-")
        #expect(try Self.answer("empty", [:], callback, Self.file(#"[{"cuboids": []}]"#)).contains("in a file"))
        #expect(
            try Self.answer("empty", [:], callback, Self.file(#"[{"cuboids": [{"label": "ground"}]}]"#)) == "0"
        )
    }

    @Test func `two files cannot be compared by where they are`() throws {
        let sql = """
            SELECT changes('{"annotations":{"url":"https://x.example/1"}}', response), changes(response, response)
            FROM task
            """
        #expect(try Self.rows(sql, of: Example.callback("11-"), .unread) == ["[null,null]"])
    }
}
