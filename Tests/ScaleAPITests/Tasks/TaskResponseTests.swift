import ScaleAPI
import Testing

@Suite struct TaskResponseTests {
    /// The response of an example, by the number it begins with.
    private func response(_ number: Int) throws -> TaskResponse {
        let prefix = "callbacks/\(number < 10 ? "0" : "")\(number)-"
        let example = try #require(Examples.all.first { $0.name.hasPrefix(prefix) })
        let task = try #require(ScaleTask(json: JSON(parsing: example.bytes)["task"] ?? nil))
        return try #require(task.result)
    }

    private func response(_ text: String) throws -> TaskResponse {
        try #require(TaskResponse(json: JSON(parsing: text)))
    }

    // MARK: - Images

    @Test func `each geometry is read with its places`() throws {
        let annotations = try #require(try self.response(2).imageAnnotations)
        let kinds = annotations.compactMap(\.kind)
        #expect(Set(kinds) == [.polygon, .line, .point, .ellipse, .cuboid])
        #expect(kinds.count == annotations.count)
        for annotation in annotations {
            #expect(annotation.label != nil)
            #expect(annotation.uuid != nil)
            #expect(annotation.bounds != nil)
            switch annotation.kind {
            case .box?: #expect(annotation.box == annotation.bounds)
            case .point?: #expect(annotation.point != nil)
            case .cuboid?:
                #expect(annotation.vertices?.count == 6)
                #expect(annotation.vertices?.contains { $0.description == "face-topleft" } == true)
            case .ellipse?: #expect(annotation.vertices?.count == 4)
            default: #expect((annotation.vertices?.count ?? 0) >= 2)
            }
        }
    }

    @Test func `older data says geometry instead of type, and the oldest nothing`() throws {
        let older = try #require(try self.response(18).imageAnnotations)
        #expect(!older.isEmpty && older.allSatisfy { $0.kind != nil })
        let oldest = try #require(try self.response(17).imageAnnotations)
        #expect(!oldest.isEmpty && oldest.allSatisfy { $0.kind == nil && $0.box != nil })
    }

    @Test func `null says as little as a missing key`() throws {
        let text = #"{"type":null,"geometry":"box","vertices":[],"left":1,"top":2,"width":3,"height":4}"#
        let annotation = try #require(ImageAnnotation(json: JSON(parsing: text)))
        #expect(annotation.kind == .box)
        #expect(annotation.bounds == annotation.box && annotation.box != nil)
        let job = try #require(NucleusJob(json: ["job_id": "1", "status": nil, "job_last_known_status": "Queued"]))
        #expect(job.status == .queued)
        let progress = try #require(ScaleBatch.Progress(json: ["status": "s", "error": nil, "tasks_error": 2]))
        #expect(progress.count(.error) == 2)
    }

    @Test(.timeLimit(.minutes(1))) func `very many masks are named in no time`() throws {
        let labels = JSON.Object(members: (0..<100_000).map { ("label \($0)", .string("https://a/\($0)")) })
        let response = try #require(TaskResponse(json: ["annotations": ["labeled": .object(labels)]]))
        #expect(response.resultURLs.count == 100_000)
    }

    @Test func `bounds are around all corners`() throws {
        let annotation = try #require(
            ImageAnnotation(
                json: [
                    "type": "polygon", "attributes": ["a": ["x"]],
                    "vertices": [["x": 10, "y": 12], ["x": 210.5, "y": 14], ["x": 208, "y": -96]],
                ]
            )
        )
        let bounds = try #require(annotation.bounds)
        #expect([bounds.left, bounds.top, bounds.width, bounds.height] == [10, -96, 200.5, 110])
        #expect(annotation.attributes["a"] == ["x"])
    }

    @Test(arguments: [
        (#"{"left":1,"top":2,"width":3,"height":4.5}"#, 13.5), (#"{"type":"point","x":7,"y":8}"#, 0),
        (#"{"type":"line","vertices":[{"x":0,"y":0},{"x":9,"y":9}]}"#, 0),
        (#"{"type":"polygon","vertices":[{"x":0,"y":0},{"x":4,"y":0},{"x":0,"y":3}]}"#, 6),
        (#"{"type":"ellipse","vertices":[{"x":2,"y":0},{"x":4,"y":1},{"x":2,"y":2},{"x":0,"y":1}]}"#, 2 * Double.pi),
        (#"{"type":"ellipse","vertices":[{"x":2,"y":0},{"x":4,"y":1}]}"#, nil),
        (#"{"type":"cuboid","vertices":[{"x":2,"y":0},{"x":4,"y":1},{"x":4,"y":2}]}"#, nil), ("{}", nil),
    ])
    func `the area is told where the geometry tells it`(text: String, area: Double?) throws {
        let found = try #require(ImageAnnotation(json: JSON(parsing: text))).area
        #expect((found == nil) == (area == nil))
        #expect(abs((found ?? 0) - (area ?? 0)) < 1e-9)
    }

    @Test(arguments: [
        "{}", #"{"left":1,"top":2,"width":3}"#, #"{"left":"1","top":2,"width":3,"height":4}"#, #"{"vertices":[]}"#,
        #"{"vertices":[{"x":1}]}"#, #"{"vertices":[{"x":1,"y":2},null]}"#, #"{"x":1}"#, #"{"type":7,"x":null,"y":1}"#,
        #"{"left":1,"top":2,"width":3,"height":4,"vertices":[{"x":1}]}"#,
    ])
    func `an annotation that does not say enough has no bounds`(text: String) throws {
        let annotation = try #require(ImageAnnotation(json: JSON(parsing: text)))
        #expect(annotation.bounds == nil)
        #expect(annotation.kind == nil)
        #expect(annotation.vertices == nil)
    }

    // MARK: - Text

    @Test func `all shapes of a text collection read the same`() throws {
        let byField = try self.response(5).textAnswers
        #expect(byField.map { $0.map(\.fieldID) } == [["helpful", "why", "score"]])
        #expect(byField[0].map(\.kind) == [.category, .text, .number])
        #expect(byField[0].map(\.texts) == [["yes"], ["Names the depot and gives a date."], ["4"]])
        let byPerson = try self.response(6).textAnswers
        #expect(byPerson.map { $0.map(\.fieldID) } == [["helpful", "why", "score"], ["helpful", "why", "score"]])
        #expect(byPerson[1].map(\.texts) == [["1"], ["Too short"], ["2"]])
        let bare = try self.response(7).textAnswers
        #expect(bare.map { $0.map(\.texts) } == [[["yes"], ["Clear"], ["5"]]])
        #expect(bare[0].allSatisfy { $0.kind == nil })
    }

    @Test func `a field that was filled in several times keeps its turns apart`() throws {
        let response = try self.response(
            #"{"annotations":{"f":{"field_id":"g","response":[["a","b"],["c"],"d",null]}}}"#
        )
        let answer = try #require(response.textAnswers.first?.first)
        #expect(answer.fieldID == "g")
        #expect(answer.values == [["a", "b"], ["c"], ["d"], []])
        #expect(answer.texts == ["a", "b", "c", "d"])
    }

    @Test(arguments: [
        "{}", #"{"annotations":[]}"#, #"{"annotations":null}"#, #"{"responses":[]}"#, #"{"responses":[1]}"#,
    ])
    func `a response without answers has none`(text: String) throws {
        #expect(try self.response(text).textAnswers.isEmpty)
    }

    @Test func `entities are found in their text`() throws {
        let response = try self.response(9)
        let text = "Harbour master Ines Okafor cleared the MV Petrel at Rotterdam on Monday."
        #expect(response.entities.map(\.label) == ["person", "vessel", "place"])
        #expect(response.entities.compactMap { $0.range(in: text).map { String(text[$0]) } }.count == 3)
        let relationship = try #require(response.relationships.first)
        #expect([relationship.source, relationship.name, relationship.target] == ["e1", "cleared", "e2"])
    }

    private static let harbour = "👍🏽e\u{301} 🚢 Ines"

    @Test(arguments: [harbour.utf16.count - 4, harbour.unicodeScalars.count - 4, harbour.count - 4])
    func `the unit of offsets is found out`(start: Int) throws {
        let text = Self.harbour
        let json: JSON = ["start": .number(.init(start)), "end": .number(.init(start + 4)), "text": "Ines"]
        let range = try #require(NamedEntity(json: json)?.range(in: text))
        #expect(text[range] == "Ines")
    }

    @Test(arguments: [
        #"{"start":-1,"end":2,"text":"a"}"#, #"{"start":2,"end":1,"text":""}"#, #"{"start":0,"end":99,"text":"a"}"#,
        #"{"start":99,"end":100,"text":"a"}"#, #"{"start":0,"end":1}"#, #"{"start":0,"end":1,"text":"b"}"#,
        #"{"start":9223372036854775807,"end":9223372036854775807,"text":"a"}"#,
        #"{"start":0,"end":9223372036854775807,"text":"a"}"#,
    ])
    func `an entity that is not where it says is nowhere`(text: String) throws {
        #expect(try #require(NamedEntity(json: JSON(parsing: text))).range(in: "a👍🏽") == nil)
    }

    @Test func `categories are one or many`() throws {
        #expect(try self.response(#"{"category":"x","category_id":7}"#).categories == ["x"])
        #expect(try self.response(#"{"category":"x","category_id":7}"#).categoryIDs == [7])
        let many = try self.response(4)
        #expect(many.categories == ["stamp", "table"])
        #expect(many.categoryIDs == [11, 13])
        let none = try self.response(#"{"category":null,"category_id":null}"#)
        #expect(none.categories.isEmpty && none.categoryIDs.isEmpty)
    }

    @Test func `a document's texts are read with their pages and places`() throws {
        let example = try #require(Examples.all.first { $0.name.hasPrefix("callbacks/16-") })
        let task = try #require(ScaleTask(json: JSON(parsing: example.bytes)["task"] ?? nil))
        #expect(task.documentPageSizes.map { $0?.width } == [827])
        #expect(task.documentPageSizes.map { $0?.height } == [1169])
        let annotations = try #require(task.result?.documentAnnotations)
        #expect(annotations.map(\.label) == ["vendor", "total"])
        #expect(annotations.map(\.text) == ["Quayside Stores", "€ 48,10"])
        #expect(annotations.map(\.page) == [0, 0])
        #expect(annotations.map { $0.location?.kind } == [.box, .polygon])
        #expect(annotations.map { $0.location?.bounds?.left } == [61, 60])
        #expect(annotations.allSatisfy { $0.uuid != nil && $0.references.isEmpty && $0.money == nil })
        let odd = try #require(ScaleTask(json: ["task_id": "1", "document_pages": [["width": 1], nil, 7]]))
        #expect(odd.documentPageSizes == [nil, nil, nil])
    }

    @Test func `words and fields are read`() throws {
        #expect(try self.response(19).choice == "same")
        let collected = try self.response(20)
        #expect(collected.fields["careers"] == "https://www.example.com/careers")
        #expect(collected.secondsSpent == 84)
        let transcribed = try self.response(#"{"fields":{"a":"b"},"repeatable_fields":{"c":["d","e"]}}"#)
        #expect(transcribed.fields == ["a": "b"] && transcribed.repeatableFields == ["c": ["d", "e"]])
        #expect(try self.response(#"{"transcript":"hello","duration":1.5}"#).transcript == "hello")
    }

    // MARK: - Files

    @Test(arguments: [(10, 6), (11, 1), (12, 2), (13, 1), (14, 2), (15, 1), (1, 0), (5, 0), (9, 0)])
    func `every file of a response is named`(number: Int, count: Int) throws {
        let response = try self.response(number)
        let urls = response.resultURLs
        #expect(urls.count == count)
        #expect(Set(urls).count == count)
        #expect(urls.allSatisfy { $0.hasPrefix("https://") })
        #expect((response.segmentation != nil) == (number == 10))
    }

    @Test func `a segmentation has its masks by label`() throws {
        let segmentation = try #require(try self.response(10).segmentation)
        #expect(segmentation.labels == ["road", "water", "vehicle"])
        #expect(segmentation.labels.map { segmentation.urls(of: $0).count } == [1, 0, 2])
        #expect(segmentation.entries(of: "vehicle").map(\.pixelCount) == [4021, 977])
        #expect(segmentation.entries(of: "road").map(\.color) == ["#804080"])
        #expect(segmentation.entries(of: "sky").isEmpty)
        #expect(segmentation.unlabeledURL != nil && segmentation.imageURL != nil)
        #expect(segmentation.indexedImageURL != nil && segmentation.extendedIndexedImageURL == nil)
    }

    // MARK: - Failures

    @Test func `a failure names its attachments or frames`() throws {
        let attachments = try #require(try self.response(30).failure)
        #expect(!attachments.message.isEmpty)
        #expect(attachments.attachments.allSatisfy { $0.statusCode != nil } && !attachments.attachments.isEmpty)
        let frames = try #require(try self.response(31).failure)
        #expect(frames.frames.first?.frame == 1)
        #expect(frames.frames.first?.message == "Invalid point cloud")
        #expect(frames.frames.first?.attachment?.statusCode == 200)
        #expect(try self.response(32).failure != nil)
        #expect(try self.response(1).failure == nil)
    }

    @Test func `a failure without an envelope is read too`() throws {
        let example = try #require(Examples.all.first { $0.name.contains("/33-") })
        let failure = try #require(TaskFailure(json: JSON(parsing: example.bytes)))
        #expect(failure.attachments.first?.url.hasPrefix("https://") == true)
    }

    @Test func `no reader fails on fields of the wrong kind`() throws {
        let names = [
            "annotations", "responses", "relationships", "category", "category_id", "events", "point_segmentations",
            "labelMapping", "error", "attachments", "frames", "is_customer_fix", "choice", "repeatable_fields",
            "transcript",
        ]
        for wrong in ["null", "[[1]]", "1.5", #"{"a":1}"#, "false", "[{}]", #"{"labeled":7,"url":7}"#] {
            let response = try self.response("{" + names.map { #""\#($0)":\#(wrong)"# }.joined(separator: ",") + "}")
            #expect(response.resultURLs.isEmpty)
            #expect(response.entities.isEmpty && response.relationships.isEmpty)
            #expect(response.failure == nil)
            #expect(response.categories.isEmpty && response.choice == nil && response.transcript == nil)
            #expect(response.documentAnnotations?.compactMap(\.text).isEmpty != false)
            #expect(response.imageAnnotations?.compactMap(\.bounds).isEmpty != false)
            #expect(response.textAnswers.joined().flatMap(\.texts).allSatisfy { !$0.isEmpty })
        }
    }
}
