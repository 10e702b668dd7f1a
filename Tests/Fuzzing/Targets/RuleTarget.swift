import CSQLite
import Callbacks
import ScaleAPI

@testable import Handlers

/// Any text as the SQL of a rule: refused, or a bounded question that only reads.
struct RuleTarget: FuzzTarget {
    /// Compiling and one event each have a budget of 0.4 s; the rest is for the sanitizers.
    private static let timeLimit: Duration = .seconds(2)
    /// Sees whether any table was touched.
    private static let census = """
        SELECT (SELECT group_concat(task_id || status || response || is_empty) FROM task) AS task,
            (SELECT group_concat(position || uuid || label || left || top || width || height) FROM annotations) AS drawn,
            (SELECT group_concat(geometry || label) FROM labels) AS labels, (SELECT count(*) FROM geometries) AS geometries,
            (SELECT count(*) FROM attributes) AS attributes
        """

    private let callback = Self.makeCallback()
    private let inspector = StatementInspector()
    private let untouched: RuleRows

    init() {
        FileWatch.start()
        do throws(RuleFailure) {
            let database = try RuleDatabase()
            try database.prepare(RuleQuery(sql: Self.census))
            try database.load(self.callback)
            self.untouched = try database.rows(of: 0)
        } catch {
            found("the fixed event cannot be counted: \(error)")
        }
    }

    func tryOut(_ input: [UInt8]) -> Bool {
        let sql = String(decoding: input, as: UTF8.self)
        let isQuery = self.isTaken(.find(sql))
        let isCondition = self.isTaken(.when(sql))
        if isQuery { self.check(sql) }
        if isCondition { self.check("SELECT 1 FROM task WHERE (\(sql)\n)") }
        return true
    }

    /// Compiles a rule as the service does and judges the event by it.
    private func isTaken(_ condition: AuditHandler.Configuration.Condition) -> Bool {
        let start = processorTime()
        let rule = AuditHandler.Configuration.Rule(verdict: .reject, reason: "found", condition: condition)
        let last = AuditHandler.Configuration.Rule(verdict: .accept, reason: "fine", condition: .always)
        let rules: RuleSet
        do throws(RuleError) {
            rules = try RuleSet([rule, last])
        } catch {
            let time = processorTime() - start
            require(time < Self.timeLimit, "refusing took \(time)")
            require(error.rule == 1 && !error.problem.isEmpty, "refused without a reason")
            // The kind of SQLite's message, without the words of the rule.
            note(error.problem.hasPrefix("near") ? "syntax" : String(error.problem.prefix { $0 != ":" }))
            return false
        }
        let judgement = rules.judge(self.callback)
        let time = processorTime() - start
        require(time < Self.timeLimit, "compiling and judging took \(time)")
        require(judgement.evidence.count <= RuleDatabase.maximumRows, "\(judgement.evidence.count) rows of evidence")
        require(judgement.detail(mode: .shadow, answer: "").encoded.count < 2_000_000, "the evidence has no bounds")
        if judgement.error != nil {
            require(judgement.verdict == .leave, "undecided, but \(judgement.verdict)")
        } else {
            require(judgement.verdict == (judgement.rule == 1 ? .reject : .accept), "not the verdict of the rule")
        }
        return true
    }

    /// Looks at what the SQL that was taken does to the database, and how it is compiled.
    private func check(_ sql: String) {
        self.inspector.check(sql)
        guard let database = try? RuleDatabase(), (try? database.prepare(RuleQuery(sql: sql))) != nil else {
            found("the same SQL is taken, and then not")
        }
        do throws(RuleFailure) {
            // Before the event is loaded: only what some query reads is there.
            try database.prepare(RuleQuery(sql: Self.census))
            try database.load(self.callback)
            // What it answers, and that it stumbles over a value, does not matter here.
            _ = try? database.rows(of: 0)
            require(try database.rows(of: 1) == self.untouched, "the tables have changed")
        } catch {
            // The rule has left nothing of the budget for a look.
            require(error == .outOfBudget || error == .outOfMemory, "the tables cannot be read any more: \(error)")
        }
    }

    private static func makeCallback() -> Callback {
        let boxes = (0..<40)
            .map { number in
                let label = number % 3 == 0 ? "truck" : "person"
                return
                    #"{"type":"box","label":"\#(label)","left":\#(number * 7),"top":3.5,"width":\#(number),"height":9,"#
                    + #""uuid":"u\#(number)","attributes":{"occlusion":"0%"}}"#
            }
        let body = #"""
            {"task_id":"a1","status":"completed","task":{"task_id":"a1","type":"imageannotation","project":"quay",
            "completed_at":"2025-03-11T13:40:55.902Z","tags":["x"],"metadata":{"shift":"night"},"params":{
            "geometries":{"box":{"objects_to_annotate":["truck","person"],"min_width":4,"min_height":4}},
            "annotation_attributes":{"occlusion":{"type":"category","choices":["0%","25%"]}}}},
            "response":{"annotations":[\#(boxes.joined(separator: ","))]}}
            """#
        do { return try Callback(body: Array(body.utf8)) } catch { found("the fixed event cannot be read: \(error)") }
    }
}
