import Callbacks
import ScaleAPI
import ScaleSimulator
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct AuditHandlerLiveTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    private static let accepting = Rule(verdict: .accept, reason: "all checks passed", condition: .always)
    private static let rejecting = Rule(
        verdict: .reject,
        reason: "Look at {label}",
        condition: .find("SELECT label FROM annotations")
    )

    private func live(_ rules: Rule...) throws -> AuditHandler {
        try AuditHandler(configuration: .init(mode: .live, rules: rules))
    }

    @Test func `an accept is sent once, after a note`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let book = NoteBook()
            let outcome = try await self.live(Self.accepting)
                .handle(Example.event(Callback(task: task)), in: book.context(scale: scale.client))
            #expect(outcome.disposition == .completed)
            #expect(outcome.detail?["answer"] == "audited")
            #expect(book.notes == [["auditing": "accept", "rule": 1]])
            #expect(scale.simulator.audits[task.id]?.map(\.accepted) == [true])
            #expect(scale.simulator.audits[task.id]?.first?.comments == nil)
        }
    }

    @Test func `a reject carries its comment`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let outcome = try await self.live(Self.rejecting)
                .handle(Example.event(Callback(task: task)), in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .completed)
            #expect(scale.simulator.audits[task.id]?.map(\.accepted) == [false])
            #expect(scale.simulator.audits[task.id]?.first?.comments == "Look at truck")
        }
    }

    @Test func `shadow and leave never call Scale`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let before = scale.simulator.summary.requests
            let event = Example.event(Callback(task: task))
            let shadow = try AuditHandler(configuration: .init(rules: [Self.accepting]))
            _ = try await shadow.handle(event, in: NoteBook().context(scale: scale.client))
            let leaving = try self.live(Rule(verdict: .leave, reason: "people", condition: .always))
            let outcome = try await leaving.handle(event, in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .completed)
            #expect(scale.simulator.summary.requests == before)
        }
    }

    @Test func `the callback of our own audit causes no second one`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let handler = try self.live(Self.accepting)
            _ = try await handler.handle(
                Example.event(Callback(task: task)),
                in: NoteBook().context(scale: scale.client)
            )
            let audited = Callback(task: try await scale.client.task(task.id))
            #expect(audited.kind == .audit)
            let outcome = try await handler.handle(
                Example.event(audited, id: 8),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(outcome == .completed("not a completed task", hadEffect: false))
            #expect(scale.simulator.audits[task.id]?.count == 1)
        }
    }

    @Test func `a task that somebody has reviewed is stale`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            try await scale.client.auditTask(task.id, accepted: false, comments: "by a person")
            for notes: [JSON] in [[], [["auditing": "accept", "rule": 1]]] {
                let outcome = try await self.live(Self.accepting)
                    .handle(
                        Example.event(Callback(task: task)),
                        in: NoteBook().context(scale: scale.client, earlierNotes: notes)
                    )
                #expect(outcome.disposition == .stale)
                #expect(outcome.summary.contains("already reviewed"))
            }
            #expect(scale.simulator.audits[task.id]?.count == 1)
        }
    }

    @Test func `a task that was recalled and done again is stale`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            try scale.simulator.recall(task.id)
            let handler = try self.live(Self.accepting)
            let again = try await scale.completed(task.id)
            let old = try await handler.handle(
                Example.event(Callback(task: task)),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(old.disposition == .stale)
            #expect(scale.simulator.audits[task.id] == nil)
            let new = try await handler.handle(
                Example.event(Callback(task: again), id: 9),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(new.disposition == .completed)
            #expect(scale.simulator.audits[task.id]?.count == 1)
        }
    }

    @Test func `a body that differs from Scale's own copy is not acted on`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            var forged = task.json
            forged["response"] = ["annotations": []]
            let callback = Callback(task: try present(ScaleTask(json: .object(forged))))
            let outcome = try await self.live(Self.accepting)
                .handle(Example.event(callback), in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .stale)
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    @Test(arguments: [true, false]) func `what is judged in the end is Scale's own copy`(isChanged: Bool) async throws {
        // The metadata is not part of the fingerprint, so only looking at the fetched task can tell.
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            if isChanged { _ = try await scale.client.setMetadata(["hold": true], ofTask: task.id) }
            let handler = try self.live(
                Rule(verdict: .leave, reason: "held", condition: .when("metadata ->> 'hold'")),
                Self.accepting
            )
            let outcome = try await handler.handle(
                Example.event(Callback(task: task)),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(outcome.detail?["verdict"]?.string == (isChanged ? "leave" : "accept"))
            #expect(scale.simulator.audits.count == (isChanged ? 0 : 1))
        }
    }

    @Test(arguments: [(true, false), (false, false), (true, true)])
    func `after an unclear answer Scale is asked, and there is one audit in the end`(
        hadEffect: Bool,
        isReset: Bool
    ) async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let event = Example.event(Callback(task: task))
            let handler = try self.live(Self.rejecting)
            try scale.simulator.failNext(
                .init(pathContains: "/audit", status: 500, afterEffect: hadEffect, reset: isReset)
            )
            let book = NoteBook()
            let first = try await handler.handle(event, in: book.context(scale: scale.client))
            #expect(first.disposition == .retry(after: nil))
            #expect(first.failureClass == .unavailable)
            #expect(book.notes.count == 1)
            #expect(scale.simulator.audits[task.id]?.count == (hadEffect ? 1 : nil))

            let second = try await handler.handle(
                event,
                in: book.context(scale: scale.client, attempt: 2, earlierNotes: book.notes)
            )
            #expect(second.disposition == .completed)
            #expect(second.summary.contains("the earlier audit did arrive") == hadEffect)
            #expect(scale.simulator.audits[task.id]?.count == 1)
        }
    }

    @Test func `without a kept note nothing is sent`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let context = HandlerContext(
                attempt: 1,
                scale: scale.client,
                logger: NoteBook().context().logger,
                keepNote: { _ in throw MissingFixture() }
            )
            await #expect(throws: MissingFixture.self) {
                _ = try await self.live(Self.accepting).handle(Example.event(Callback(task: task)), in: context)
            }
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    @Test(
        arguments: [
            (401, Outcome.Disposition.hold), (402, .hold), (403, .hold), (404, .dead), (400, .dead), (409, .dead),
            (429, .retry(after: .seconds(17))), (503, .retry(after: .seconds(17))), (500, .retry(after: .seconds(17))),
        ],
        ["GET", "POST"]
    ) func `what Scale's answer means for the delivery`(
        answer: (status: Int, expected: Outcome.Disposition),
        method: String
    ) async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let handler = try self.live(Self.accepting)
            try scale.simulator.failNext(
                .init(pathContains: "/task/\(task.id)", method: method, status: answer.status, retryAfter: 17)
            )
            let outcome = try await handler.handle(
                Example.event(Callback(task: task)),
                in: NoteBook().context(scale: scale.client)
            )
            #expect(outcome.disposition == answer.expected)
            #expect(outcome.failureClass == (answer.status == 429 || answer.status >= 500 ? .unavailable : .rejected))
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    @Test func `a key that Scale refuses holds the handler`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let outcome = try await self.live(Self.accepting)
                .handle(Example.event(Callback(task: task)), in: NoteBook().context(scale: scale.stranger))
            #expect(outcome.disposition == .hold)
            #expect(!outcome.summary.contains("live_x"))
        }
    }

    @Test func `an unknown task is a dead letter`() async throws {
        try await SimulatedScale.run { scale in
            let outcome = try await self.live(Self.accepting)
                .handle(Example.event(Example.callback("01-")), in: NoteBook().context(scale: scale.client))
            #expect(outcome.disposition == .dead)
            #expect(outcome.failureClass == .rejected)
        }
    }

    @Test func `a cancelled attempt ends as cancelled`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let handler = try self.live(Self.accepting)
            let event = Example.event(Callback(task: task))
            let context = NoteBook().context(scale: scale.client)
            await withTaskGroup { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) { _ = try await handler.handle(event, in: context) }
                }
                group.cancelAll()
            }
            #expect(scale.simulator.audits.isEmpty)
        }
    }
}
