import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct JournalFilterTests {
    /// The journal entries a query asks for.
    private func entries(_ api: API, _ query: String) async throws -> [JSON] {
        let page = try await api.root.get("/simulator/journal?\(query)")
        #expect(page["count"]?.int == page["docs"]?.array?.count)
        return page["docs"]?.array ?? []
    }

    @Test func `how often a task was audited is one question, however it was named`() async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            let id = try await api.createTask(["unique_id": "a/b"])
            let other = try await api.createTask()
            for name in [id, "a%2Fb", id, other] { try await api.post("/task/\(name)/audit", ["accepted": true]) }
            let audits = try await self.entries(api, "task_id=\(id)&operation=audit&method=post")
            #expect(audits.count == 3)
            #expect(audits.allSatisfy { $0["operation"]?.string?.hasSuffix("/audit") == true })
            #expect(try await api.root.get("/simulator/audits?task_id=\(id)")["docs"]?[0]?["audits"]?.array?.count == 3)
            #expect(try await api.root.get("/simulator/audits?task_id=unknown")["docs"] == [])
            // Its creation, its completion and its audits.
            #expect(try await self.entries(api, "task_id=\(id)&kind=request").count == 4)
        }
    }

    @Test func `entries are found by batch, path, status, mode and kind`() async throws {
        try await Turned.with([:]) { turned in
            let api = turned.api.test
            try await api.post("/projects", ["name": "p", "type": "categorization"])
            try await api.post("/batches", ["name": "b 1", "project": "p", "callback": .string(turned.url)])
            let id = try await turned.createTestTask(["batch": "b 1"])
            _ = try await api.get("/batches/b%201/status")
            _ = try await turned.api.get("/batches/b%201/status")
            try await turned.settled(2)
            let ofBatch = try await self.entries(api, "batch=b+1&kind=request")
            #expect(
                ofBatch.map { $0["operation"]?.string?.split(separator: "/").first } == ["POST ", "GET ", "GET "]
            )
            #expect(ofBatch.map { $0["task_id"]?.string } == [id, nil, nil])
            #expect(try await self.entries(api, "batch=b+1&kind=callback").count == 1)
            #expect(try await self.entries(api, "status=404").map { $0["mode"] } == ["live"])
            #expect(try await self.entries(api, "mode=test&path=/status").count == 1)
            #expect(try await self.entries(api, "kind=callback&status=200").count == 2)
            #expect(try await self.entries(api, "task_id=\(id)&kind=callback").map { $0["attempt"] } == [1])
            #expect(try await self.entries(api, "method=DELETE").isEmpty)
        }
    }

    @Test func `pages of a filtered journal go on where the last one ended`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            for number in 0..<10 {
                _ = try await api.get(number.isMultiple(of: 2) ? "/tasks?n=\(number)" : "/projects")
            }
            var paths: [String?] = []
            var after = 0
            while true {
                let page = try await api.root.get("/simulator/journal?path=/tasks&limit=2&after=\(after)")
                paths += (page["docs"]?.array ?? []).map { $0["path"]?.string }
                guard let next = page["next"]?.int else { break }
                after = next
            }
            #expect(paths == [0, 2, 4, 6, 8].map { "/v1/tasks?n=\($0)" })
        }
    }

    @Test(arguments: ["kind=message", "mode=both", "status=ok", "status=99", "limit=0", "after=-1", "path=%FF"])
    func `a question that makes no sense is a 400`(query: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let answer = try await API(baseURL: baseURL).root.get("/simulator/journal?\(query)")
            #expect(answer.status == 400)
        }
    }
}
