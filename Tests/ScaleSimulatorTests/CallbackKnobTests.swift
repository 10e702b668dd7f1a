import Testing

@testable import ScaleSimulator

/// Knobs that show in the callbacks, each turned while the simulator runs.
@Suite(.timeLimit(.minutes(1))) struct CallbackKnobTests {
    @Test func `the number of retries`() async throws {
        try await Turned.with(["retries": 2, "retry_first_delay": 0], answers: [500, 500, 500, 500]) { turned in
            let id = try await turned.createTestTask()
            try await turned.settled(3)
            #expect(turned.tries.map { $0["outcome"] } == ["refused", "refused", "refused, given up"])
            #expect(try await turned.api.test.get("/task/\(id)")["callback_succeeded"] == false)
        }
    }

    @Test func `the time a try may take`() async throws {
        try await Turned.with(["attempt_timeout": 0.05], answers: [0]) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(2)
            // On a slow machine a later try may time out, too.
            #expect(turned.tries.first?["outcome"] == "timed out")
            #expect(turned.tries.last?["outcome"] == "acknowledged")
        }
    }

    @Test(arguments: [(302, "GET"), (307, "POST")])
    func `redirects are followed within loopback`(status: Int, method: String) async throws {
        try await Turned.with(["redirects": "follow"], answers: [status, 200]) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(2)
            #expect(turned.receiver.callbacks.map(\.method) == ["POST", method])
            #expect(turned.tries.map { $0["outcome"] } == ["acknowledged, redirects: 1"])
        }
    }

    @Test(arguments: ["http://hooks.example.com/x", "//192.0.2.1/", "ftp://127.0.0.1/", "http://[broken"])
    func `redirects to anywhere else are not followed`(location: String) async throws {
        let knobs: JSON = ["redirects": "follow", "retries": 0]
        try await Turned.with(knobs, answers: [307], location: location) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(turned.tries.map { $0["outcome"] } == ["redirected to where it may not go, given up"])
        }
    }

    @Test func `redirects in a circle come to an end`() async throws {
        let knobs: JSON = ["redirects": "follow", "retries": 0]
        try await Turned.with(knobs, answers: Array(repeating: 308, count: 20)) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(6)
            #expect(turned.tries.map { $0["outcome"] } == ["too many redirects, given up"])
            #expect(turned.receiver.callbacks.count == 6)
        }
    }

    @Test(
        arguments: [
            (["callback_status": false], ["task", "response", "task_id"]),
            (["callback_key_order": "response_first"], ["response", "task_id", "task", "status"]),
            ([:], ["task", "response", "task_id", "status"]),
        ] as [(JSON, [String])]
    )
    func `the members of the body and their order`(knobs: JSON, keys: [String]) async throws {
        try await Turned.with(knobs) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(turned.receiver.callbacks.first?.body.object?.members.map(\.key) == keys)
        }
    }

    @Test(arguments: [
        ("live", "live_auth_simulator"), ("test", "test_auth_simulator"), ("by_mode", "test_auth_simulator"),
    ])
    func `which key goes with callbacks`(choice: String, key: String) async throws {
        try await Turned.with(["callback_auth": .string(choice)]) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(turned.receiver.callbacks.map(\.authKey) == [key])
        }
    }

    @Test func `a frozen body repeats what the first try said`() async throws {
        try await Turned.with(["retried_body": "frozen"], answers: [500]) { turned in
            turned.receiver.hold()
            let id = try await turned.createTestTask()
            try await eventually("first try") { turned.receiver.callbacks.count == 1 }
            try await turned.api.test.post("/task/\(id)/tags", ["late"])
            turned.receiver.release()
            try await turned.settled(2)
            #expect(turned.receiver.callbacks[0].body == turned.receiver.callbacks[1].body)
        }
    }

    @Test(arguments: [true, false]) func `a cancel calls back or not`(callsBack: Bool) async throws {
        let knobs: JSON = ["cancel_calls_back": .bool(callsBack), "completion_delay": 1_000_000]
        try await Turned.with(knobs) { turned in
            let id = try await turned.api.createTask(["callback_url": .string(turned.url)])
            #expect(try await turned.api.post("/task/\(id)/cancel")["status"] == "canceled")
            _ = try await turned.createTestTask()
            try await turned.settled(callsBack ? 2 : 1)
            let statuses = Set(turned.receiver.callbacks.map { $0.body["status"]?.string })
            #expect(statuses == (callsBack ? ["canceled", "completed"] : ["completed"]))
        }
    }

    @Test func `an audit need not call back`() async throws {
        try await Turned.with(["audit_calls_back": false]) { turned in
            let id = try await turned.createTestTask()
            #expect(try await turned.api.test.post("/task/\(id)/audit", ["accepted": true]).status == 200)
            try await turned.settled(1)
            #expect(turned.simulator.summary.callbacksOrdered == 1)
        }
    }

    @Test(arguments: [true, false]) func `a recalled task keeps its response or not`(keeps: Bool) async throws {
        try await Turned.with(["recall_keeps_response": .bool(keeps), "completion_delay": 1_000_000]) { turned in
            let id = try await turned.createTestTask()
            let first = try await turned.api.test.get("/task/\(id)")["response"]
            let recalled = try await turned.api.root.post("/simulator/tasks/\(id)/recall")
            #expect(recalled["response"] == (keeps ? first : nil))
            #expect(recalled["prior_responses"]?.array?.count == (keeps ? nil : 1))
            #expect(try await turned.api.test.get("/task/\(id)")["status"] == "pending")
        }
    }

    @Test func `a response kept by a recall is an earlier one after the second completion`() async throws {
        try await Turned.with(["recall_keeps_response": true, "completion_delay": 0]) { turned in
            let id = try await turned.createTestTask()
            let first = try await turned.api.test.get("/task/\(id)")["response"]
            try await turned.api.root.post("/simulator/tasks/\(id)/recall")
            try await eventually("completed again") {
                try await turned.api.test.get("/task/\(id)")["status"] == "completed"
            }
            #expect(
                try await turned.api.test.get("/task/\(id)")["prior_responses"]?.array == [first].compactMap(\.self)
            )
        }
    }

    @Test func `test tasks can take their time`() async throws {
        try await Turned.with(["test_completion_delay_ms": 50, "clock_scale": 1]) { turned in
            let answer = try await turned.api.test.post(
                "/task/categorization",
                ["attachment": "x", "categories": ["a"], "callback_url": .string(turned.url)]
            )
            #expect(answer["status"] == "pending")
            try await turned.settled(1)
            #expect(turned.receiver.callbacks.first?.body["status"] == "completed")
        }
    }
}
