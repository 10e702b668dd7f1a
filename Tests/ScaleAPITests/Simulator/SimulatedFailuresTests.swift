import Foundation
import ScaleAPI
import ScaleSimulator
import Testing

/// Failures that end a call or pass over: statuses, delays, broken connections and answers.
@Suite(.timeLimit(.minutes(1))) struct SimulatedFailuresTests {
    /// What every status of contract B0 becomes, and whether another attempt is made.
    static let statuses: [(status: Int, code: ScaleError.Code, isRepeated: Bool)] =
        [
            (302, .redirected, false), (400, .badRequest, false), (401, .unauthorized, false),
            (402, .notEnabled, false), (403, .forbidden, false), (404, .notFound, false), (408, .timeout, true),
            (409, .conflict, false), (418, .other, false), (429, .tooManyRequests, true), (500, .serverError, true),
            (502, .unavailable, true), (503, .unavailable, true), (504, .unavailable, true),
        ] + (520...530).map { ($0, .unavailable, true) }

    @Test func `every status has its code, and those that pass are tried again`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            for (status, code, isRepeated) in Self.statuses {
                let before = scale.count("GET /task/{task}")
                try scale.simulator.failNext(.init(method: "GET", status: status, times: 4))
                let error = await scaleError { () throws(ScaleError) in try await scale.live.task(id) }
                #expect(error?.code == code && error?.status == status, "\(status)")
                #expect(error?.operation == "GET /task/{id}" && error?.isOutcomeUnknown == false, "\(status)")
                #expect(error?.description.contains("live_simulator") == false)
                if status < 520 { #expect(error?.message == "Failed by order of the simulator.") }
                let attempts = scale.count("GET /task/{task}") - before
                #expect(attempts == (isRepeated ? 4 : 1), "\(status)")
                // Uses up what is left of the rule.
                for _ in attempts..<4 {
                    _ = await scaleError { () throws(ScaleError) in try await scale.live.task(id) }
                }
                #expect(try await scale.live.task(id).id == id)
            }
        }
    }

    @Test func `refusals that nobody ordered have their codes and Scale's words`() async throws {
        try await SimulatedScale.runIdle { scale in
            let task = try await scale.makeTask(.init(uniqueID: "u"))
            func error(_ call: () async throws(ScaleError) -> ScaleTask) async -> ScaleError? {
                await scaleError(call)
            }
            let missing = await error { () throws(ScaleError) in
                try await scale.live.createTask(type: "textcollection", parameters: [:])
            }
            #expect(missing?.code == .badRequest)
            #expect(missing?.message == #"Parameter is invalid, reason: "attachments" is required"#)
            let stranger = await error { () throws(ScaleError) in
                try await scale.client(key: "live_nobody").task(task.id)
            }
            #expect(stranger?.code == .unauthorized)
            let unknown = await error { () throws(ScaleError) in try await scale.live.task("a/b ü") }
            #expect(unknown?.code == .notFound && unknown?.message == "Task with that ID not found.")
            let taken = await error { () throws(ScaleError) in
                try await scale.live.createTask(
                    type: "categorization",
                    parameters: ["attachment": "x", "categories": ["a"], "unique_id": "u"]
                )
            }
            #expect(taken?.code == .conflict && taken?.isOutcomeUnknown == false)
            let words = #"The unique_id ("u") is already used for a different task (\#(task.id))."#
            #expect(taken?.message == words && scale.taskCount() == 1)
        }
    }

    @Test(arguments: [false, true])
    func `a call succeeds after failures that pass`(isChange: Bool) async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            let failures: [ScaleSimulator.FailureRule] = [
                .init(status: 503), .init(status: 521, afterEffect: true), .init(reset: true),
                .init(afterEffect: true, reset: true), .init(status: nil, truncated: true), .init(status: 408),
                .init(status: 429), .init(status: 500, malformed: true),
            ]
            for rule in failures {
                try scale.simulator.failNext(rule)
                let task =
                    isChange
                    ? try await scale.live.addTags(["a"], ofTask: id) : try await scale.live.task(id)
                #expect(task.id == id && task.tags == (isChange ? ["a"] : []), "\(rule)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `an answer that is no JSON fails at once and is unclear only for a change`(isChange: Bool) async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            let operation = isChange ? "POST /task/{task}/setMetadata" : "GET /task/{task}"
            try scale.simulator.failNext(.init(status: nil, malformed: true))
            let error = await scaleError { () throws(ScaleError) in
                isChange
                    ? try await scale.live.setMetadata(["a": 1], ofTask: id) : try await scale.live.task(id)
            }
            #expect(error?.code == .malformedResponse && error?.isOutcomeUnknown == isChange)
            #expect(scale.count(operation) == 1)
            #expect(try await scale.live.task(id).metadata == (isChange ? ["a": 1] : [:]))
        }
    }

    @Test func `a slow answer and a slow body are given up after the timeout`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            let hasty = scale.client { configuration in
                configuration.timeout = .milliseconds(150)
                configuration.retry.attempts = 1
            }
            for rule in [ScaleSimulator.FailureRule(status: nil, delay: 10), .init(status: nil, trickle: 10)] {
                try scale.simulator.failNext(rule)
                let error = await scaleError { () throws(ScaleError) in try await hasty.task(id) }
                #expect(error?.code == .timeout && error?.status == nil && error?.isOutcomeUnknown == false)
                try scale.simulator.failNext(rule)
                let change = await scaleError { () throws(ScaleError) in try await hasty.setTags(["a"], ofTask: id) }
                #expect(change?.code == .timeout && change?.isOutcomeUnknown == true)
            }
            // With attempts left it is tried again, and slowness within the timeout is none.
            let patient = scale.client { $0.timeout = .milliseconds(400) }
            try scale.simulator.failNext(.init(status: nil, delay: 10))
            #expect(try await patient.task(id).id == id)
            try scale.simulator.failNext(.init(status: nil, trickle: 0.1))
            #expect(try await patient.task(id).id == id)
        }
    }

    // MARK: - 429

    @Test func `a 429 without a word waits by the policy, one with a word waits as long as that`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            try scale.simulator.failNext(.init(status: 429, times: 2))
            #expect(try await scale.live.task(id).id == id)
            #expect(scale.clock.sleeps == [.milliseconds(500), .seconds(1)])
            try scale.simulator.failNext(.init(status: 429, times: 3, retryAfter: 7))
            #expect(try await scale.live.task(id).id == id)
            #expect(scale.clock.sleeps.dropFirst(2) == [.seconds(7), .seconds(7), .seconds(7)])
            try scale.simulator.failNext(.init(status: 429, times: 4, retryAfter: 8))
            let error = await scaleError { () throws(ScaleError) in try await scale.live.task(id) }
            #expect(error?.code == .tooManyRequests && error?.retryAfter == .seconds(8))
        }
    }

    @Test func `an audit that was refused with 429 is made once`() async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            try scale.simulator.failNext(.init(pathContains: "/audit", status: 429, times: 3, retryAfter: 1))
            try await scale.live.auditTask(id, accepted: true)
            #expect(scale.statuses("POST /task/{task}/audit") == [429, 429, 429, 200])
            #expect(scale.simulator.audits[id]?.count == 1)
        }
    }

    @Test func `a 429 holds back all copies of a client, and who is cancelled meanwhile returns`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            let clock = StillClock()
            let first = scale.client(clock: clock)
            let copy = first
            try scale.simulator.failNext(.init(method: "GET", status: 429, retryAfter: 9))
            let reading = Task { await scaleError { () throws(ScaleError) in try await first.task(id) } }
            try await clock.untilSleepers(1)
            let waiting = Task {
                await scaleError { () throws(ScaleError) in try await copy.setTags(["a"], ofTask: id) }
            }
            try await clock.untilSleepers(2)
            #expect(clock.sleeps == [.seconds(9), .seconds(9)])
            // Nothing more went out: neither the repeat nor the other call.
            #expect(scale.statuses("GET /task/{task}") == [429] && scale.count("POST /task/{task}/tags") == 0)
            for call in [reading, waiting] {
                call.cancel()
                let error = await call.value
                #expect(error?.code == .cancelled && error?.isOutcomeUnknown == false)
            }
        }
    }

    @Test func `a call that is cancelled in the middle of its answer may have had its effect`() async throws {
        try await SimulatedScale.runIdle { scale in
            try scale.simulator.failNext(.init(status: nil, trickle: 30))
            let creating = Task {
                await scaleError { () throws(ScaleError) in
                    try await scale.live.createTask(
                        type: "categorization",
                        parameters: ["attachment": "x", "categories": ["a"], "unique_id": "u"]
                    )
                }
            }
            try await scale.eventually { scale.taskCount() == 1 }
            creating.cancel()
            let error = await creating.value
            #expect(error?.code == .cancelled && error?.isOutcomeUnknown == true)
            #expect(scale.count("POST /task/{task}") == 1)
        }
    }

    @Test func `nobody listens`() async throws {
        try await SimulatedScale.run { scale in
            let nowhere = scale.client { $0.baseURL = "http://127.0.0.1:1/v1" }
            let error = await scaleError { () throws(ScaleError) in try await nowhere.auditTask("5f00", accepted: true)
            }
            // It cannot have left this machine, so that even an audit is tried again.
            #expect(error?.code == .connectionFailed && error?.isOutcomeUnknown == false)
            #expect(scale.clock.sleeps.count == 3)
        }
    }
}
