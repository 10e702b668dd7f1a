import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

/// What the views hold for every shape of response (contract C3).
@Suite struct RuleViewTests {
    /// The rows of a query, each as the JSON text of its values.
    static func rows(_ sql: String, of callback: Callback, log: [HistoryEntry] = []) throws -> [String] {
        let database = try RuleDatabase()
        try database.prepare(RuleQuery(sql: sql))
        try database.load(callback, log: log)
        return try database.rows(of: 0).rows.map { JSON.array($0.map(\.asJSON)).encodedString }
    }

    @Test(arguments: [
        (
            "05-",
            [
                #"["response",0,"helpful","category",0,"yes","yes"]"#,
                #"["response",0,"why","text",0,"Names the depot and gives a date.",null]"#,
                #"["response",0,"score","number",0,4,null]"#,
            ]
        ),
        (
            "06-",
            [
                #"["response",0,"helpful","category",0,"0","yes"]"#,
                #"["response",0,"why","text",0,"Polite and correct",null]"#,
                #"["response",0,"score","number",0,"4",null]"#,
                #"["response",1,"helpful","category",0,"1","no"]"#,
                #"["response",1,"why","text",0,"Too short",null]"#,
                #"["response",1,"score","number",0,"2",null]"#,
            ]
        ),
        (
            "07-",
            [
                #"["response",0,"helpful","category",0,"yes","yes"]"#, #"["response",0,"why","text",0,"Clear",null]"#,
                #"["response",0,"score","number",0,5,null]"#,
            ]
        ),
        ("19-", [#"["response",0,"choice","category",0,"same","same"]"#]),
        ("20-", [#"["response",0,"careers",null,0,"https://www.example.com/careers",null]"#]),
    ]) func `answers of every shape read the same`(_ name: String, _ expected: [String]) throws {
        let rows = try Self.rows(
            "SELECT source, respondent, field, type, entry, value, choice FROM answers",
            of: Example.callback(name)
        )
        #expect(rows == expected)
    }

    @Test func `a categorization answers with one category or many, and their ids`() throws {
        let sql = "SELECT field, value, choice, id FROM answers"
        #expect(
            try Self.rows(sql, of: Example.callback("04-"))
                == [#"["category","stamp","stamp",11]"#, #"["category","table","table",13]"#]
        )
        let one = try Example.callback("04-") { $0["response"] = ["category": "stamp", "category_id": 11] }
        #expect(try Self.rows(sql, of: one) == [#"["category","stamp","stamp",11]"#])
    }

    @Test func `what single people said before it was made of them is told apart`() throws {
        let rows = try Self.rows(
            "SELECT source, respondent, value FROM answers WHERE field = 'helpful'",
            of: Example.callback("08-")
        )
        #expect(
            rows == [
                #"["response",0,"yes"]"#, #"["attempt",0,"yes"]"#, #"["attempt",1,"no"]"#, #"["attempt",2,"yes"]"#,
            ]
        )
    }

    @Test func `a transcription has its fields and those that repeat`() throws {
        let callback = try Example.task(
            "transcription",
            params: ["fields": ["name": "x"], "repeatable_fields": ["item": "x"]],
            response: [
                "fields": ["name": "Bob"], "repeatable_fields": [["item": "rope"], ["item": ["hook", "chain"]]],
            ]
        )
        let rows = try Self.rows("SELECT field, entry, value FROM answers", of: callback)
        #expect(rows == [#"["name",0,"Bob"]"#, #"["item",0,"rope"]"#, #"["item",1,"hook"]"#, #"["item",1,"chain"]"#])
        #expect(try Self.rows("SELECT field FROM fields", of: callback) == [#"["name"]"#, #"["item"]"#])
    }

    @Test func `an entity shows what stands at its offsets, however they count`() throws {
        let sql = "SELECT id, label, start_offset, end_offset, text, utf16_text, codepoint_text FROM entities"
        #expect(
            try Self.rows(sql, of: Example.callback("09-")).first
                == #"["e1","person",15,26,"Ines Okafor","Ines Okafor","Ines Okafor"]"#
        )
        let ship = try Example.task(
            "namedentityrecognition",
            params: ["text": "🚢 Bob"],
            response: ["annotations": [["id": "e", "start": 2, "end": 5, "text": "Bob", "label": "p"]]]
        )
        #expect(try Self.rows(sql, of: ship) == [#"["e","p",2,5,"Bob"," Bo","Bob"]"#])
        #expect(
            try Self.rows("SELECT id, name, source, target FROM links", of: Example.callback("09-"))
                == [#"["r1","cleared","e1","e2"]"#]
        )
    }

    @Test func `a segmentation has a row per instance, also of what is not in the image`() throws {
        let rows = try Self.rows(
            "SELECT label, instance, color_index, pixels, url IS NULL FROM segments",
            of: Example.callback("10-")
        )
        #expect(
            rows == [
                #"["road",0,1,81233,0]"#, #"["water",0,2,0,1]"#, #"["vehicle",0,3,4021,0]"#, #"["vehicle",1,4,977,0]"#,
            ]
        )
    }

    @Test(arguments: [
        ("10-", ["unlabeled", "labeled", "labeled", "labeled", "combined", "combined"]), ("11-", ["annotations"]),
        ("12-", ["annotations", "events"]), ("13-", ["annotations"]), ("14-", ["annotations", "point_segmentations"]),
        ("15-", ["annotations"]), ("01-", []),
    ]) func `result files are listed`(_ name: String, _ roles: [String]) throws {
        let rows = try Self.rows("SELECT role FROM files WHERE url LIKE 'https://_%'", of: Example.callback(name))
        #expect(rows == roles.map { "[\"\($0)\"]" })
    }

    @Test(arguments: ["10-", "03-", "05-", "06-", "19-", "20-", "21-", "30-"])
    func `annotations that are not in the response cannot be read`(_ name: String) throws {
        let callback = try Example.callback(name)
        #expect(throws: RuleFailure.unavailable("the response has no list of annotations in itself")) {
            try Self.rows("SELECT count(*) FROM annotations", of: callback)
        }
    }

    @Test(arguments: [
        ("answers", "01-"), ("answers", "10-"), ("answers", "11-"), ("entities", "01-"), ("entities", "16-"),
        ("segments", "01-"), ("segments", "11-"), ("files", "21-"),
    ]) func `a view that an event does not have cannot be read`(_ view: String, _ name: String) throws {
        let callback = try Example.callback(name)
        #expect(throws: RuleFailure.self) { try Self.rows("SELECT count(*) FROM \(view)", of: callback) }
    }

    @Test func `a text in a document has its page and its place`() throws {
        let rows = try Self.rows(
            "SELECT label, text, page, type, left, top, width, height, area FROM annotations",
            of: Example.callback("16-")
        )
        #expect(
            rows == [
                #"["vendor","Quayside Stores",0,"box",61,40,320,41,13120]"#,
                #"["total","€ 48,10",0,"polygon",60,702,130,28,3640]"#,
            ]
        )
        #expect(try Self.rows("SELECT * FROM pages", of: Example.callback("16-")) == ["[0,827,1169]"])
    }

    static let places = "SELECT uuid, label, type, left, frame, camera, parent FROM annotations"

    @Test func `annotations in frames, tracks and cameras are found with their place`() throws {
        func rows(_ type: String, _ annotations: JSON) throws -> [String] {
            try Self.rows(Self.places, of: Example.task(type, response: ["annotations": annotations]))
        }
        let box: JSON = ["uuid": "u", "type": "box", "label": "a", "left": 1, "top": 2, "width": 3, "height": 4]
        #expect(
            try rows("videoannotation", [["annotations": [box]], ["annotations": []], ["annotations": [box]]])
                == [#"["u","a","box",1,0,null,null]"#, #"["u","a","box",1,2,null,null]"#]
        )
        let frames: JSON = [
            ["key": 0, "left": 1, "top": 2, "width": 3, "height": 4],
            ["key": 5, "left": 2, "top": 2, "width": 3, "height": 4],
        ]
        #expect(
            try rows("videoplaybackannotation", ["t": ["label": "a", "geometry": "box", "frames": frames]])
                == [#"["t","a","box",1,0,null,null]"#, #"["t","a","box",2,5,null,null]"#]
        )
        #expect(
            try rows("lidarannotation", [["cuboids": [["uuid": "c", "label": "car", "camera_used": 1]]]])
                == [#"["c","car","cuboid",null,0,1,null]"#]
        )
        #expect(
            try rows(
                "lidarlinking",
                [
                    [
                        "camera_responses": [
                            ["camera_used": 1, "annotations": [["cuboid_uuid": "c", "label": "car", "left": 9]]]
                        ]
                    ]
                ]
            ) == [#"["c","car",null,9,0,1,null]"#]
        )
        #expect(
            try rows("imageannotation", [["uuid": "p", "label": "car", "annotations": [box]]])
                == [#"["p","car",null,null,null,null,null]"#, #"["u","a","box",1,null,null,"p"]"#]
        )
    }

    @Test(arguments: [
        ("annotation", #"{"left":1,"top":1,"width":4,"height":5}"#, #"["box",20]"#),
        ("polygonannotation", #"{"vertices":[{"x":0,"y":0},{"x":4,"y":0},{"x":4,"y":4}]}"#, #"["polygon",8]"#),
        ("lineannotation", #"{"vertices":[{"x":0,"y":0},{"x":4,"y":0}]}"#, #"["line",0]"#),
        ("pointannotation", #"{"x":0,"y":0}"#, #"["point",0]"#),
        ("imageannotation", #"{"geometry":"box","left":1,"top":1,"width":4,"height":5}"#, #"["box",20]"#),
        ("imageannotation", #"{"left":1,"top":1,"width":4,"height":5}"#, #"[null,20]"#),
    ]) func `old spellings and legacy types have their geometry`(type: String, annotation: String, row: String) throws {
        let response: JSON = ["annotations": [try JSON(parsing: annotation)]]
        #expect(
            try Self.rows("SELECT type, area FROM annotations", of: Example.task(type, response: response)) == [row]
        )
    }

    @Test(arguments: [
        ("04-", [#"[null,"stamp",null]"#, #"[null,"signature",null]"#, #"[null,"table",null]"#]),
        ("09-", [#"[null,"person",null]"#, #"[null,"vessel",null]"#, #"[null,"place",null]"#]),
        ("10-", [#"[null,"road",null]"#, #"[null,"water",null]"#, #"[null,"vehicle",null]"#]),
        ("16-", [#"[null,"total",null]"#, #"[null,"vendor",null]"#]), ("17-", [#"[null,"truck",null]"#]),
        ("19-", [#"[null,"same",null]"#, #"[null,"different",null]"#]),
        (
            "01-",
            [
                #"["box","truck",null]"#, #"["box","person",null]"#, #"["box","crane",null]"#,
                #"["box","mobile_crane","crane"]"#, #"["box","gantry_crane","crane"]"#,
            ]
        ),
    ]) func `labels are what was asked for`(_ name: String, _ expected: [String]) throws {
        #expect(try Self.rows("SELECT geometry, label, parent FROM labels", of: Example.callback(name)) == expected)
    }

    @Test func `fields are told with their choices`() throws {
        let rows = try Self.rows(
            "SELECT field, type, is_required, max_characters, choices FROM fields",
            of: Example.callback("05-")
        )
        #expect(
            rows == [
                #"["helpful","category",1,null,"[\"yes\",\"no\"]"]"#, #"["why","text",1,500,null]"#,
                #"["score","number",1,null,null]"#,
            ]
        )
    }

    @Test func `the history is what the log knows and then what the task lists, oldest first`() throws {
        let rows = try Self.rows(
            """
            SELECT position, source, kind, at, review_status, comments, seconds,
                json_array_length(response, '$.annotations') FROM history
            """,
            of: Example.callback("43-"),
            log: [HistoryEntry(kind: "completed", at: "2025-03-11T13:40:55Z", response: ["annotations": []])]
        )
        #expect(
            rows == [
                #"[0,"log","completed","2025-03-11T13:40:55Z",null,null,null,0]"#,
                #"[1,"task","response",null,null,null,null,2]"#,
                #"[2,"task","audit","2025-03-11T15:02:10.500Z","rejected",null,63,null]"#,
                #"[3,"task","audit","2025-03-11T15:20:44.001Z","fixed","[\"Added the missing truck.\"]",118.75,null]"#,
            ]
        )
        let plain = try Example.callback("41-") { task in
            task["audits"] = nil
            task["customer_review_comments"] = "No."
        }
        #expect(
            try Self.rows("SELECT kind, review_status, reviewer, comments FROM history", of: plain)
                == [#"["audit","rejected","reviewer@example.com","\"No.\""]"#]
        )
    }

    @Test func `the task tells its times and how long it took`() throws {
        let rows = try Self.rows(
            "SELECT seconds_spent, turnaround_seconds, is_empty, responses_required FROM task",
            of: Example.callback("20-")
        )
        #expect(rows == ["[84,16013.785,0,null]"])
    }

    @Test func `every view and column is described, and can be read`() throws {
        #expect(Set(RuleView.all.map(\.name)).count == RuleView.all.count)
        let database = try RuleDatabase()
        for view in RuleView.all {
            #expect(!view.meaning.isEmpty)
            #expect(view.columns.allSatisfy { !$0.meaning.isEmpty })
            // Without quotes: no name may be a word of SQL that needs them.
            let columns = try database.prepare(
                RuleQuery(sql: "SELECT \(view.columns.map(\.name).joined(separator: ", ")) FROM \(view.name)")
            )
            #expect(columns == view.columns.map(\.name))
        }
        for name in ["01-", "05-", "09-", "10-", "11-", "16-", "44-"] { try database.load(Example.callback(name)) }
    }

    @Test func `every check and function is described, and a check names its columns`() {
        for check in Check.all {
            #expect(!check.finds.isEmpty)
            #expect(check.parameters.allSatisfy { !$0.meaning.isEmpty })
            #expect(!check.columns.isEmpty, "\(check.name)")
        }
        #expect(RuleFunction.all.allSatisfy { !$0.meaning.isEmpty && $0.signature.hasSuffix(")") })
        #expect(Set(Check.all.map(\.name)).count == Check.all.count)
    }

    @Test func `a callback that does not show what was asked for cannot tell`() throws {
        let callback = try Callback(body: Array(#"{"task_id":"t","response":{"annotations":[]}}"#.utf8))
        #expect(throws: RuleFailure.unavailable("the callback does not show what the task asks for")) {
            try Self.rows("SELECT count(*) FROM labels", of: callback)
        }
    }
}
