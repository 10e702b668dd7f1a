import Callbacks
import ScaleAPI
import ScaleSimulator
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct AuditLimitTests {
    private typealias Rule = AuditHandler.Configuration.Rule

    private static let rejecting = Rule(verdict: .reject, reason: "no", condition: .always)

    private func handler(
        _ mode: HandlerMode = .live,
        confirm: Bool = true,
        _ rule: Rule = Self.rejecting
    ) throws -> AuditHandler {
        try AuditHandler(configuration: .init(mode: mode, confirm: confirm, rules: [rule]))
    }

    private func context(
        _ scale: SimulatedScale,
        mode: HandlerMode? = nil,
        notes: [JSON] = [],
        claim: @escaping @Sendable (EffectClaim) throws -> EffectClaim.Answer = { _ in .granted }
    ) -> HandlerContext {
        HandlerContext(
            attempt: notes.count + 1,
            scale: scale.client,
            earlierNotes: notes,
            mode: mode,
            logger: NoteBook().context().logger,
            makeClaim: claim
        )
    }

    @Test func `what is claimed is the verdict, with the limits that are configured`() async throws {
        try await SimulatedScale.run { scale in
            let claims = Mutex<[EffectClaim]>([])
            let event = Example.event(Callback(task: try await scale.completedTask()))
            let outcome = try await self.handler()
                .handle(
                    event,
                    in: self.context(scale) { claim in
                        claims.withLock { $0.append(claim) }
                        return .granted
                    }
                )
            #expect(outcome.hadEffect && outcome.disposition == .completed)
            let note: JSON = ["auditing": "reject", "rule": 1, "comment": "no"]
            let claim = EffectClaim(verdict: "reject", isReject: true, limits: .init(perTask: 2), note: note)
            #expect(claims.withLock { $0 } == [claim])
        }
    }

    @Test(arguments: [
        (
            EffectClaim.Answer.taskLimit(2), Outcome.Disposition.completed,
            "leave: limit per-task: 2 audits of this task were sent already"
        ),
        (.repeated, .completed, "leave: an earlier delivery of this event has sent its audit"),
        (.held("limit per-hour: x"), .released, "limit per-hour: x"),
    ])
    func `what is not granted is not sent, and says why`(
        answer: EffectClaim.Answer,
        disposition: Outcome.Disposition,
        summary: String
    ) async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await scale.completedTask()))
            let outcome = try await self.handler().handle(event, in: self.context(scale) { _ in answer })
            #expect(outcome.disposition == disposition && outcome.summary == summary && !outcome.hadEffect)
            #expect(scale.simulator.audits.isEmpty)
            #expect(outcome.detail?["verdict"]?.string == (disposition == .completed ? "leave" : "reject"))
            #expect(outcome.detail?["withheld"]?.string == (disposition == .completed ? "reject" : nil))
        }
    }

    @Test func `only what was sent had an effect`() async throws {
        try await SimulatedScale.run { scale in
            let event = Example.event(Callback(task: try await scale.completedTask()))
            let shadow = try await self.handler(.shadow).handle(event, in: self.context(scale))
            let leaving = Rule(verdict: .leave, reason: "people", condition: .always)
            let left = try await self.handler(.live, confirm: true, leaving).handle(event, in: self.context(scale))
            #expect(!shadow.hadEffect && !left.hadEffect)
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    @Test func `what an operator switched it to counts more than its configuration`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let event = Example.event(Callback(task: task))
            let demoted = try await self.handler(.live).handle(event, in: self.context(scale, mode: .shadow))
            #expect(demoted.detail?["mode"] == "shadow" && scale.simulator.audits.isEmpty)
            let promoted = try await self.handler(.shadow).handle(event, in: self.context(scale, mode: .live))
            #expect(promoted.detail?["mode"] == "live" && scale.simulator.audits[task.id]?.count == 1)
        }
    }

    @Test func `a promoted handler without a key is held`() async throws {
        let context = HandlerContext(attempt: 1, scale: nil, mode: .live, logger: NoteBook().context().logger)
        let outcome = try await self.handler(.shadow).handle(Example.event(Example.callback("01-")), in: context)
        #expect(outcome.disposition == .hold && outcome.summary.contains("has no API key"))
    }

    @Test(arguments: [true, false])
    func `with confirm a forged body causes no audit, without it the body counts`(confirm: Bool) async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            var forged = task.json
            forged["response"] = ["annotations": []]
            let event = Example.event(Callback(task: try present(ScaleTask(json: .object(forged)))))
            let requests = scale.simulator.summary.requests
            let outcome = try await self.handler(confirm: confirm).handle(event, in: self.context(scale))
            #expect(outcome.disposition == (confirm ? .stale : .completed))
            #expect(scale.simulator.audits.count == (confirm ? 0 : 1))
            // One request in both cases: Scale is asked, or told.
            #expect(scale.simulator.summary.requests == requests + 1)
        }
    }

    @Test(arguments: [true, false]) func `after an unclear answer Scale is asked also without confirm`(hadEffect: Bool)
        async throws
    {
        try await SimulatedScale.run { scale in
            let task = try await scale.completedTask()
            let event = Example.event(Callback(task: task))
            let handler = try self.handler(confirm: false)
            try scale.simulator.failNext(.init(pathContains: "/audit", status: 500, afterEffect: hadEffect))
            let first = try await handler.handle(event, in: self.context(scale))
            #expect(first.disposition == .retry(after: nil))
            let second = try await handler.handle(event, in: self.context(scale, notes: [["auditing": "reject"]]))
            #expect(second.disposition == .completed && second.hadEffect)
            #expect(scale.simulator.audits[task.id]?.count == 1)
        }
    }
}
