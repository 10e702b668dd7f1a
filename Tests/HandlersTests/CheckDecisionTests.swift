import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

/// What the ready-made checks say: that they find something, that they find nothing, or that they cannot tell.
@Suite struct CheckDecisionTests {
    enum Answer: Sendable {
        case finds(Int)
        case undecided(String)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let check: String
        let parameters: [String: String]
        let callback: @Sendable () throws -> Callback
        let answer: Answer
        let testDescription: String

        init(
            _ check: String,
            _ parameters: [String: String],
            _ name: String,
            _ answer: Answer,
            _ callback: @escaping @Sendable () throws -> Callback
        ) {
            self.check = check
            self.parameters = parameters
            self.callback = callback
            self.answer = answer
            self.testDescription = "\(check): \(name)"
        }

        init(
            _ check: String,
            _ name: String,
            _ answer: Answer,
            _ callback: @escaping @Sendable () throws -> Callback
        ) {
            self.init(check, [:], name, answer, callback)
        }
    }

    private static func drawn(_ annotations: [JSON], params: JSON = [:]) -> @Sendable () throws -> Callback {
        { try Example.task("imageannotation", params: params, response: ["annotations": .array(annotations)]) }
    }

    private static func example(_ name: String, _ change: @escaping @Sendable (inout JSON.Object) -> Void = { _ in })
        -> @Sendable () throws -> Callback
    {
        { try Example.callback(name, change: change) }
    }

    private static func polygon(_ points: [(Int, Int)], label: JSON = "dock") -> JSON {
        [
            "type": "polygon", "label": label,
            "vertices": .array(points.map { ["x": .number(.init($0.0)), "y": .number(.init($0.1))] }),
        ]
    }

    private static let square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    private static let bowTie = [(0, 0), (10, 10), (10, 0), (0, 10)]

    static let geometry: [Case] = [
        Case("zero-area", "a good box", .finds(0), drawn([Example.box()])),
        Case("zero-area", "a box without width", .finds(1), drawn([Example.box(["width": 0])])),
        Case("zero-area", "a box of negative height", .finds(1), drawn([Example.box(["height": -4])])),
        Case("zero-area", "a flat polygon", .finds(1), drawn([polygon([(0, 0), (5, 5), (9, 9)])])),
        Case(
            "zero-area",
            "a point and a line",
            .finds(0),
            drawn([
                ["type": "point", "x": 4, "y": 4],
                ["type": "line", "vertices": [["x": 1, "y": 1], ["x": 1, "y": 5]]],
            ])
        ),
        Case("zero-area", ["label": "person"], "another label", .finds(0), drawn([Example.box(["width": 0])])),
        Case("zero-area", "no width", .undecided("size of an annotation"), drawn([Example.box(["width": .null])])),
        Case(
            "zero-area",
            "an unknown type",
            .undecided("its type"),
            drawn([Example.box(["type": "arc", "width": 0])])
        ),
        Case("self-crossing", "a square", .finds(0), drawn([polygon(square)])),
        Case("self-crossing", "a bow tie", .finds(1), drawn([polygon(bowTie)])),
        Case("self-crossing", ["label": "x"], "another label", .finds(0), drawn([polygon(bowTie)])),
        Case("self-crossing", "a box", .finds(0), drawn([Example.box()])),
        Case("self-crossing", "no vertices", .undecided("vertices of a polygon"), drawn([["type": "polygon"]])),
        Case("too-few-vertices", "a triangle", .finds(0), drawn([polygon([(0, 0), (5, 5), (0, 9)])])),
        Case("too-few-vertices", "two", .finds(1), drawn([polygon([(0, 0), (5, 5)])])),
        Case("too-few-vertices", ["count": "5"], "four of five", .finds(1), drawn([polygon(square)])),
        Case(
            "too-few-vertices",
            "four of the task's six",
            .finds(1),
            drawn([polygon(square)], params: ["geometries": ["polygon": ["min_vertices": 6]]])
        ),
        Case(
            "too-few-vertices",
            "a line of one",
            .finds(1),
            drawn([["type": "line", "vertices": [["x": 1, "y": 1]]]])
        ),
        Case("too-few-vertices", "none", .undecided("vertices of an annotation"), drawn([["type": "polygon"]])),
        Case("too-few-vertices", "not asked of boxes", .finds(0), drawn([Example.box()])),
        Case(
            "below-minimum-size",
            "no width where one is wanted",
            .undecided("size of an annotation"),
            drawn([Example.box(["width": .null])], params: ["geometries": ["box": ["min_width": 3]]])
        ),
        Case("below-minimum-size", "no minimum", .finds(0), drawn([Example.box(["width": .null])])),
        Case("label-not-asked-for", "no labels known", .undecided("which labels"), drawn([Example.box()])),
        Case("near-duplicate", "a box without a place", .undecided("place of an annotation"), drawn([["type": "box"]])),
        Case(
            "near-duplicate",
            "two triangles of one square",
            .finds(0),
            drawn([
                polygon([(0, 0), (10, 0), (0, 10)]), polygon([(10, 10), (10, 0), (0, 10)]),
            ])
        ),
        Case("near-duplicate", "the same polygon twice", .finds(1), drawn([polygon(square), polygon(square)])),
        Case("near-duplicate", "the same place in another frame", .finds(0)) {
            try Example.task(
                "videoannotation",
                response: ["annotations": [["annotations": [Example.box()]], ["annotations": [Example.box()]]]]
            )
        },
        Case("outside-image", ["width-key": "cam.w", "height-key": "cam.h"], "a key in metadata", .finds(1)) {
            try Example.boxes([Example.box()]) { $0["metadata"] = ["cam": ["w": "100", "h": 100]] }
        },
        Case("outside-image", ["width-key": "cam.w", "height-key": "cam.h"], "large enough", .finds(0)) {
            try Example.boxes([Example.box()]) { $0["metadata"] = ["cam": ["w": 200, "h": 100]] }
        },
        Case("outside-image", ["width-key": "w", "height-key": "h"], "no such key", .undecided("size of the image")) {
            try Example.boxes([Example.box()]) { $0["metadata"] = ["w": "wide"] }
        },
        Case("outside-image", ["width": "99", "height": "99"], "no place", .undecided("place of an annotation")) {
            try Example.boxes([Example.box(["left": .null])])
        },
        Case("outside-image", "a text inside its page", .finds(0), example("16-")),
        Case(
            "outside-image",
            "a text beside its page",
            .finds(2),
            example("16-") { task in
                task["document_pages"] = [["width": 150, "height": 2000]]
            }
        ),
        Case(
            "outside-image",
            "a page of unknown size",
            .undecided("size of the image"),
            example("16-") { task in
                task["document_pages"] = nil
            }
        ),
    ]

    private static let plate = ["label": "plate", "other": "truck"]

    private static func plates(_ changes: [String: JSON]) -> @Sendable () throws -> Callback {
        let plate = Example.box(["label": "plate", "left": 20, "top": 30, "width": 10, "height": 5])
            .object.map { object in changes.reduce(into: object) { $0[$1.key] = $1.value } }
        return self.drawn([Example.box(), .object(plate ?? [:])])
    }

    static let pairs: [Case] = [
        Case("not-inside", plate, "inside", .finds(0), plates([:])),
        Case("not-inside", plate, "half out", .finds(1), plates(["left": 105])),
        Case("not-inside", plate.merging(["share": "0.4"]) { $1 }, "half is enough", .finds(0), plates(["left": 105])),
        Case("not-inside", plate, "far away", .finds(1), plates(["left": 500])),
        Case("not-inside", plate, "no truck at all", .finds(1), drawn([Example.box(["label": "plate"])])),
        Case("not-inside", plate, "no plate at all", .finds(0), drawn([Example.box()])),
        Case("not-inside", plate, "a plate without a place", .undecided("place"), plates(["left": .null])),
        Case(
            "not-inside",
            plate,
            "a truck without a place",
            .undecided("place"),
            drawn([
                Example.box(["left": .null]), Example.box(["label": "plate"]),
            ])
        ),
        Case(
            "not-inside",
            plate,
            "a point in it",
            .finds(0),
            drawn([
                Example.box(), ["type": "point", "label": "plate", "x": 40, "y": 40],
            ])
        ),
        Case(
            "not-inside",
            plate,
            "a point beside it",
            .finds(1),
            drawn([
                Example.box(), ["type": "point", "label": "plate", "x": 4, "y": 40],
            ])
        ),
        Case("not-overlapping", plate, "a little", .finds(0), plates(["left": 105])),
        Case("not-overlapping", plate, "only touching", .finds(1), plates(["left": 110])),
        Case(
            "not-overlapping",
            plate,
            "a truck without a place",
            .undecided("place"),
            drawn([
                Example.box(["top": "a"]), Example.box(["label": "plate"]),
            ])
        ),
        Case("overlapping", plate, "a little", .finds(1), plates(["left": 105])),
        Case("overlapping", plate, "only touching", .finds(0), plates(["left": 110])),
        Case(
            "overlapping",
            plate.merging(["share": "0.6"]) { $1 },
            "half is let pass",
            .finds(0),
            plates(["left": 105])
        ),
        Case(
            "overlapping",
            ["label": "truck", "other": "truck"],
            "three of a kind",
            .finds(3),
            drawn([
                Example.box(), Example.box(["left": 20]), Example.box(["left": 30]),
            ])
        ),
        Case("overlapping", plate, "no place", .undecided("place"), plates(["left": .null])),
    ]

    static let segments: [Case] = [
        Case("segment-missing", "all there, one of them not in the image", .finds(0), example("10-")),
        Case(
            "segment-missing",
            "one not mentioned",
            .finds(1),
            example("10-") { task in
                task["params"] = ["labels": ["road", "water", "sky"], "instance_labels": ["vehicle"]]
            }
        ),
        Case(
            "segment-missing",
            "no labels asked for",
            .undecided("which labels"),
            example("10-") { $0["params"] = [:] }
        ),
        Case("segment-missing", "no segmentation", .undecided("no segments"), example("01-")),
        Case("segment-not-asked-for", "all asked for", .finds(0), example("10-")),
        Case(
            "segment-not-asked-for",
            "one not",
            .finds(1),
            example("10-") { task in
                task["params"] = ["labels": ["road"], "instance_labels": ["vehicle"]]
            }
        ),
        Case("segment-not-asked-for", "none", .undecided("which labels"), example("10-") { $0["params"] = [:] }),
        Case("result-file-missing", "an image annotation", .finds(0), example("01-")),
        Case("result-file-missing", "a video", .finds(0), example("11-")),
        Case("result-file-missing", "a video with events", .finds(0), example("12-")),
        Case("result-file-missing", "a segmentation", .finds(0), example("10-")),
        Case("result-file-missing", "lidar", .finds(0), example("14-")),
        Case("result-file-missing", "a video without its file", .finds(1), example("11-") { $0["response"] = [:] }),
        Case("result-file-missing", "a video without a response", .finds(1), example("11-") { $0["response"] = nil }),
        Case(
            "result-file-missing",
            "no address",
            .finds(1),
            example("13-") { task in
                task["response"] = ["annotations": ["url": "lost"]]
            }
        ),
        Case(
            "result-file-missing",
            "no point labels",
            .finds(1),
            example("14-") { task in
                task["response"] = ["annotations": ["url": "https://x.example/1"]]
            }
        ),
        Case(
            "result-file-missing",
            "annotations in the response",
            .finds(0),
            example("11-") { task in
                task["response"] = ["annotations": [["annotations": []]]]
            }
        ),
        Case("result-file-missing", "an unknown type", .undecided("result files"), example("21-")),
        Case("empty", "in a file", .undecided("in a file"), example("11-")),
        Case("empty", "no category", .finds(1), example("03-") { $0["response"] = ["category": []] }),
        Case("empty", "a category", .finds(0), example("03-")),
        Case("empty", "masks", .finds(0), example("10-")),
        Case("empty", "no sheets", .finds(1), example("06-") { $0["response"] = ["responses": []] }),
    ]

    @Test(arguments: geometry + pairs + segments)
    func `a check finds, does not find, or cannot tell`(_ sample: Case) throws {
        try Self.expect(sample)
    }

    /// Judges a case by its check alone.
    static func expect(_ sample: Case, log: [HistoryEntry] = []) throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "found",
                    condition: .check(sample.check, parameters: sample.parameters)
                ),
                .init(verdict: .accept, reason: "fine", condition: .always),
            ])
        )
        let judgement = handler.judgement(of: try sample.callback(), log: log)
        switch sample.answer {
        case .finds(let count):
            #expect(judgement.error == nil)
            #expect(judgement.verdict == (count > 0 ? .reject : .accept))
            #expect(judgement.evidence.count == count, "\(judgement.evidence)")
        case .undecided(let reason):
            #expect(judgement.verdict == .leave)
            #expect(judgement.error?.contains(reason) == true, "\(judgement.error ?? "no error")")
        }
    }
}
