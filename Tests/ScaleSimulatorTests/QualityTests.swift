import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct QualityTests {
    private static let task: JSONObject = [
        "project": "rapid", "attachment": "x", "geometries": ["box": [:]], "expected_response": ["annotations": []],
    ]

    @Test(arguments: ["evaluation", "training"]) func `a quality task has an id and its right answer`(
        kind: String
    ) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            try await api.createProject("rapid", "imageannotation", ["rapid": true])
            let path = "/\(kind)_tasks/imageannotation"
            let created = try await api.post(path, .object(Self.task))
            #expect(created.status == 200)
            #expect(created["id"]?.string?.utf8.count == 24)
            #expect(created["task_id"] == nil)
            #expect(created["expected_response"] == ["annotations": []])
            #expect(created["params"] == ["attachment": "x", "geometries": ["box": [:]]])
            var review = Self.task
            review["initial_response"] = ["annotations": [1]]
            #expect(try await api.post(path, .object(review)).status == (kind == "evaluation" ? 200 : 400))
            #expect(simulator.summary.tasks.isEmpty)

            for name in ["expected_response", "attachment", "geometries"] {
                var less = Self.task
                less[name] = nil
                let refused = try await api.post(path, .object(less))
                #expect(refused["error"]?.string == "Parameter is invalid, reason: \"\(name)\" is required")
            }
            #expect(try await api.post("/\(kind)_tasks/categorization", .object(Self.task)).status == 400)
            try await api.createProject("enterprise", "imageannotation")
            var elsewhere = Self.task
            elsewhere["project"] = "enterprise"
            #expect(try await api.post(path, .object(elsewhere)).status == 400)
        }
    }

    @Test func `a fixless audit is created and found`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL).test
            let task = try await api.createTask()
            let audit = try await api.call(
                .PUT,
                "/audits",
                [
                    "task_id": .string(task), "result": "rejected",
                    "feedback_items": [["state": "rejected", "type": "label"]],
                ]
            )
            #expect(audit.status == 201)
            #expect(try await api.get("/audits?task_id=\(task)").json == [audit.json])
            let id = try #require(audit["id"]?.string)
            #expect(try await api.get("/audits?id=\(id)").json == audit.json)
            #expect(simulator.summary.audits == 0)
            #expect(try await api.get("/audits").status == 400)
            #expect(try await api.get("/audits?id=x").status == 404)
            #expect(try await api.get("/audits?task_id=x").status == 404)
            for (body, status) in [
                ("{}", 400), (#"{"task_id":"x"}"#, 404), (#"{"task_id":"\#(task)","feedback_items":{}}"#, 400),
                (#"{"task_id":"\#(task)","feedback_items":[{"state":"odd"}]}"#, 400),
            ] {
                let answer = try await api.call(.PUT, "/audits", JSON(parsing: body.utf8))
                #expect(answer.status == status)
            }
        }
    }

    @Test func `labelers are judged by quality tasks`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("rapid", "imageannotation", ["rapid": true])
            let created = try await api.post("/training_tasks/imageannotation", .object(Self.task))
            let id = try #require(created["id"]?.string)
            try await api.post(
                "/teams/invite",
                ["emails": ["l@example.com", "m@example.com"], "team_role": "labeler"]
            )
            #expect(try await api.get("/quality/labelers?quality_task_ids=\(id)").json.array?.count == 2)
            let one = try await api.get("/quality/labelers?labeler_emails=m@example.com")
            #expect(one.json.array?.map { $0["labeler_email"]?.string } == ["m@example.com"])
            #expect(try await api.get("/quality/labelers?quality_task_ids=x").json == [])
        }
    }
}
