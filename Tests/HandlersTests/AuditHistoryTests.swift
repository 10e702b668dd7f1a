import Callbacks
import ScaleAPI
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct AuditHistoryTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    /// A completed task of boxes, and more of its members.
    private func task(_ labels: [String], _ change: (inout JSON.Object) -> Void = { _ in }) throws -> Callback {
        try Example.boxes(labels.map { Example.box(["label": .string($0)]) }) { task in
            for key in ["audits", "prior_responses", "customer_review_status", "customer_audited_at"] {
                task[key] = nil
            }
            change(&task)
        }
    }

    private func response(_ labels: [String]) -> JSON {
        ["annotations": .array(labels.map { Example.box(["label": .string($0)]) })]
    }

    private func audited(_ labels: [String], at time: String) throws -> Callback {
        try self.task(labels) { task in
            task["customer_review_status"] = "rejected"
            task["customer_audited_at"] = .string(time)
            task["customer_review_comments"] = "No."
        }
    }

    private func log(_ earlier: Callback..., before callback: Callback) -> [HistoryEntry] {
        let events = earlier.enumerated().map { Example.event($0.element, id: Int64($0.offset + 1)) }
        return HistoryEntry.log(of: events, before: callback)
    }

    @Test func `earlier events become responses, audits and their kinds`() throws {
        let first = try self.task(["truck"])
        let audit = try self.audited(["truck"], at: "2025-03-11T15:00:00.000Z")
        let recalled = try Example.task("imageannotation", response: nil) { $0["status"] = "pending" }
        let entries = try self.log(first, audit, recalled, before: self.task(["person"]))
        #expect(entries.map(\.kind) == ["response", "audit", "recalled"])
        #expect(entries.allSatisfy { $0.source == .log })
        #expect(entries[0].response == self.response(["truck"]) && entries[0].at != nil)
        #expect(entries[1].reviewStatus == "rejected" && entries[1].comments == "No.")
        #expect(entries[1].at == "2025-03-11T15:00:00.000Z")
    }

    @Test func `what the callback lists itself is not told twice`() throws {
        let first = try self.task(["truck"])
        let audit = try self.audited(["truck"], at: "2025-03-11T15:00:00.000Z")
        let redone = try self.task(["person"]) { task in
            task["prior_responses"] = [self.response(["truck"])]
            task["audits"] = [["audited_at": "2025-03-11T15:00:00Z", "audit_result": "rejected"]]
        }
        #expect(self.log(first, audit, before: redone).isEmpty)
        // A response that it does not list stays.
        let between = try self.task(["truck", "person"])
        #expect(self.log(first, between, audit, before: redone).map(\.kind) == ["response"])
        // And so does an audit of another time.
        let other = try self.audited(["truck"], at: "2025-03-11T16:00:00.000Z")
        #expect(self.log(other, before: redone).map(\.kind) == ["audit"])
    }

    @Test(arguments: [true, false]) func `rules are told of earlier events when they read them`(reads: Bool)
        async throws
    {
        let asked = Atomic(0)
        let rule =
            reads
            ? Rule(verdict: .leave, reason: "was {kind}", condition: .find("SELECT kind FROM history"))
            : Rule(verdict: .leave, reason: "any", condition: .when("is_empty"))
        let handler = try AuditHandler(
            configuration: .init(rules: [rule, Rule(verdict: .accept, reason: "fine", condition: .always)])
        )
        #expect(handler.readsHistory == reads)
        let earlier = Example.event(try self.task(["truck"]), id: 3)
        let context = HandlerContext(
            attempt: 1,
            scale: nil,
            logger: NoteBook().context().logger,
            readEarlierEvents: {
                asked.add(1, ordering: .relaxed)
                return [earlier]
            }
        )
        let outcome = try await handler.handle(Example.event(self.task(["person"])), in: context)
        #expect(outcome.detail?["verdict"]?.string == (reads ? "leave" : "accept"))
        #expect(asked.load(ordering: .relaxed) == (reads ? 1 : 0))
    }
}
