import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct TaskRoutesTests {
    @Test func `a live task is pending when created and reads back as it was given`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let created = try await api.post(
                "/task/imageannotation",
                [
                    "attachment": "https://assets.example.com/1.jpg", "instruction": "Label it.",
                    "geometries": ["box": ["objects_to_annotate": ["truck"], "min_width": .number("8.50")]],
                    "unique_id": "a/1", "metadata": ["z": 1, "a": [.null]], "priority": 20,
                    "callback_url": "labels@example.com",
                ]
            )
            #expect(created.status == 200)
            #expect(created["status"] == "pending")
            #expect(created["is_test"] == false)
            #expect(created["metadata"]?.text == #"{"z":1,"a":[null]}"#)
            #expect(created["params"]?["geometries"]?["box"]?["min_width"] == .number("8.50"))
            #expect(created["params"]?["metadata"] == nil)
            #expect(created["tags"] == nil)
            #expect(created["response"] == nil)
            let id = try #require(created["task_id"]?.string)
            #expect(id.utf8.count == 24 && id.allSatisfy(\.isHexDigit))
            #expect(try await api.get("/task/\(id)").json == created.json)
            #expect(try await api.get("/task/a%2F1")["task_id"]?.string == id)
            #expect(try await api.get("/tasks?unique_id=a%2F1")["docs"]?[0] == created.json)
        }
    }

    @Test(arguments: [
        ("imageannotation", #"{"geometries":{}}"#, "attachment"),
        ("imageannotation", #"{"attachment":"x"}"#, "geometries"),
        ("annotation", #"{"attachment":"x"}"#, "objects_to_annotate"), ("segmentannotation", "{}", "attachment"),
        ("videoannotation", #"{"geometries":{}}"#, "attachments"),
        ("lidarannotation", #"{"attachments":[]}"#, "labels"),
        ("lidarlinking", "{}", "lidar_task"), ("categorization", #"{"attachment":"x"}"#, "categories"),
        ("textcollection", "{}", "attachments"), ("namedentityrecognition", #"{"text":"x"}"#, "labels"),
        ("documenttranscription", "{}", "attachment"),
    ])
    func `a missing required parameter is named`(type: String, body: String, parameter: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let answer = try await API(baseURL: baseURL).post("/task/\(type)", JSON(parsing: body.utf8))
            #expect(answer.status == 400)
            #expect(answer["error"]?.string == "Parameter is invalid, reason: \"\(parameter)\" is required")
        }
    }

    @Test func `a unique_id names one task, and the refusal names that task`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let first = try await api.createTask(["unique_id": "one"])
            let refused = try await api.post(
                "/task/categorization",
                ["attachment": "x", "categories": ["a"], "unique_id": "one"]
            )
            #expect(refused.status == 409)
            #expect(
                refused["error"]?.string
                    == "The unique_id (\"one\") is already used for a different task (\(first))."
            )
            let second = try await api.createTask()
            #expect(try await api.post("/task/\(second)/unique_id", ["unique_id": "one"]).status == 409)
            #expect(try await api.post("/task/\(first)/unique_id", ["unique_id": "one"]).status == 200)
            #expect(try await api.call(.DELETE, "/task/\(first)/unique_id")["unique_id"] == nil)
            #expect(try await api.post("/task/\(second)/unique_id", ["unique_id": "one"])["unique_id"] == "one")
            let cancelled = try await api.post("/task/\(second)/cancel?clear_unique_id=true")
            #expect(cancelled["status"] == "canceled")
            #expect(cancelled["unique_id"] == nil)
            _ = try await api.createTask(["unique_id": "one"])
        }
    }

    @Test func `an idempotency key creates once, and a refused creation does not use it up`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            let key = [("Idempotency-Key", "k1")]
            let refused = try await api.call(.POST, "/task/chat", ["tags": 1], headers: key)
            let created = try await api.call(.POST, "/task/chat", [:], headers: key)
            let repeated = try await api.call(.POST, "/task/chat", [:], headers: key)
            let inTestMode = try await api.test.call(.POST, "/task/chat", [:], headers: key)
            #expect([refused, created, repeated, inTestMode].map(\.status) == [400, 200, 409, 200])
            #expect(simulator.summary.tasks == [.live: ["pending": 1], .test: ["completed": 1]])
        }
    }

    @Test func `only pending tasks can be cancelled, and cancelling twice is harmless`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let pending = try await api.createTask()
            #expect(try await api.post("/task/\(pending)/cancel").status == 200)
            #expect(try await api.post("/task/\(pending)/cancel")["status"] == "canceled")
            let completed = try await api.test.createTask()
            #expect(try await api.test.post("/task/\(completed)/cancel").status == 400)
        }
    }

    @Test func `tags are set, added and removed by raw arrays, at most five`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let path = "/task/\(try await api.createTask())/tags"
            #expect(try await api.post(path, ["a", "b"])["tags"] == ["a", "b"])
            #expect(try await api.call(.PUT, path, ["b", "c"])["tags"] == ["a", "b", "c"])
            #expect(try await api.call(.DELETE, path, ["a", "z"])["tags"] == ["b", "c"])
            #expect(try await api.call(.PUT, path, ["d", "e", "f", "g"]).status == 400)
            #expect(try await api.call(.PUT, path, ["d", "e", "f"])["tags"]?.array?.count == 5)
            #expect(try await api.post(path, [])["tags"] == [])
        }
    }

    @Test func `an audit answers OK in plain text and shows on the task, newest first`() async throws {
        try await ScaleSimulator.withRunning { baseURL, simulator in
            let api = API(baseURL: baseURL).test
            let id = try await api.createTask()
            let before = try await api.get("/task/\(id)")
            let answer = try await api.post("/task/\(id)/audit", ["accepted": false, "comments": "One is missing."])
            #expect(String(decoding: answer.bytes, as: UTF8.self) == "OK")
            #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/plain") == true)
            #expect(try await api.post("/task/\(id)/audit", ["accepted": true, "comments": .null]).status == 200)
            let task = try await api.get("/task/\(id)")
            #expect(task["customer_review_status"] == "accepted")
            #expect(task["customer_review_comments"] == ["One is missing."])
            #expect(task["audits"]?.array?.map { $0["audit_result"] } == ["accepted", "rejected"])
            #expect(task["customer_audited_at"] == task["audits"]?[0]?["audited_at"])
            #expect(task["response"] == before["response"])
            #expect(task["prior_responses"] == [])
            #expect((task["updated_at"]?.string ?? "") > (before["updated_at"]?.string ?? "~"))
            #expect(simulator.audits[id]?.map(\.accepted) == [false, true])
            #expect(simulator.summary.tasksAuditedMoreThanOnce == 1)
        }
    }

    @Test func `a task that is not completed cannot be audited`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            let id = try await api.createTask()
            #expect(try await api.post("/task/\(id)/audit", ["accepted": true]).status == 400)
            #expect(simulator.audits.isEmpty)
        }
    }

    @Test func `live and test see nothing of each other`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let id = try await api.createTask(["unique_id": "same"])
            #expect(try await api.test.get("/task/\(id)").status == 404)
            let other = try await api.test.createTask(["unique_id": "same"])
            #expect(try await api.get("/tasks")["docs"]?.array?.map { $0["task_id"]?.string } == [id])
            #expect(try await api.test.get("/tasks")["docs"]?.array?.map { $0["task_id"]?.string } == [other])
            try await api.post("/projects", ["name": "p", "type": "chat"])
            #expect(try await api.test.get("/projects/p").status == 404)
            #expect(try await api.test.get("/projects").json == [])
        }
    }

    @Test func `the same seed and order of creation give the same responses`() async throws {
        func responses(seed: UInt64) async throws -> [JSON?] {
            var configuration = ScaleSimulator.Configuration()
            configuration.seed = seed
            return try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
                let api = API(baseURL: baseURL).test
                var responses: [JSON?] = []
                for number in 0..<12 {
                    let answer = try await api.post(
                        "/task/\(number % 3 == 0 ? "segmentannotation" : "imageannotation")",
                        [
                            "attachment": "x", "labels": ["road"],
                            "geometries": ["box": ["objects_to_annotate": ["truck"]], "ellipse": [:]],
                        ]
                    )
                    // Result URLs hold the port and the task's id, which differ between two starts.
                    let id = answer["task_id"]?.string ?? "none"
                    let text = (answer["response"]?.text ?? "").replacing("\(baseURL)/task/\(id)", with: "")
                    responses.append(JSON(parsing: text.utf8))
                }
                return responses
            }
        }
        let first = try await responses(seed: 5)
        #expect(!first.contains(nil))
        #expect(try await responses(seed: 5) == first)
        #expect(try await responses(seed: 6) != first)
    }

    @Test func `a task takes over its project's parameters`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let params: JSON = ["instruction": "Look.", "geometries": ["box": [:]], "with_labels": true]
            try await api.post("/projects", ["name": "p", "type": "imageannotation", "params": params])
            try await api.post("/projects/p/setParams", ["patch": true, "with_labels": false])
            let task = try await api.post(
                "/task/imageannotation",
                ["project": "p", "attachment": "x", "instruction": "Twice."]
            )
            #expect(task["params"]?["with_labels"] == false)
            #expect(task["params"]?["geometries"] == ["box": [:]])
            #expect(task["instruction"] == "Twice.\nLook.")
            #expect(task["project_param_version"] == 1)
            let pinned: JSON = ["project": "p", "attachment": "x", "project_param_version": 0]
            #expect(try await api.post("/task/imageannotation", pinned)["params"]?["with_labels"] == true)
            let bare: JSON = ["project": "p", "attachment": "x", "project_param_version": -1]
            #expect(try await api.post("/task/imageannotation", bare).status == 400)
            #expect(try await api.post("/task/categorization", ["project": "p"]).status == 400)
        }
    }
}
