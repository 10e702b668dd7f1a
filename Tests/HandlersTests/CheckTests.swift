import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct CheckTests {
    /// One way to use a check, with annotations it must find something in, or nothing.
    struct Case: Sendable, CustomTestStringConvertible {
        let check: String
        var parameters: [String: String] = [:]
        var annotations: [JSON]
        let finds: Int
        let testDescription: String

        init(_ check: String, _ parameters: [String: String] = [:], finds: Int, in annotations: [JSON], _ name: String)
        {
            self.check = check
            self.parameters = parameters
            self.annotations = annotations
            self.finds = finds
            self.testDescription = "\(check): \(name)"
        }
    }

    static let cases: [Case] = [
        Case("empty", finds: 1, in: [], "no annotations"),
        Case("empty", finds: 0, in: [Example.box()], "one annotation"),
        Case("label-not-asked-for", finds: 0, in: [Example.box()], "a plain label"),
        Case("label-not-asked-for", finds: 0, in: [Example.box(["label": "mobile_crane"])], "a label below another"),
        Case("label-not-asked-for", finds: 0, in: [Example.box(["label": "crane"])], "a label with others below"),
        Case("label-not-asked-for", finds: 1, in: [Example.box(["label": "van"])], "a foreign label"),
        Case("label-not-asked-for", finds: 1, in: [Example.box(["label": "Truck"])], "another case"),
        Case("label-not-asked-for", finds: 1, in: [Example.box(["label": .null])], "no label"),
        Case("label-not-asked-for", finds: 1, in: [Example.box(["type": "ellipse"])], "another geometry"),
        Case("label-not-asked-for", finds: 2, in: [Example.box(["label": "a"]), Example.box(["label": "b"])], "two"),
        Case("below-minimum-size", finds: 0, in: [Example.box(["width": 8, "height": 8])], "just the size"),
        Case("below-minimum-size", finds: 1, in: [Example.box(["width": 7.99])], "too narrow"),
        Case("below-minimum-size", finds: 1, in: [Example.box(["height": 7])], "too flat"),
        Case("below-minimum-size", finds: 0, in: [Example.box(["type": "ellipse", "height": 7])], "no such geometry"),
        Case("outside-image", ["width": "200", "height": "100"], finds: 0, in: [Example.box()], "inside"),
        Case("outside-image", ["width": "100", "height": "100"], finds: 1, in: [Example.box()], "over the right"),
        Case("outside-image", ["width": "200", "height": "60"], finds: 1, in: [Example.box()], "over the bottom"),
        Case("outside-image", ["width": "110", "height": "70"], finds: 0, in: [Example.box()], "up to the edge"),
        Case("outside-image", ["width": "108", "height": "70"], finds: 1, in: [Example.box()], "two pixels over"),
        Case(
            "outside-image",
            ["width": "108", "height": "70", "tolerance": "2"],
            finds: 0,
            in: [Example.box()],
            "tolerated"
        ),
        Case("outside-image", finds: 1, in: [Example.box(["left": -5])], "over the left of an unknown image"),
        Case("near-duplicate", finds: 1, in: [Example.box(), Example.box(["left": 11])], "one pixel apart"),
        Case("near-duplicate", finds: 1, in: [Example.box(), Example.box(["uuid": "u2"])], "the same place"),
        Case("near-duplicate", finds: 0, in: [Example.box(), Example.box(["left": 30])], "overlapping"),
        Case("near-duplicate", finds: 0, in: [Example.box(), Example.box(["label": "person"])], "other labels"),
        Case("near-duplicate", finds: 0, in: [Example.box()], "one alone"),
        Case("near-duplicate", ["iou": "0.5"], finds: 1, in: [Example.box(), Example.box(["left": 30])], "looser"),
        Case("near-duplicate", finds: 3, in: [Example.box(), Example.box(), Example.box()], "three of a kind"),
        Case("attribute-missing", finds: 0, in: [Example.box()], "both there"),
        Case("attribute-missing", finds: 1, in: [Example.box(["attributes": ["occlusion": "0%"]])], "one missing"),
        Case("attribute-missing", finds: 2, in: [Example.box(["attributes": .null])], "none there"),
        Case(
            "attribute-missing",
            finds: 1,
            in: [Example.box(["attributes": ["occlusion": "1%", "hi_vis": "no"]])],
            "not a choice"
        ),
        Case(
            "attribute-missing",
            finds: 1,
            in: [Example.box(["attributes": ["occlusion": .null, "hi_vis": "no"]])],
            "null"
        ),
        Case(
            "attribute-missing",
            finds: 0,
            in: [Example.box(["attributes": ["occlusion": ["0%", "25%"], "hi_vis": "no"]])],
            "several choices"
        ),
        Case(
            "attribute-missing",
            finds: 1,
            in: [Example.box(["attributes": ["occlusion": ["0%", "x"], "hi_vis": "no"]])],
            "one of several is no choice"
        ),
        Case(
            "attribute-missing",
            ["attribute": "occlusion"],
            finds: 0,
            in: [Example.box(["attributes": ["occlusion": "0%"]])],
            "only the other is missing"
        ),
        Case("attribute-missing", ["attribute": "colour"], finds: 1, in: [Example.box()], "one not asked for"),
        Case(
            "attribute-missing",
            ["attribute": "hi_vis", "label": "person"],
            finds: 0,
            in: [Example.box(["attributes": ["occlusion": "0%"]])],
            "other labels are not looked at"
        ),
        Case("too-few", finds: 1, in: [], "none"),
        Case("too-few", finds: 0, in: [Example.box()], "one"),
        Case("too-few", ["count": "3"], finds: 1, in: [Example.box(), Example.box()], "two of three"),
        Case("too-few", ["label": "person"], finds: 1, in: [Example.box()], "none of a label"),
        Case("too-many", ["count": "1"], finds: 1, in: [Example.box(), Example.box()], "two where one is"),
        Case("too-many", ["count": "2"], finds: 0, in: [Example.box(), Example.box()], "just enough"),
    ]

    @Test(arguments: cases) func `a check finds what is wrong and nothing else`(_ sample: Case) throws {
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
        let judgement = handler.judgement(of: try Example.boxes(sample.annotations))
        #expect(judgement.error == nil)
        #expect(judgement.verdict == (sample.finds > 0 ? .reject : .accept))
        #expect(judgement.evidence.count == sample.finds)
    }

    @Test(arguments: ["01-", "02-", "17-", "18-"]) func `nothing is wrong with a good example`(_ name: String) throws {
        let checks = ["empty", "label-not-asked-for", "below-minimum-size", "near-duplicate", "too-few"]
        let handler = try AuditHandler(
            configuration: .init(
                rules: checks.map { .init(verdict: .reject, reason: $0, condition: .check($0, parameters: [:])) }
                    + [.init(verdict: .accept, reason: "fine", condition: .always)]
            )
        )
        let judgement = handler.judgement(of: try Example.callback(name))
        #expect(judgement.verdict == .accept, "\(judgement)")
    }

    @Test func `labels of the legacy types are looked up without a geometry`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "{label}",
                    condition: .check("label-not-asked-for", parameters: [:])
                )
            ])
        )
        let wrong = try Example.callback("17-") { task in
            task["response"] = ["annotations": [["left": 1, "top": 1, "width": 9, "height": 9, "label": "boat"]]]
        }
        #expect(handler.judgement(of: wrong).reason == "boat")
    }

    @Test(arguments: [
        ("10-", "the response has no list of annotations in itself"),
        ("11-", "the annotations are in a file that was not fetched"),
        ("03-", "the response has no list of annotations in itself"),
    ])
    func `what has no annotations in itself is left for people`(_ name: String, _ reason: String) throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "wrong",
                    condition: .check("label-not-asked-for", parameters: [:])
                ),
                .init(verdict: .accept, reason: "fine", condition: .always),
            ])
        )
        let judgement = handler.judgement(of: try Example.callback(name))
        #expect(judgement.verdict == .leave)
        #expect(judgement.error == reason)
    }

    @Test func `a missing response is empty`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(verdict: .reject, reason: "nothing there", condition: .check("empty", parameters: [:]))
            ])
        )
        #expect(handler.judgement(of: try Example.callback("22-")).verdict == .reject)
        #expect(handler.judgement(of: try Example.callback("03-")).verdict == .leave)
        #expect(handler.judgement(of: try Example.callback("05-")).verdict == .leave)
    }

    @Test func `the image's size comes from the task when it says it`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "{image_width} x {image_height}",
                    condition: .check("outside-image", parameters: [:])
                ),
                .init(verdict: .accept, reason: "fine", condition: .always),
            ])
        )
        let unknown = handler.judgement(of: try Example.boxes([Example.box()]))
        #expect(unknown.verdict == .leave)
        #expect(unknown.error?.contains("size of the image is not known") == true)
        let small = try Example.boxes([Example.box()]) { $0["metadata"] = ["width": 50, "height": 40] }
        #expect(handler.judgement(of: small).reason == "50 x 40")
        let large = try Example.boxes([Example.box()]) { $0["metadata"] = ["width": 5000, "height": 4000] }
        #expect(handler.judgement(of: large).verdict == .accept)
    }

    @Test(arguments: [
        ("nonsense", [:], "there is no check 'nonsense'"), ("empty", ["count": "1"], "has no parameter 'count'"),
        ("too-many", [:], "needs the parameter 'count'"), ("too-many", ["count": "1.5"], "must be a whole number"),
        ("too-many", ["count": "many"], "must be a whole number"), ("near-duplicate", ["iou": "2"], "must be a number"),
        ("near-duplicate", ["iou": "nan"], "must be a number"), ("too-few", ["label": ""], "must not be empty"),
    ]) func `an unknown check or a wrong parameter is refused`(
        name: String,
        parameters: [String: String],
        problem: String
    ) throws {
        let error = #expect(throws: RuleError.self) {
            _ = try AuditHandler(
                configuration: .init(rules: [
                    .init(verdict: .accept, reason: "", condition: .always),
                    .init(verdict: .reject, reason: "", condition: .check(name, parameters: parameters), line: 31),
                ])
            )
        }
        #expect(error?.description.contains("Rule 2 (line 31)") == true)
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
}
