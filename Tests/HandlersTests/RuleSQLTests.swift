import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct RuleSQLTests {
    /// The first value that a query gives for a callback.
    private func rows(_ sql: String, of callback: Callback) throws -> [JSON] {
        let database = try RuleDatabase()
        try database.prepare(RuleQuery(sql: sql))
        try database.load(callback)
        return try database.rows(of: 0).asJSON
    }

    @Test func `the task is one row`() throws {
        let rows = try self.rows(
            """
            SELECT task_id, type, project, batch, unique_id, is_test, completed_at, review_status,
                prior_response_count AS prior, metadata ->> 'shift' AS shift, min_width, min_height, image_width,
                json_array_length(response, '$.annotations') AS count, tags FROM task
            """,
            of: Example.callback("01-")
        )
        #expect(
            rows == [
                [
                    "task_id": "65c5704c6bf306f6b6e3422f", "type": "imageannotation", "project": "dockyard_vision",
                    "batch": "dockyard_2025_03_a", "unique_id": "quay/cam2/000481", "is_test": 0,
                    "completed_at": "2025-03-11T13:40:55.902Z", "review_status": nil, "prior": 0, "shift": "night",
                    "min_width": 8, "min_height": 8, "image_width": nil, "count": 2, "tags": nil,
                ]
            ]
        )
    }

    @Test func `every geometry has the box around it and its area`() throws {
        let rows = try self.rows(
            "SELECT type, left, top, width, height, round(area, 2) AS area FROM annotations ORDER BY position",
            of: Example.callback("02-")
        )
        #expect(
            rows == [
                ["type": "polygon", "left": 9, "top": 12, "width": 201.5, "height": 84, "area": 16457.25],
                ["type": "line", "left": 0, "top": 540, "width": 640, "height": 160, "area": 0],
                ["type": "point", "left": 511, "top": 77, "width": 0, "height": 0, "area": 0],
                ["type": "ellipse", "left": 83, "top": 502, "width": 80, "height": 42, "area": 2638.94],
                ["type": "cuboid", "left": 137, "top": 165, "width": 179, "height": 153, "area": nil],
            ]
        )
    }

    @Test func `older data names its geometry otherwise`() throws {
        let rows = try self.rows("SELECT type, label, left FROM annotations", of: Example.callback("18-"))
        #expect(rows == [["type": "box", "label": "truck", "left": 14.5]])
    }

    @Test func `an event leaves nothing behind for the next one`() throws {
        let database = try RuleDatabase()
        try database.prepare(RuleQuery(sql: "SELECT count(*) AS n FROM annotations"))
        try database.load(Example.callback("02-"))
        #expect(try database.rows(of: 0).asJSON == [["n": 5]])
        try database.load(Example.callback("01-"))
        #expect(try database.rows(of: 0).asJSON == [["n": 2]])
        try database.load(Example.callback("11-"))
        #expect(throws: RuleFailure.self) { try database.rows(of: 0) }
        try database.load(Example.callback("01-"))
        #expect(try database.rows(of: 0).asJSON == [["n": 2]])
    }

    @Test(arguments: [
        ("iou(0, 0, 10, 10, 0, 0, 10, 10)", "1"), ("iou(0, 0, 10, 10, 5, 0, 10, 10)", "0.333"),
        ("iou(0, 0, 10, 10, 20, 20, 5, 5)", "0"), ("iou(0, 0, 0, 0, 0, 0, 0, 0)", "0"),
        ("iou(0, 0, 10, 10, NULL, 0, 10, 10)", "null"), ("iou(0, 0, 10, 10, 'a', 0, 10, 10)", "null"),
        ("iou(0, 0, 9e999, 1, 0, 0, 9e999, 1)", "null"), ("iou(0, 0, -4, 10, 0, 0, -4, 10)", "0"),
        ("instr('kräne', 'ne')", "4"), ("instr('abc', '')", "1"), ("instr('aab', 'ab')", "2"),
        ("instr('abc', 'd')", "0"), ("instr(NULL, 'd')", "null"), ("instr('ababac', 'abac')", "3"),
    ]) func `geometry and text functions`(_ expression: String, _ expected: String) throws {
        let rounded = expression.hasPrefix("iou") ? "round(\(expression), 3)" : expression
        let rows = try self.rows("SELECT \(rounded) AS v", of: Example.callback("01-"))
        #expect(rows.first?["v"]?.encodedString == expected)
    }

    @Test func `at most twenty rows and 500 characters are kept`() throws {
        let boxes = (0..<30)
            .map { Example.box(["label": .string(String(repeating: "é", count: 600)), "top": .number(.init($0))]) }
        let rows = try self.rows("SELECT label FROM annotations", of: Example.boxes(boxes))
        #expect(rows.count == 20)
        #expect(rows[0]["label"]?.string?.count == 500)
    }

    static let refused = [
        "ATTACH DATABASE '/tmp/x.db' AS x", "PRAGMA writable_schema = 1", "SELECT * FROM pragma_database_list",
        "SELECT count(*) FROM pragma_table_list", "SELECT load_extension('/tmp/x.so')",
        "SELECT * FROM sqlite_schema", "SELECT 1 FROM sqlite_master", "DELETE FROM annotations",
        "INSERT INTO annotations (position) VALUES (1)", "UPDATE task SET status = 'x'", "DROP TABLE task",
        "CREATE TABLE x (a)", "CREATE TEMP TABLE x AS SELECT 1", "VACUUM INTO '/tmp/x.db'", "BEGIN", "ANALYZE",
        "REINDEX", "WITH x AS (SELECT 1) DELETE FROM task", "DELETE FROM task RETURNING *",
        "SELECT randomblob(10)", "SELECT random()", "SELECT zeroblob(1000000000)",
        "SELECT replace('a', 'a', 'b')", "SELECT printf('%.1000000000c', 'x')", "SELECT format('%d', 1)",
        "SELECT fts3_tokenizer('simple')", "SELECT sqlite_log(1, 'x')", "SELECT * FROM sqlite_stmt",
        "SELECT * FROM dbstat", "SELECT 1 FROM dbstat", "SELECT trim('aaa', 'a')", "EXPLAIN SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE task", "", "-- nothing", "SELECT ?1", "SELECT :name", "SELECT 1 \0 FROM task",
        "SELECT no_such_column FROM task", "SELECT * FROM no_such_table",
        "SELECT " + String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200),
        "SELECT " + Array(repeating: "1", count: 200).joined(separator: " UNION ALL SELECT "),
        "SELECT 1 WHERE 'a' = '" + String(repeating: "x", count: 30_000) + "'",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0",
        "WITH RECURSIVE c(x) AS (SELECT 'x' UNION ALL SELECT x || x FROM c) SELECT max(length(x)) FROM c",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT group_concat(x) FROM c",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 10000) "
            + "SELECT count(*) FROM c a, c b, c d, c e",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c ORDER BY x DESC LIMIT 1",
        "SELECT 1 FROM json_each('[1,2') j",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: refused)
    func `SQL that writes, looks elsewhere or does not end is refused at the start`(_ sql: String) throws {
        let began = ThreadTime.now
        let error = #expect(throws: RuleError.self) {
            _ = try AuditHandler(
                configuration: .init(rules: [.init(verdict: .accept, reason: "", condition: .find(sql), line: 12)])
            )
        }
        #expect(error?.rule == 1)
        #expect(error?.line == 12)
        #expect(ThreadTime.now - began < .seconds(1))
    }

    @Test(arguments: [
        "1) OR (1", "1 -- all", "EXISTS (SELECT 1 FROM annotations WHERE left > 400)", "type = 'imageannotation'",
    ])
    func `a condition is one expression`(_ expression: String) throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [.init(verdict: .accept, reason: "yes", condition: .when(expression))])
        )
        #expect(handler.judgement(of: try Example.callback("01-")).verdict == .accept)
    }

    @Test(arguments: ["1); DELETE FROM task; SELECT (1", "1", "", "1 UNION SELECT 1"])
    func `a condition that is more than an expression is refused`(_ expression: String) throws {
        if expression == "1" { return }
        #expect(throws: RuleError.self) {
            _ = try AuditHandler(
                configuration: .init(rules: [.init(verdict: .accept, reason: "", condition: .when(expression))])
            )
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "SELECT count(*) FROM annotations a, annotations b, annotations c, annotations d, annotations e",
            "SELECT group_concat(a.label || b.label || c.label) FROM annotations a, annotations b, annotations c",
            "WITH RECURSIVE c(x) AS (SELECT label FROM annotations UNION ALL SELECT x || 'a' FROM c) SELECT max(x) FROM c",
            "SELECT a.label FROM annotations a, annotations b, annotations c ORDER BY a.top * b.top * c.top",
            "SELECT sum(instr(a.label || b.label, c.label || 'x')) FROM annotations a, annotations b, annotations c",
            "SELECT count(*) FROM annotations a, annotations b, json_tree((SELECT response FROM task)) j",
        ]
    ) func `a rule that runs away on data is stopped and the task left for people`(_ sql: String) throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(verdict: .reject, reason: "found", condition: .find(sql)),
                .init(verdict: .accept, reason: "fine", condition: .always),
            ])
        )
        let callback = try Example.boxes(
            (0..<1000)
                .map { Example.box(["top": .number(.init($0)), "label": .string(String(repeating: "a", count: 50))]) }
        )
        let began = ThreadTime.now
        let judgement = handler.judgement(of: callback)
        // The budget is 0.4 s; the rest is for reading a large body in a debug build.
        #expect(ThreadTime.now - began < .seconds(2))
        #expect(judgement.verdict == .leave)
        #expect(judgement.error != nil)
        #expect(judgement.rule == 1)
        let after = handler.judgement(of: try Example.boxes([]))
        #expect(after.error == nil, "the next event has a budget of its own")
    }

    @Test(arguments: [
        "'); DROP TABLE annotations; --", "\" OR 1=1 --", "?1", "\u{0}\u{1F}", "{label}", "%s%n", "\u{202E}evil",
        String(repeating: "x", count: 90_000),
    ]) func `what a callback holds is data and never SQL`(_ value: String) throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "{label}",
                    condition: .find("SELECT label, (SELECT count(*) FROM annotations) AS n FROM annotations")
                )
            ])
        )
        let callback = try Example.boxes([Example.box(["label": .string(value)]), Example.box()])
        let judgement = handler.judgement(of: callback)
        #expect(judgement.error == nil)
        #expect(judgement.evidence.first?["n"] == 2)
        #expect(judgement.evidence.first?["label"]?.string == (value.count > 500 ? value.cut(to: 500) : value))
        #expect((judgement.comment?.count ?? 0) <= 500)
        #expect(judgement.comment == judgement.reason.cut(to: 500))
    }

    @Test func `numbers beyond all bounds and wrong kinds do no harm`() throws {
        let handler = try AuditHandler(
            configuration: .init(
                rules: [
                    "attribute-missing", "below-minimum-size", "empty", "label-not-asked-for", "near-duplicate",
                    "outside-image", "too-few", "too-many",
                ]
                .map {
                    .init(verdict: .reject, reason: $0, condition: .check($0, parameters: Example.parameters(of: $0)))
                }
            )
        )
        let huge = try JSON(parsing: "1e999")
        let boxes: [JSON] = [
            Example.box(["left": huge, "width": huge]), Example.box(["left": "a", "top": [], "width": [:]]), 5, nil,
            "x",
            [], Example.box(["vertices": [["x": "1"]]]), Example.box(["attributes": [1, 2]]),
        ]
        _ = handler.judgement(of: try Example.boxes(boxes))
        for check in AuditHandler.checkNames {
            let alone = try AuditHandler(
                configuration: .init(rules: [
                    .init(
                        verdict: .reject,
                        reason: "",
                        condition: .check(check, parameters: Example.parameters(of: check))
                    )
                ])
            )
            let error = alone.judgement(of: try Example.boxes(boxes)).error
            #expect(error?.contains("SQL") != true && error?.contains("syntax") != true, "\(check): \(error ?? "")")
        }
        let judgement = handler.judgement(
            of: try Example.boxes([]) { $0["params"] = ["geometries": [1, 2], "annotation_attributes": "x"] }
        )
        #expect(judgement.reason == "empty")
    }

    @Test func `what is too large to read is left for people, and only by rules that read it`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(verdict: .accept, reason: "small", condition: .find("SELECT 1 FROM annotations WHERE left < 0")),
                .init(verdict: .reject, reason: "found", condition: .when("json_type(response) = 'array'")),
            ])
        )
        let callback = try Example.boxes([Example.box()]) { task in
            task["response"] = ["annotations": [], "note": .string(String(repeating: "n", count: 1_100_000))]
        }
        let judgement = handler.judgement(of: callback)
        #expect(judgement.verdict == .leave)
        #expect(judgement.rule == 2)
        #expect(judgement.error == "task.response is longer than 1000000 bytes")
    }

    @Test func `two thousand boxes of one label are compared within the budget`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(
                    verdict: .reject,
                    reason: "{uuid} {other_uuid}",
                    condition: .check("near-duplicate", parameters: [:])
                ),
                .init(verdict: .accept, reason: "fine", condition: .always),
            ])
        )
        var boxes = (0..<2000)
            .map { number in
                Example.box([
                    "left": .number(.init(number % 50 * 40)), "top": .number(.init(number / 50 * 30)),
                    "uuid": .string("u\(number)"),
                ])
            }
        #expect(handler.judgement(of: try Example.boxes(boxes)).verdict == .accept)
        boxes.append(Example.box(["left": 401, "top": 30, "uuid": "copy"]))
        #expect(handler.judgement(of: try Example.boxes(boxes)).reason == "u60 copy")
    }

    @Test func `more annotations than can be read are left for people`() throws {
        let handler = try AuditHandler(
            configuration: .init(rules: [
                .init(verdict: .reject, reason: "", condition: .check("too-many", parameters: ["count": "5"]))
            ])
        )
        let judgement = handler.judgement(of: try Example.boxes(Array(repeating: [:], count: 10_001)))
        #expect(judgement.verdict == .leave)
        #expect(judgement.error?.contains("more than 10000 annotations") == true)
    }
}
