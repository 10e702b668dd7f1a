import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct TaskListTests {
    private func ids(_ page: API.Answer) -> [String] {
        (page["docs"]?.array ?? []).compactMap { $0["task_id"]?.string }
    }

    @Test func `pages miss and repeat nothing while tasks are created`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            var before: [String] = []
            for _ in 0..<60 { before.append(try await api.createTask()) }
            var seen: [String] = []
            var token = ""
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 0..<40 { _ = try await api.createTask() } }
                while true {
                    let page = try await api.get("/tasks?limit=7\(token)")
                    seen += self.ids(page)
                    guard page["has_more"] == true else {
                        #expect(page["next_token"] == nil)
                        break
                    }
                    let next = try #require(page["next_token"]?.string)
                    token = "&next_token=" + next.replacing("+", with: "%2B").replacing("=", with: "%3D")
                }
                try await group.waitForAll()
            }
            #expect(Set(seen).count == seen.count)
            #expect(seen.filter(Set(before).contains) == before.reversed())
        }
    }

    @Test func `filters choose and total counts across pages`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            var ids: [String] = []
            for number in 0..<10 {
                ids.append(
                    try await api.createTask(["tags": [.string("t\(number % 2)")], "unique_id": .string("u\(number)")])
                )
            }
            try await api.post("/task/\(ids[3])/audit", ["accepted": true])
            try await api.post("/task/\(ids[4])/audit", ["accepted": false])
            let all = Array(ids.reversed())
            #expect(self.ids(try await api.get("/tasks")) == all)
            #expect(self.ids(try await api.get("/tasks?status=pending")) == [])
            #expect(self.ids(try await api.get("/tasks?type=categorization&status=completed")) == all)
            #expect(self.ids(try await api.get("/tasks?customer_review_status=accepted,rejected")) == [ids[4], ids[3]])
            #expect(try await api.get("/tasks?customer_review_status=pending&limit=1")["total"] == 8)
            #expect(self.ids(try await api.get("/tasks?unique_id=u1&unique_id=u7&unique_id=none")) == [ids[7], ids[1]])
            #expect(try await api.get("/tasks?tags=t1")["total"] == 5)
            #expect(try await api.get("/tasks?project=none")["total"] == 0)
            #expect(self.ids(try await api.get("/tasks?offset=8&limit=5")) == [ids[1], ids[0]])
            let audited = try #require(try await api.get("/task/\(ids[4])")["updated_at"]?.string)
            #expect(self.ids(try await api.get("/tasks?updated_after=\(audited)")) == [ids[4]])
            #expect(try await api.get("/tasks?completed_before=2020-01-01")["total"] == 0)
            #expect(try await api.get("/tasks?start_time=2020-01-01+00%3A00%3A00.000000")["total"] == 10)
            #expect(try await api.get("/tasks?end_time=2020-01-01")["total"] == 0)
            let limited = try await api.get("/tasks?limited_response=True&limit=1")["docs"]?[0]?.object
            #expect(limited?.members.map(\.key) == ["task_id", "status", "metadata", "project", "otherVersion"])
        }
    }
}
