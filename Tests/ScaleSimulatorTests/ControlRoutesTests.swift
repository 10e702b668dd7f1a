import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct ControlRoutesTests {
    @Test func `the journal holds requests without keys and is read page by page`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            for number in 0..<5 { _ = try await api.get("/task/\(number)") }
            _ = try await API(baseURL: baseURL, key: "wrong").get("/tasks")
            var paths: [String?] = []
            var after = 0
            while true {
                let page = try await api.root.get("/simulator/journal?limit=2&after=\(after)")
                paths += (page["docs"]?.array ?? []).map { $0["path"]?.string }
                #expect(!page.json.text.contains("live_simulator"))
                guard let next = page["next"]?.int else { break }
                after = next
            }
            #expect(paths == (0..<5).map { "/v1/task/\($0)" } + ["/v1/tasks"])
            let last = try await api.root.get("/simulator/journal?after=5")["docs"]?[0]
            #expect(last?["status"] == 401 && last?["mode"] == .null)
        }
    }

    @Test func `the books tell audits, faults and totals`() async throws {
        var configuration = ScaleSimulator.Configuration()
        configuration.faultShare = 1
        try await ScaleSimulator.withRunning(configuration) { baseURL, simulator in
            let api = API(baseURL: baseURL).test
            let body: JSON = ["attachment": "x", "geometries": ["box": ["objects_to_annotate": ["a"]]]]
            let id = try #require(try await api.post("/task/imageannotation", body)["task_id"]?.string)
            _ = try await api.createTask()
            try await api.post("/task/\(id)/audit", ["accepted": true, "comments": "ok"])
            let fault = try #require(simulator.plantedFaults[id])
            let tasks = try await api.root.get("/simulator/tasks?limit=1")
            #expect(tasks["docs"]?.array?.map { $0["planted_fault"]?.string } == [fault.rawValue])
            #expect(tasks["next"] == 1)
            let audits = try await api.root.get("/simulator/audits")
            #expect(audits["docs"]?.array?.count == 1)
            #expect(audits["docs"]?[0]?["audits"]?[0]?["comments"] == "ok")
            let summary = try await api.root.get("/simulator/summary")
            #expect(summary["tasks"]?["test"] == ["completed": 2])
            #expect(summary["audits"] == 1)
            #expect(summary["planted_faults"]?[fault.rawValue] == 1)
            #expect(try await api.root.get("/simulator/health")["status"] == "ok")
        }
    }

    @Test func `both base URLs serve the API`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: String(baseURL.dropLast(3)))
            let id = try await api.createTask()
            #expect(try await API(baseURL: baseURL).get("/task/\(id)").status == 200)
        }
    }

    @Test func `a port that is taken is an error, not a hang`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            var configuration = ScaleSimulator.Configuration()
            configuration.port = try #require(Int(baseURL.dropLast(3).split(separator: ":").last ?? ""))
            await #expect(throws: (any Error).self) {
                try await ScaleSimulator.withRunning(configuration) { _, _ in }
            }
        }
    }
}
