import NIOHTTP1
import Testing

@testable import ScaleSimulator

/// Chaos in the answers of the API, ordered and by share.
@Suite(.timeLimit(.minutes(1))) struct AnswerChaosTests {
    /// Runs a simulator to which one order was given over HTTP.
    private func with(
        _ order: JSON,
        _ body: (API, ScaleSimulator) async throws -> Void
    ) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            #expect(try await api.root.post("/simulator/fail-next", order).status == 200)
            try await body(api, simulator)
        }
    }

    private func mishaps(_ simulator: ScaleSimulator) -> [[String]] { simulator.journal().map(\.mishaps) }

    @Test func `an answer waits, and is whole then`() async throws {
        try await self.with(["delay": 0.3]) { api, simulator in
            let begin = ContinuousClock.now
            let answer = try await api.get("/tasks")
            #expect(answer["total"] == 0)
            #expect(ContinuousClock.now - begin >= .milliseconds(300))
            #expect(self.mishaps(simulator) == [["delay"]])
        }
    }

    @Test func `a body trickles, and is whole in the end`() async throws {
        try await self.with(["trickle": 0.3]) { api, simulator in
            let begin = ContinuousClock.now
            let answer = try await api.get("/tasks")
            #expect(answer["total"] == 0)
            #expect(ContinuousClock.now - begin >= .milliseconds(250))
            #expect(self.mishaps(simulator) == [["trickle"]])
        }
    }

    @Test func `an answer leads elsewhere`() async throws {
        try await self.with(["location": "/simulator/health", "path_contains": "/tasks"]) { api, simulator in
            let answer = try await api.get("/tasks")
            #expect(answer.json == ["status": "ok"])
            #expect(self.mishaps(simulator) == [["status_302", "location"]])
            let order: JSON = ["location": "/a\r\nb: c"]
            #expect(try await api.root.post("/simulator/fail-next", order).status == 400)
        }
    }

    @Test func `a body is cut in the middle and the connection closed`() async throws {
        try await self.with(["truncated": true]) { api, simulator in
            await #expect(throws: (any Error).self) { try await api.get("/tasks") }
            #expect(self.mishaps(simulator) == [["truncated"]])
            let answer = try await api.get("/tasks")
            #expect(answer["total"] == 0)
        }
    }

    @Test func `an answer is framed well but no JSON`() async throws {
        try await self.with(["malformed": true, "path_contains": "/task/"]) { api, simulator in
            let answer = try await api.post("/task/chat", [:])
            #expect(answer.status == 200)
            #expect(!answer.bytes.isEmpty && answer.json == .null)
            #expect(try await api.get("/tasks")["total"] == 1)
            #expect(self.mishaps(simulator) == [["malformed"], []])
        }
    }

    @Test func `refusals are spoilt like any other answer`() async throws {
        try await self.with(["malformed": true]) { api, _ in
            let answer = try await api.get("/task/unknown")
            #expect(answer.status == 404 && answer.json == .null)
        }
    }

    @Test func `a failure can be spoilt too`() async throws {
        try await self.with(["malformed": true, "status": 503, "retry_after": 7]) { api, simulator in
            let answer = try await api.get("/tasks")
            #expect(answer.status == 503 && answer.json == .null)
            #expect(answer.headers.first(name: "retry-after") == "7")
            #expect(self.mishaps(simulator) == [["status_503", "retry_after", "malformed"]])
        }
    }

    @Test(arguments: AnswerMishap.allCases)
    func `a share of 1 meets every request and a share of 0 none`(mishap: AnswerMishap) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            let share = mishap.rawValue + "_share"
            let knobs: JSON = [share: 1, "slow_seconds": 0.1, "retry_after": 5]
            #expect(try await api.root.call(.PATCH, "/simulator/knobs", knobs).status == 200)
            let answer = try? await api.post("/task/chat", ["unique_id": "u"])
            let word: Set<String>
            switch mishap {
            case .tooManyRequests:
                #expect(answer?.status == 429 && answer?.headers.first(name: "retry-after") == nil)
                word = ["status_429"]
            case .tooManyRequestsRetryAfter:
                #expect(answer?.status == 429 && answer?.headers.first(name: "retry-after") == "5")
                word = ["status_429", "retry_after"]
            case .createThen500:
                #expect(answer?["status_code"] == 500)
                word = ["after_effect", "status_500"]
            case .networkError:
                let status = try #require(answer?.status)
                #expect((520...530).contains(status))
                #expect(answer?.headers.first(name: "content-type")?.hasPrefix("text/html") == true)
                word = ["status_\(status)"]
            case .reset, .truncated:
                #expect(answer == nil)
                word = [mishap.rawValue]
            case .malformed:
                #expect(answer?.status == 200 && answer?.json == .null)
                word = ["malformed"]
            case .slowAnswer, .slowBody:
                #expect(answer?["status"] == "pending")
                word = [mishap == .slowAnswer ? "delay" : "trickle"]
            }
            let mishaps = Set(try #require(self.mishaps(simulator).first))
            #expect(mishaps.subtracting(mishap == .reset ? ["after_effect"] : []) == word)
            try await api.root.post("/simulator/knobs", [share: 0])
            let isCreated = ![.tooManyRequests, .tooManyRequestsRetryAfter, .networkError].contains(mishap)
            if mishap != .reset {
                #expect(try await api.get("/tasks?unique_id=u")["total"]?.int == (isCreated ? 1 : 0))
            }
        }
    }

    @Test func `only creations are created and answered 500`() async throws {
        var configuration = ScaleSimulator.Configuration.idle
        configuration.answerShares[.createThen500] = 1
        try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
            let api = API(baseURL: baseURL)
            #expect(try await api.post("/projects", ["name": "p", "type": "chat"]).status == 500)
            #expect(try await api.post("/batches", ["name": "b", "project": "p"]).status == 500)
            #expect(try await api.post("/task/chat", ["batch": "b"]).status == 500)
            let tasks = try await api.get("/tasks")
            #expect(tasks["total"] == 1)
            let id = try #require(tasks["docs"]?[0]?["task_id"]?.string)
            #expect(try await api.post("/task/\(id)/tags", ["x"]).status == 200)
            #expect(try await api.post("/task/\(id)/cancel").status == 200)
        }
    }

    @Test func `the same seed brings the same luck`() async throws {
        var rows: [[Int]] = []
        for seed in [7, 7, 8] as [UInt64] {
            var configuration = ScaleSimulator.Configuration.idle
            configuration.seed = seed
            configuration.answerShares = [.tooManyRequests: 0.4, .networkError: 0.3]
            try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
                var row: [Int] = []
                for _ in 0..<30 { row.append(try await API(baseURL: baseURL).get("/tasks").status) }
                rows.append(row)
            }
        }
        #expect(rows[0] == rows[1])
        #expect(rows[0] != rows[2])
        #expect(Set(rows[0]).isSuperset(of: [200, 429]))
    }
}
