import Callbacks
import ScaleAPI
import Testing

@Suite struct CallbackReadingTests {
    private static let dockTask = Callback.Subject.task("65c5704c6bf306f6b6e3422f")

    @Test(arguments: Examples.all) func `every example has the kind that its name says`(example: Examples.Example)
        throws
    {
        let expected: Callback.Kind =
            switch Int(example.name.prefix(2)) ?? 0 {
            case 1...22: .completed
            case 30...32: .error
            case 33: .unrecognised
            case 40...44: .audit
            case 45: .recalled
            case 46: .canceled
            default: .batch
            }
        let callback = try Callback(body: example.body)
        #expect(callback.kind == expected)
        #expect(callback.document.bytes == example.body)
        #expect(callback.fingerprint.count == 32)
        let json = try JSON(parsing: example.body)
        switch expected {
        case .unrecognised: #expect(callback.subject == .unrecognised)
        case .batch: #expect(callback.subject == .batch(json["batch"]?.string ?? "none"))
        default:
            #expect(callback.subject == .task(json["task_id"]?.string ?? "none"))
            #expect(callback.taskType == json["task"]?["type"]?.string)
            #expect(callback.project == json["task"]?["project"]?.string)
            #expect(callback.status == json["task"]?["status"]?.string)
        }
    }

    @Test func `all examples are there`() {
        #expect(Examples.all.count == 35)
    }

    @Test func `the times, the verdict and the earlier responses are read`() throws {
        let callback = try Examples.callback("44")
        #expect(callback.subject == Self.dockTask)
        #expect(callback.reviewStatus == "fixed")
        #expect(callback.completedAt == ScaleDate.milliseconds(from: "2025-03-11T13:40:55.902Z"))
        #expect(callback.changedAt ?? 0 >= ScaleDate.milliseconds(from: "2025-03-12T08:00:09.310Z") ?? .max)
        #expect(callback.priorResponseCount == 2)
        #expect(try Examples.callback("40").reviewStatus == "accepted")
        #expect(try Examples.callback("01").reviewStatus == nil)
    }

    @Test func `a response comes from the top level, else from the task`() throws {
        let json = try Examples.json("01")
        let moved = json.setting("response", nil)
        #expect(moved["task"]?["response"] != nil)
        let callback = try Callback(body: moved.encoded)
        #expect(callback.response.map { JSON($0) } == json["response"])
        #expect(try callback.fingerprint == Examples.callback("01").fingerprint)
        #expect(try Examples.callback("22").response == nil)
    }

    @Test func `a pending review is no verdict`() throws {
        let json = try Examples.json("01").changingTask { $0.setting("customer_review_status", "pending") }
        let callback = try Callback(body: json.encoded)
        #expect(callback.kind == .completed)
        #expect(callback.reviewStatus == nil)
    }

    @Test(
        arguments: [
            ("2025-03-11T15:02:10.499Z", Callback.Kind.audit), ("2025-03-11T15:02:10.501Z", .completed),
            ("2025-04-01T00:00:00Z", .completed),
        ]
    )
    func `a response that is newer than the verdict is a redo and waits for a verdict`(
        completedAt: String,
        kind: Callback.Kind
    ) throws {
        let json = try Examples.json("41").changingTask { $0.setting("completed_at", .string(completedAt)) }
        #expect(try Callback(body: json.encoded).kind == kind)
        let withoutOwnTime = json.changingTask { $0.setting("customer_audited_at", nil) }
        #expect(try Callback(body: withoutOwnTime.encoded).kind == kind, "the audit list tells the time too")
    }

    @Test(
        arguments: [
            #"[]"#, #"[{"task_id":"a"}]"#, #""task_id""#, "17", "-0.0", "null", "true", "{}",
            #"{"task_id":"a","task_id":"a"}"#, #"{"task_id":"a","task":{"task_id":"a"},"task":{"task_id":"b"}}"#,
            #"{"task_id":"a","task":{"status":"completed","status":"error"}}"#,
            #"{"task_id":"a","task\u005fid":"b"}"#,
            #"{"task_id":"a","status":"completed","task":{"task_id":"b"}}"#, #"{"task_id":7}"#, #"{"task_id":""}"#,
            #"{"task_id":null}"#, #"{"task_id":["a"]}"#, #"{"task_id":"../../etc/passwd","status":"completed"}"#,
            #"{"task_id":"a b","status":"completed"}"#, #"{"task_id":"a\u0000","status":"completed"}"#,
            #"{"task_id":"ä","status":"completed"}"#, #"{"task":{"status":"completed"}}"#,
            #"{"batch":"","status":"completed"}"#, #"{"batch":7,"status":"completed"}"#,
            #"{"batch":"b","task":{},"status":"completed"}"#, #"{"batch":"b","task_id":1,"status":"completed"}"#,
            #"{"task_id":"\#(String(repeating: "a", count: 10_000))","status":"completed"}"#,
            #"{"task_id":"\#(String(repeating: "a", count: 129))","status":"completed"}"#,
            #"{"batch":"\#(String(repeating: "b", count: 1001))","status":"completed"}"#,
        ]
    )
    func `a shape that is not known is unrecognised and about nothing`(body: String) throws {
        let callback = try Callback(body: Array(body.utf8))
        #expect(callback.kind == .unrecognised)
        #expect(callback.subject == .unrecognised)
        #expect(callback.document.bytes == Array(body.utf8))
        let other = try Callback(body: Array(body.utf8) + [0x20, 0x0A])
        #expect(other.fingerprint == callback.fingerprint)
    }

    @Test(
        arguments: [
            (#"{"task_id":"a"}"#, Callback.Subject.task("a")), (#"{"task_id":"a","status":"exploded"}"#, .task("a")),
            (#"{"task":{"task_id":"a","status":7}}"#, .task("a")), (#"{"task_id":"a","task":[]}"#, .task("a")),
            (#"{"task_id":"a","status":""}"#, .task("a")), (#"{"batch":"b"}"#, .batch("b")),
            (#"{"batch":"b","status":null}"#, .batch("b")),
        ]
    )
    func `a status that is not known is unrecognised but keeps its subject`(
        body: String,
        subject: Callback.Subject
    ) throws {
        let callback = try Callback(body: Array(body.utf8))
        #expect(callback.kind == .unrecognised)
        #expect(callback.subject == subject)
    }

    @Test func `wrong kinds of known members harm nothing`() throws {
        let body = #"""
            {"task_id":"a","status":"completed","response":3,"task":{"completed_at":7,"customer_review_status":[],
            "audits":"x","prior_responses":{},"tags":{"a":1},"metadata":[1],"project":1,"type":null,"updated_at":"soon"}}
            """#
        let callback = try Callback(body: Array(body.utf8))
        #expect(callback.kind == .completed)
        #expect(callback.completedAt == nil)
        #expect(callback.changedAt == nil)
        #expect(callback.priorResponseCount == 0)
        #expect(callback.tags.isEmpty)
        #expect(callback.metadataKeys.isEmpty)
        #expect(callback.project == nil)
    }

    @Test(arguments: ["", " ", "{", "{}x", "{'a':1}", #"{"a":1,}"#, "\u{FEFF}{}", "NaN", #"{"a":"\#u{1}"}"#])
    func `what is not JSON throws`(body: String) {
        #expect(throws: JSONSyntaxError.self) { try Callback(body: Array(body.utf8)) }
    }

    @Test func `bytes that are not UTF-8 throw`() {
        #expect(throws: JSONSyntaxError.self) { try Callback(body: [0x22, 0xFF, 0x22]) }
    }
}
