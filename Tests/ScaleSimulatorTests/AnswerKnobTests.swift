import Testing

@testable import ScaleSimulator

/// Knobs that show in answers of the API, each turned while the simulator runs.
@Suite(.timeLimit(.minutes(1))) struct AnswerKnobTests {
    @Test(arguments: ["callback_succeeded", "callback_succeeded_at", "callback_completed"])
    func `how a task names the end of its callback`(field: String) async throws {
        try await Turned.with(["callback_field": .string(field)]) { turned in
            let id = try await turned.createTestTask()
            try await turned.settled(1)
            let task = try await turned.api.test.get("/task/\(id)")
            let names = task.json.object?.members.map(\.key).filter { $0.hasPrefix("callback_") }
            #expect(names == ["callback_url", field])
            let isTime = task[field]?.string.flatMap(Timestamp.init) != nil
            #expect(field == "callback_succeeded_at" ? isTime : task[field] == true)
        }
    }

    @Test func `a callback that was given up has no time of success`() async throws {
        try await Turned.with(["callback_field": "callback_succeeded_at", "retries": 0], answers: [500]) { turned in
            let id = try await turned.createTestTask()
            try await turned.settled(1)
            #expect(try await turned.api.test.get("/task/\(id)")["callback_succeeded_at"] == .null)
        }
    }

    @Test(arguments: [("array", ["One.", "Two."]), ("string", "Two.")] as [(String, JSON)])
    func `the form of comments`(form: String, expected: JSON) async throws {
        try await Turned.with(["review_comments": .string(form)]) { turned in
            let id = try await turned.createTestTask()
            for comment in ["One.", "Two."] as [JSON] {
                try await turned.api.test.post("/task/\(id)/audit", ["accepted": false, "comments": comment])
            }
            #expect(try await turned.api.test.get("/task/\(id)")["customer_review_comments"] == expected)
        }
    }

    @Test(arguments: [("text", "OK"), ("json", #"{"success":true}"#)])
    func `the form of the answer to an audit`(form: String, expected: String) async throws {
        try await Turned.with(["audit_answer": .string(form)]) { turned in
            let id = try await turned.createTestTask()
            let answer = try await turned.api.test.post("/task/\(id)/audit", ["accepted": true])
            #expect(answer.status == 200)
            #expect(String(decoding: answer.bytes, as: UTF8.self) == expected)
        }
    }

    @Test func `a completed task can be cancelled and keeps its response`() async throws {
        try await Turned.with(["cancel_completed": 200]) { turned in
            let id = try await turned.createTestTask()
            let canceled = try await turned.api.test.post("/task/\(id)/cancel")
            #expect(canceled["status"] == "canceled")
            #expect(canceled["response"] != nil && canceled["completed_at"] != nil)
            #expect(try await turned.api.test.get("/tasks?status=canceled")["total"] == 1)
        }
    }

    @Test func `cancelling twice can be refused`() async throws {
        try await Turned.with(["cancel_twice": 400, "completion_delay": 1_000_000]) { turned in
            let id = try await turned.api.createTask()
            #expect(try await turned.api.post("/task/\(id)/cancel").status == 200)
            #expect(try await turned.api.post("/task/\(id)/cancel").status == 400)
        }
    }

    @Test(arguments: [("plain", "completed"), ("tasks_", "tasks_completed")])
    func `how a batch names its counts`(form: String, name: String) async throws {
        try await Turned.with(["batch_status_keys": .string(form)]) { turned in
            let api = turned.api.test
            try await api.post("/projects", ["name": "p", "type": "categorization"])
            try await api.post("/batches", ["name": "b", "project": "p"])
            _ = try await api.createTask(["batch": "b"])
            #expect(try await api.get("/batches/b/status").json == ["status": "completed", name: 1])
        }
    }

    @Test func `the share of planted faults`() async throws {
        try await Turned.with(["fault_share": 1]) { turned in
            let body: JSON = ["attachment": "x", "geometries": ["box": ["objects_to_annotate": ["a"]]]]
            for _ in 0..<3 { try await turned.api.test.post("/task/imageannotation", body) }
            #expect(turned.simulator.plantedFaults.count == 3)
        }
    }

    @Test(arguments: ["tasks", "batches", "projects"])
    func `what is full says so`(things: String) async throws {
        var configuration = ScaleSimulator.Configuration.idle
        configuration.limits.tasks = 2
        configuration.limits.batches = 2
        configuration.limits.projects = 2
        try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.post("/projects", ["name": "1", "type": "categorization"])
            for number in 2...4 {
                let name = JSON.string("\(number)")
                let answer =
                    switch things {
                    case "tasks":
                        try await api.post("/task/categorization", ["attachment": "x", "categories": ["a"]])
                    case "batches": try await api.post("/batches", ["name": name, "project": "1"])
                    default: try await api.post("/projects", ["name": name, "type": "categorization"])
                    }
                let isFull = number > (things == "projects" ? 2 : 3)
                #expect(answer.status == (isFull ? 400 : 200))
                if isFull { #expect(answer["error"]?.string?.contains("at most 2 \(things)") == true) }
            }
        }
    }
}
