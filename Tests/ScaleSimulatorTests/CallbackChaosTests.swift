import NIOHTTP1
import Testing

@testable import ScaleSimulator

/// Chaos on the way to the receiver, ordered and by share.
@Suite(.timeLimit(.minutes(1))) struct CallbackChaosTests {
    /// Creates a task after its callback's mishap was ordered over HTTP.
    private func order(_ order: JSON, _ turned: Turned) async throws -> String {
        #expect(try await turned.api.root.post("/simulator/fail-next-callback", order).status == 200)
        return try await turned.createTestTask()
    }

    private func mishaps(_ turned: Turned) -> [[String]] {
        turned.tries.map { ($0["mishaps"]?.array ?? []).compactMap(\.string) }
    }

    @Test func `a callback is duplicated`() async throws {
        try await Turned.with([:]) { turned in
            _ = try await self.order(["duplicate": true], turned)
            try await turned.settled(2)
            #expect(turned.receiver.callbacks[0].body["task_id"] == turned.receiver.callbacks[1].body["task_id"])
            #expect(Set(self.mishaps(turned)) == [[], ["duplicate"]])
        }
    }

    @Test func `a dropped callback is never sent although its task says so`() async throws {
        try await Turned.with([:]) { turned in
            let id = try await self.order(["drop": true], turned)
            _ = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(turned.receiver.callbacks.allSatisfy { $0.body["task_id"]?.string != id })
            #expect(try await turned.api.test.get("/task/\(id)")["callback_succeeded"] == true)
            #expect(turned.simulator.acknowledgedCallbacks[id] == 0)
            #expect(turned.simulator.summary.callbacksDropped == 1)
            #expect(turned.tries.first?["outcome"] == "dropped")
            #expect(self.mishaps(turned) == [["drop"], []])
        }
    }

    @Test(arguments: ["delay", "reorder"])
    func `a callback lets a later one go first`(mishap: String) async throws {
        // A delay is as long as it is; a reordered callback waits for the other one only.
        let knobs: JSON = ["callback_delay": mishap == "delay" ? 3000 : 1_000_000]
        try await Turned.with(knobs) { turned in
            let first = try await self.order([mishap: true], turned)
            let second = try await turned.createTestTask()
            try await turned.settled(2)
            #expect(turned.receiver.callbacks.map { $0.body["task_id"]?.string } == [second, first])
            #expect(self.mishaps(turned) == [[], [mishap]])
        }
    }

    @Test func `a reordered callback that nobody overtakes goes after its delay`() async throws {
        try await Turned.with(["callback_delay": 20, "reorder_share": 1]) { turned in
            _ = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(self.mishaps(turned) == [["reorder"]])
        }
    }

    @Test(arguments: [("wrong_auth", "wrong_auth_simulator"), ("missing_auth", nil)])
    func `one try has no valid key and the next one has`(mishap: String, key: String?) async throws {
        try await Turned.with([:], answers: [401]) { turned in
            _ = try await self.order([mishap: true], turned)
            try await turned.settled(2)
            #expect(turned.receiver.callbacks.map(\.authKey) == [key, "test_auth_simulator"])
            #expect(self.mishaps(turned) == [[mishap], []])
        }
    }

    @Test func `one try is huge, and still JSON that loses nothing`() async throws {
        try await Turned.with(["oversized_bytes": 3_000_000], answers: [413]) { turned in
            let id = try await self.order(["oversized": true], turned)
            try await turned.settled(2)
            let huge = try #require(turned.receiver.callbacks.first)
            #expect(huge.size == 3_000_000)
            #expect(huge.body["task_id"]?.string == id)
            #expect(huge.body["task"] == turned.receiver.callbacks[1].body["task"])
            #expect(turned.receiver.callbacks[1].size < 10_000)
            #expect(self.mishaps(turned) == [["oversized"], []])
        }
    }

    @Test(arguments: CallbackMishap.allCases)
    func `a share of 1 meets every callback and a share of 0 none`(mishap: CallbackMishap) async throws {
        let share = mishap.rawValue + "_share"
        try await Turned.with([share: 1, "oversized_bytes": 100_000, "callback_delay": 0]) { turned in
            for _ in 0..<3 { _ = try await turned.createTestTask() }
            try await turned.settled(mishap == .drop ? 0 : mishap == .duplicate ? 6 : 3)
            #expect(self.mishaps(turned).count { $0 == [mishap.rawValue] } == 3)
            try await turned.api.root.post("/simulator/knobs", [share: 0])
            let before = turned.tries.count
            _ = try await turned.createTestTask()
            try await eventually("one more") { turned.tries.count == before + 1 }
            #expect(self.mishaps(turned).last == [])
        }
    }

    @Test func `the same seed brings the same luck`() async throws {
        var rows: [[Bool]] = []
        for seed in [7, 7, 8] as [UInt64] {
            var configuration = ScaleSimulator.Configuration.fast
            configuration.seed = seed
            configuration.callbackShares[.drop] = 0.5
            try await Receiver.with { url, _ in
                try await ScaleSimulator.withRunning(configuration) { baseURL, simulator in
                    let api = API(baseURL: baseURL).test
                    var ids: [String] = []
                    for _ in 0..<30 { ids.append(try await api.createTask(["callback_url": .string(url)])) }
                    try await eventually("all decided") { simulator.summary.callbacksPending == 0 }
                    let dropped = Set(simulator.journal().filter { $0.mishaps == ["drop"] }.map(\.taskID))
                    rows.append(ids.map { dropped.contains($0) })
                }
            }
        }
        #expect(rows[0] == rows[1])
        #expect(rows[0] != rows[2])
        #expect((5..<25).contains(rows[0].count { $0 }))
    }

    @Test func `an order can mean one task or batch only`() async throws {
        try await Turned.with([:]) { turned in
            let api = turned.api.test
            let id = try await turned.createTestTask()
            try await api.post("/projects", ["name": "p", "type": "categorization"])
            try await api.post("/batches", ["name": "b", "project": "p", "callback": .string(turned.url)])
            try await turned.settled(1)
            try await api.root.post(
                "/simulator/fail-next-callback",
                ["drop": true, "task_id": .string(id), "times": 2]
            )
            try await api.root.post("/simulator/fail-next-callback", ["drop": true, "batch": "b"])
            _ = try await turned.createTestTask(["batch": "b"])
            for _ in 0..<3 { try await api.post("/task/\(id)/send_callback") }
            try await turned.settled(3)
            let dropped = turned.tries.filter { $0["outcome"] == "dropped" }
            #expect(dropped.compactMap { $0["batch"]?.string } == ["b"])
            #expect(dropped.compactMap { $0["task_id"]?.string } == [id, id])
        }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"drop":false}"#, #"{"drop":1}"#, #"{"drop":true,"times":0}"#, #"{"dropped":true}"#,
        #"{"drop":true,"task_id":7}"#, #"{"drop":true,"batch":null}"#,
    ])
    func `an order that makes no sense is a 400`(body: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let control = API(baseURL: baseURL).root
            let answer = try await control.send(.POST, "/simulator/fail-next-callback", Array(body.utf8))
            #expect(answer.status == 400)
        }
    }
}
