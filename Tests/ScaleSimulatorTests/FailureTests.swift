import AsyncHTTPClient
import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct FailureTests {
    @Test func `the next matching request fails before it has an effect`() async throws {
        try await ScaleSimulator.withRunning { baseURL, simulator in
            let api = API(baseURL: baseURL).test
            let id = try await api.createTask()
            let order: JSON = ["path_contains": "/audit", "status": 429, "times": 2, "retry_after": 3]
            #expect(try await api.root.post("/simulator/fail-next", order).status == 200)
            #expect(try await api.get("/task/\(id)").status == 200)
            for _ in 0..<2 {
                let answer = try await api.post("/task/\(id)/audit", ["accepted": true])
                #expect(answer.status == 429)
                #expect(answer.headers.first(name: "retry-after") == "3")
                #expect(answer["status_code"] == 429)
            }
            #expect(simulator.audits.isEmpty)
            #expect(try await api.post("/task/\(id)/audit", ["accepted": true]).status == 200)
        }
    }

    @Test func `a request can have its effect although it fails`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            try simulator.failNext(FailureRule(pathContains: "/task/", method: "POST", status: 522, afterEffect: true))
            let body: JSON = ["attachment": "x", "categories": ["a"], "unique_id": "u"]
            let answer = try await api.post("/task/categorization", body)
            #expect(answer.status == 522)
            #expect(answer.json == .null)
            #expect(try await api.post("/task/categorization", body).status == 409)
            #expect(try await api.get("/tasks?unique_id=u")["total"] == 1)
            #expect(simulator.journal().map(\.json).prefix(1).map { $0["status"]?.int } == [522])
        }
    }

    @Test(arguments: [true, false]) func `a connection can be closed without an answer`(afterEffect: Bool) async throws
    {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            try simulator.failNext(FailureRule(pathContains: "/task/chat", afterEffect: afterEffect, reset: true))
            await #expect(throws: (any Error).self) { try await api.post("/task/chat", [:]) }
            #expect(try await api.get("/tasks")["total"]?.int == (afterEffect ? 1 : 0))
        }
    }
}
