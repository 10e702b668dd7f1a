import Foundation
import ScaleAPI
import Testing

@Suite struct ScaleTaskTests {
    private func task(_ text: String) throws -> ScaleTask { try #require(ScaleTask(json: JSON(parsing: text))) }

    @Test func `an audited task shows all that is known of it`() throws {
        let example = try #require(Examples.all.first { $0.name.hasSuffix("44-audit-fixed-twice.json") })
        let task = try #require(ScaleTask(json: JSON(parsing: example.bytes)["task"] ?? nil))
        #expect(task.status == .completed)
        #expect(task.customerReviewStatus == "fixed")
        #expect(task.customerReviewComments.count == 2)
        #expect(task.priorResponses.count == 2)
        #expect(task.audits.count >= 2)
        #expect(task.audits.allSatisfy { $0.auditedAt != nil && $0.source != nil })
        #expect(task.audits.allSatisfy { $0.result == .fixed || $0.result == .rejected || $0.result == .accepted })
        #expect(task.completedAt != nil)
        #expect(task.response?["is_customer_fix"] == true)
    }

    @Test func `what each worker of a consensus made of it is read`() throws {
        let example = try #require(Examples.all.first { $0.name.contains("/08-") })
        let task = try #require(ScaleTask(json: JSON(parsing: example.bytes)["task"] ?? nil))
        let results = task.attempts.compactMap { $0["response"].flatMap(TaskResponse.init(json:)) }
        #expect(results.map { $0.textAnswers.first?.first?.texts } == [["yes"], ["no"], ["yes"]])
        #expect(try self.task(#"{"task_id":"1","project_param_version":3}"#).projectParamVersion == 3)
    }

    @Test func `every task of the examples can be read`() throws {
        var count = 0
        for example in Examples.all where example.name.hasPrefix("callbacks/") {
            guard let task = ScaleTask(json: try JSON(parsing: example.bytes)["task"] ?? nil) else { continue }
            count += 1
            #expect(task.status != nil, "\(example.name)")
            #expect(task.type != nil, "\(example.name)")
            #expect(task.createdAt != nil, "\(example.name)")
            #expect(JSON.object(task.json).encoded.count > 50)
        }
        #expect(count > 30)
    }

    @Test(arguments: ["null", "[]", #""5f00""#, "{}", #"{"task_id":null}"#, #"{"task_id":5}"#, #"{"task_id":""}"#])
    func `without a task_id it is no task`(text: String) throws {
        #expect(ScaleTask(json: try JSON(parsing: text)) == nil)
    }

    @Test func `fields of the wrong kind read as missing`() throws {
        let names = [
            "type", "status", "project", "batch", "unique_id", "tags", "metadata", "params", "response", "instruction",
            "callback_url",
            "callback_succeeded", "is_test", "priority", "urgency", "created_at", "updated_at", "completed_at",
            "audits",
            "customer_review_status", "customer_review_comments", "customer_audited_at", "prior_responses",
        ]
        for wrong in ["null", "[[1]]", "1.5", #"{"a":1}"#, "false", #""x""#] {
            let members = names.map { #","\#($0)":\#(wrong)"# }.joined()
            let task = try self.task(#"{"task_id":"1"\#(members)}"#)
            #expect(task.id == "1")
            #expect(task.tags.isEmpty)
            #expect(task.createdAt == nil)
            #expect(task.updatedAt == nil)
            #expect(task.completedAt == nil)
            #expect(task.customerAuditedAt == nil)
            #expect(task.priority == nil)
            #expect(task.priorResponses.isEmpty)
            #expect(task.audits.isEmpty)
            #expect((task.status == nil) == (wrong != #""x""#))
            #expect(task.customerReviewComments == (wrong == #""x""# ? ["x"] : []))
            #expect((task.response == nil) == (wrong != #"{"a":1}"#))
            #expect(!task.isTest)
        }
    }

    @Test(arguments: [
        (#""callback_succeeded":true"#, true), (#""callback_succeeded":false"#, false),
        (#""callback_completed":true"#, true),
        (#""callback_succeeded_at":"2025-01-01T00:00:00Z""#, true), (#""callback_succeeded_at":null"#, nil),
        (#""x":1"#, nil),
        (#""callback_succeeded":false,"callback_succeeded_at":"2025-01-01T00:00:00Z""#, false),
    ])
    func `the result of the callback has three names`(member: String, result: Bool?) throws {
        #expect(try self.task(#"{"task_id":"1",\#(member)}"#).callbackSucceeded == result)
    }

    @Test func `an unknown status is kept as it is`() throws {
        let task = try self.task(#"{"task_id":"1","status":"in_review","callback_url":""}"#)
        #expect(task.status == ScaleTask.Status(rawValue: "in_review"))
        #expect(task.callbackURL == nil)
    }
}
