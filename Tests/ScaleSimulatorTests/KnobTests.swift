import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct KnobTests {
    @Test func `every knob has a name of its own and takes its own default, in JSON and on the command line`() throws {
        #expect(Set(Knob.all.map(\.name)).count == Knob.all.count)
        for knob in Knob.all {
            #expect(knob.option == "--" + knob.name.replacing("_", with: "-"))
            var knobs = Knobs()
            try knobs.turn(.object([knob.name: knob.value(in: knobs)]))
            try knobs.turn(knob, to: knob.defaultText)
            #expect(knobs == Knobs(), "\(knob.name)")
        }
    }

    @Test func `the defaults follow the contract`() throws {
        let values = Knobs().json
        let expected: JSONObject = [
            "retries": 20, "retry_first_delay": 15, "retry_factor": 2, "retry_delay_cap": 7100, "attempt_timeout": 10,
            "redirects": "fail", "callback_status": true, "callback_key_order": "task_first",
            "callback_auth": "by_mode", "cancel_calls_back": false, "audit_calls_back": true,
            "recall_keeps_response": false, "retried_body": "anew", "callback_field": "callback_succeeded",
            "review_comments": "array", "audit_answer": "text", "cancel_completed": 400, "cancel_twice": 200,
            "batch_status_keys": "plain", "test_completion_delay_ms": 0,
        ]
        for member in expected.members { #expect(values[member.key] == member.value, "\(member.key)") }
    }

    @Test(arguments: [HTTPMethod.PATCH, .POST])
    func `some knobs are turned and all are answered`(method: HTTPMethod) async throws {
        try await ScaleSimulator.withRunning { baseURL, simulator in
            let control = API(baseURL: baseURL).root
            let before = try await control.get("/simulator/knobs")
            #expect(before.json == Knobs().json)
            let turned = try await control.call(
                method,
                "/simulator/knobs",
                ["retries": 3, "drop_share": 0.5, "redirects": "follow", "callback_status": false, "clock_scale": 10]
            )
            var expected = Knobs()
            expected.retries = 3
            expected.callbackShares[.drop] = 0.5
            expected.redirects = .follow
            expected.callbackStatus = false
            expected.clockScale = 10
            #expect(turned.status == 200)
            #expect(turned.json == expected.json)
            #expect(simulator.knobs == expected)
            #expect(try await control.get("/simulator/knobs").json == expected.json)
        }
    }

    @Test func `an unknown knob or a wrong value is named, and nothing is turned`() async throws {
        try await ScaleSimulator.withRunning { baseURL, simulator in
            let control = API(baseURL: baseURL).root
            let wrong: [(String, JSON)] = [
                ("retrys", 3), ("retries", -1), ("retries", 1.5), ("retries", "3"), ("retries", .null),
                ("retries", 1001), ("clock_scale", 0), ("clock_scale", true), ("clock_scale", .number("1e400")),
                ("fault_share", 1.01), ("drop_share", -0.1), ("drop_share", [:]), ("redirects", "sometimes"),
                ("redirects", 1), ("callback_status", "true"), ("callback_status", 0), ("cancel_twice", 404),
                ("cancel_completed", "400"), ("callback_field", "succeeded"), ("oversized_bytes", 2_147_483_648),
                ("", 1), ("chaos", ["drop_share": 1]),
            ]
            for (name, value) in wrong {
                let answer = try await control.call(
                    .PATCH,
                    "/simulator/knobs",
                    .object(["retry_factor": 3, name: value])
                )
                #expect(answer.status == 400, "\(name) \(value)")
                #expect(answer["error"]?.string?.contains("\"\(name)\"") == true, "\(answer.json.text)")
            }
            for body in ["", "[]", "7", "{", #"{"retries":3"#] {
                #expect(try await control.send(.POST, "/simulator/knobs", Array(body.utf8)).status == 400, "\(body)")
            }
            #expect(simulator.knobs == Knobs())
        }
    }
}
