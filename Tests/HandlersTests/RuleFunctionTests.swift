import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

/// Geometry, patterns and the comparing of responses in SQL.
@Suite struct RuleFunctionTests {
    private func value(_ expression: String) throws -> String {
        try RuleViewTests.rows("SELECT \(expression) FROM task", of: Example.callback("01-")).first ?? "none"
    }

    private static let square = "'[[0,0],[10,0],[10,10],[0,10]]'"
    /// An L: the square without its upper right quarter.
    private static let angle = "'[[0,0],[5,0],[5,5],[10,5],[10,10],[0,10]]'"
    private static let box = #"'{"left":5,"top":0,"width":10,"height":10}'"#
    private static let far = "'[[100,0],[110,0],[110,10]]'"
    private static let line = #"'{"line":[[-5,5],[15,5]]}'"#
    private static let outside = #"'{"line":[[20,0],[20,10]]}'"#

    @Test(arguments: [
        ("polygon_area(\(square))", "[100]"), ("polygon_area(\(angle))", "[75]"), ("polygon_area(\(line))", "[0]"),
        (#"polygon_area('[{"x":0,"y":0},{"x":4,"y":0},{"x":4,"y":3}]')"#, "[6]"),
        (#"polygon_area('{"type":"box","left":1,"top":2,"width":3,"height":4}')"#, "[12]"),
        ("polygon_area('[1,2]')", "[null]"), ("polygon_area('x')", "[null]"), ("polygon_area(NULL)", "[null]"),
        ("polygon_area('[[0,0],[1e999,0],[1,1]]')", "[null]"), ("polygon_area('[]')", "[null]"),
        (
            #"round(polygon_area('{"type":"ellipse","vertices":[{"x":0,"y":-2},{"x":3,"y":0},{"x":0,"y":2},{"x":-3,"y":0}]}'), 1)"#,
            "[18.8]"
        ),
        ("overlap(\(square), \(angle))", "[0.75]"), ("overlap(\(angle), \(square))", "[1]"),
        ("overlap(\(square), \(box))", "[0.5]"), ("overlap(\(box), \(square))", "[0.5]"),
        ("round(overlap(\(angle), \(box)), 6)", "[0.333333]"), ("overlap(\(square), \(far))", "[0]"),
        ("overlap('[[5,5]]', \(square))", "[1]"), ("overlap('[[50,5]]', \(square))", "[0]"),
        ("overlap(\(line), \(square))", "[0]"), ("overlap('[[7,2]]', \(angle))", "[0]"),
        ("overlap(0, 0, 10, 10, 5, 5, 10, 10)", "[0.25]"), ("overlap(0, 0, -1, 10, 5, 5, 10, 10)", "[null]"),
        ("overlap(\(square), NULL)", "[null]"),
        ("inside(\(angle), \(square))", "[1]"), ("inside(\(square), \(angle))", "[0]"),
        ("inside(2, 2, 3, 3, 0, 0, 10, 10)", "[1]"), ("inside(\(square), \(square))", "[1]"),
        ("iou(\(square), \(box))", "[\(1.0 / 3)]"), ("iou(\(square), \(square))", "[1]"),
        ("iou(\(square), \(angle))", "[0.75]"), ("iou(\(far), \(square))", "[0]"),
        ("distance(\(square), \(far))", "[90]"), ("distance(\(square), \(box))", "[0]"),
        ("distance(\(square), \(line))", "[0]"), ("distance(\(square), \(outside))", "[10]"),
        ("distance('[[0,0]]', '[[3,4]]')", "[5]"), ("distance(0, 0, 1, 1, 4, 5, 1, 1)", "[5]"),
        ("distance('[[2,2]]', \(square))", "[0]"), ("distance(\(square), 'x')", "[null]"),
        ("crosses_itself(\(square))", "[0]"), ("crosses_itself('[[0,0],[10,10],[10,0],[0,10]]')", "[1]"),
        ("crosses_itself(\(line))", "[0]"), ("crosses_itself('[[0,0],[10,0]]')", "[0]"),
    ]) func `geometry`(_ expression: String, _ expected: String) throws {
        #expect(try self.value(expression) == expected)
    }

    @Test(arguments: [
        ("{}", "{}", 0), (#"{"annotations":[1,2]}"#, #"{"annotations":[2,1.0]}"#, 0),
        (#"{"annotations":[{"uuid":"a","left":1}]}"#, #"{"annotations":[{"left":1e0,"uuid":"b"}]}"#, 0),
        (#"{"annotations":[{"left":1}]}"#, #"{"annotations":[{"left":2}]}"#, 1),
        (#"{"annotations":[{"left":1}]}"#, #"{"annotations":[{"left":1},{"left":1}]}"#, 1),
        (#"{"annotations":[{"left":1},{"left":2}]}"#, #"{"annotations":[]}"#, 2),
        (#"{"annotations":{"a":"x","b":[["y"]]}}"#, #"{"annotations":{"b":[["z"]],"a":"x"}}"#, 1),
        (#"{"category":"a"}"#, #"{"category":"b"}"#, 1), (#"{"is_customer_fix":true}"#, #"{"links":null}"#, 0),
    ]) func `changes between two responses`(_ before: String, _ after: String, _ count: Int) throws {
        #expect(try self.value("changes('\(before)', '\(after)')") == "[\(count)]")
        #expect(try self.value("changes('\(before)', NULL)") == "[null]")
    }

    @Test(arguments: [
        ("abc", "xabcx", true), ("^abc$", "xabc", false), ("^abc$", "abc", true), ("a.c", "a\nc", false),
        ("a|b|cd", "xcd", true), ("^(a|b)+$", "abba", true), ("^(?:ab)*$", "ababa", false), ("colou?r", "color", true),
        ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2}$", "aa", true),
        ("^a{2,}$", "aaaaa", true), ("[a-c]x", "bx", true), ("[^a-c]x", "bx", false), ("[]]", "]", true),
        ("[a\\-z]", "-", true), ("[a-]", "-", true), ("\\d+-\\d+", "12-3", true), ("\\D", "123", false),
        ("^\\w+$", "größe_1", true), ("\\s", "a\u{00A0}b", true), ("\\bcat\\b", "a cat.", true),
        ("\\bcat\\b", "concat", false), ("\\Bcat", "concat", true), ("(?i)ÄB", "äb", true), ("(?i)[a-z]", "Q", true),
        ("", "x", true), ("^$", "", true), ("^$", "x", false), ("\\p{Lu}", "aB", true), ("^\\p{L}+$", "übe", true),
        ("\\P{N}", "12", false), ("\\p{P}", "a,b", true), ("a*?b", "aab", true), ("\\.", "x", false),
        ("(a*)*b", "aaac", false), ("\\t\\n", "\t\n", true), ("😀", "x😀", true), ("^.$", "😀", true), ("x{0}", "", true),
    ]) func `a pattern is found or not`(_ pattern: String, _ text: String, _ isFound: Bool) throws {
        let found = try Pattern(pattern).isFound(in: text) { _ throws(RuleFailure) in }
        #expect(found == isFound)
    }

    @Test(arguments: [
        "(", ")", "[a", "a**", "*a", "a{3,1}", "a{2000}", "{3}", "\\1", "(?=a)", "(?<n>a)", "\\p{Greek}", "\\", "[z-a]",
        "(a{100}){100}", "((a{50}){50}){50}", String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
        String(repeating: "a", count: 1001), "a{x}", "\\q",
    ]) func `a pattern that cannot be matched in linear time or read is refused`(_ pattern: String) throws {
        #expect(throws: RuleFailure.self) { try Pattern(pattern) }
        let quoted = pattern.replacing("'", with: "''")
        #expect(throws: RuleError.self) {
            _ = try AuditHandler(
                configuration: .init(rules: [
                    .init(verdict: .leave, reason: "", condition: .when("instruction REGEXP '\(quoted)'"))
                ])
            )
        }
    }

    /// What takes other engines, or plain algorithms, more time than anybody has.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "SELECT instruction REGEXP '^(a+)+$' FROM task", "SELECT instruction REGEXP '(a|a)*b' FROM task",
            "SELECT instruction REGEXP '(a{1,50}){1,50}b' FROM task",
            "SELECT instruction REGEXP '(.*a){20}b' FROM task",
            "SELECT sum(instruction REGEXP 'a.{500}b') FROM task, json_each(params, '$.shape')",
            "SELECT crosses_itself(params ->> '$.shape') FROM task",
            "SELECT sum(distance(t.params ->> '$.shape', t.params ->> '$.shape')) FROM task t, json_each(t.params, '$.shape')",
            "SELECT sum(overlap(t.params ->> '$.shape', t.params ->> '$.shape')) FROM task t, json_each(t.params, '$.shape')",
            "SELECT sum(changes(t.params, t.params)) FROM task t, json_each(t.params, '$.shape') a, json_each(t.params, '$.shape') b",
            "SELECT instruction LIKE '%a%a%a%a%a%a%a%a%a%ab' FROM task",
            "SELECT instruction GLOB '*[a-c]*[a-c]*[a-c]*[a-c]*b' FROM task",
            "WITH RECURSIVE c(x) AS (SELECT instruction FROM task UNION SELECT x || hex(x) FROM c) SELECT count(*) FROM c",
            "WITH RECURSIVE c(x, n) AS (SELECT hex(instruction), 0 FROM task WHERE instruction IS NOT NULL"
                + " UNION ALL SELECT x, n + 1 FROM c) "
                + "SELECT count(*) FROM (SELECT x FROM c ORDER BY n % 7)",
            "SELECT json_group_array(a.value || t.instruction) FROM task t, json_each(t.params, '$.shape') a",
            "SELECT length(group_concat(t.instruction)) FROM task t, json_each(t.params, '$.shape') a",
        ]
    ) func `nothing runs longer than its budget`(_ sql: String) throws {
        let points: [JSON] = (0..<5000).map { [.number(.init($0 * 7919 % 5003)), .number(.init($0 * 104_729 % 4999))] }
        let callback = try Example.task("imageannotation", params: ["shape": .array(points)], response: [:]) { task in
            task["instruction"] = .string(String(repeating: "a", count: 90_000))
        }
        let handler = try AuditHandler(
            configuration: .init(rules: [.init(verdict: .reject, reason: "", condition: .find(sql))])
        )
        let began = ThreadTime.now
        let judgement = handler.judgement(of: callback)
        let time = ThreadTime.now - began
        print(time, judgement.error ?? "decided", sql.prefix(60))
        #expect(time < .seconds(1))
        #expect(handler.judgement(of: try Example.boxes([])).rule != nil, "the next event has a budget of its own")
    }

    @Test func `what a rule collects in memory is bounded`() throws {
        let callback = try Example.task(
            "imageannotation",
            params: ["n": .array((0..<5000).map { _ in 1 })],
            response: [:]
        ) {
            $0["instruction"] = .string(String(repeating: "a", count: 90_000))
        }
        let sql = "SELECT json_group_array(n.value || t.instruction) FROM task t, json_each(t.params, '$.n') n"
        let handler = try AuditHandler(
            configuration: .init(rules: [.init(verdict: .reject, reason: "", condition: .find(sql))])
        )
        #expect(handler.judgement(of: callback).error == "the rule took more than 128 MB of memory")
        #expect(handler.judgement(of: try Example.boxes([])).error == nil)
    }
}
