import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct TeamAndStudioTests {
    @Test func `people are invited once and change roles together`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let before = try await api.get("/teams").json.array?.count ?? 0
            let invitation: JSON = ["emails": ["ann.lee@example.com", "bo@example.com"], "team_role": "labeler"]
            #expect(try await api.post("/teams/invite", invitation).json.array?.count == before + 2)
            let team = try await api.post("/teams/invite", invitation).json
            #expect(team.array?.count == before + 2)
            #expect(team[before]?["firstName"] == "Ann")
            #expect(team[before]?["isStudioLabeler"] == true)
            let change: JSON = ["emails": ["bo@example.com"], "team_role": "manager"]
            #expect(try await api.post("/teams/set_role", change).json[before + 1]?["role"] == "manager")
            let unknown: JSON = ["emails": ["ann.lee@example.com", "who@example.com"], "team_role": "admin"]
            #expect(try await api.post("/teams/set_role", unknown).status == 404)
            #expect(try await api.get("/teams").json[before]?["role"] == "labeler")
            #expect(try await api.test.get("/teams").json.array?.count == before)
        }
    }

    @Test func `assignments and groups are kept per project`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("a/b", "imageannotation", ["studio": true])
            let assignment: JSON = ["emails": ["x@example.com", "y@example.com"], "projects": ["a/b"]]
            #expect(try await api.post("/studio/assignments/add", assignment)["x@example.com"] == ["a/b"])
            #expect(try await api.post("/studio/assignments/add", assignment)["y@example.com"] == ["a/b"])
            let less: JSON = ["emails": ["x@example.com"], "projects": ["a/b"]]
            #expect(try await api.post("/studio/assignments/remove", less)["x@example.com"] == [])
            #expect(try await api.get("/studio/assignments")["y@example.com"] == ["a/b"])

            let path = "/studio/projects/a%2Fb/groups"
            let wanted: JSON = ["emails": ["x@example.com"], "name": "night shift"]
            // Only who is assigned to the project can be in one of its groups.
            #expect(try await api.post(path, wanted).status == 400)
            let more: JSON = ["emails": ["x@example.com", "z@example.com"], "projects": ["a/b"]]
            try await api.post("/studio/assignments/add", more)
            let group = try await api.post(path, wanted)
            #expect(group["numWorkers"] == 1)
            #expect(group["isSingleton"] == true)
            #expect(try await api.post(path, ["emails": [], "name": "night shift"]).status == 409)
            let changed = try await api.call(
                .PUT,
                "\(path)/night%20shift",
                ["add_emails": ["y@example.com", "z@example.com"], "remove_emails": ["x@example.com"]]
            )
            #expect(changed["workers"]?.array?.map { $0["email"]?.string } == ["y@example.com", "z@example.com"])
            #expect(try await api.get(path).json == [changed.json])
            #expect(try await api.call(.PUT, "\(path)/day", [:]).status == 404)
        }
    }

    @Test func `priorities are set for all pending batches or none`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("s", "categorization", ["studio": true])
            try await api.createProject("e", "categorization")
            for (name, project) in [("b1", "s"), ("b2", "s"), ("b3", "s"), ("other", "e")] {
                try await api.post("/batches", ["name": .string(name), "project": .string(project)])
            }
            func names(_ json: JSON) -> [String?] { (json.array ?? []).map { $0["name"]?.string } }
            #expect(try await names(api.get("/studio/batches").json) == ["b1", "b2", "b3"])
            let order: JSON = ["batches": [["name": "b3"], ["name": "b1"], ["name": "b2"]]]
            #expect(try await names(api.post("/studio/batches/set_priorities", order).json) == ["b3", "b1", "b2"])
            #expect(try await api.get("/studio/batches").json[0]?["studioPriority"] == 1)
            for wrong in [
                #"["b1"]"#, #"[{"name":"b1"}]"#, #"[{"name":"b1"},{"name":"b1"},{"name":"b2"}]"#, "{}", "null",
            ] {
                let body: JSON = ["batches": JSON(parsing: wrong.utf8) ?? .null]
                #expect(try await api.post("/studio/batches/set_priorities", body).status == 400)
            }
            #expect(try await names(api.post("/studio/batches/reset_priorities").json) == ["b1", "b2", "b3"])
            try await api.post("/studio/projects/s/groups", ["emails": [], "name": "g"])
            #expect(try await api.call(.PUT, "/studio/batches/b1", ["groups": ["g"]])["groups"] == ["g"])
            #expect(try await api.call(.PUT, "/studio/batches/b1", ["groups": ["h"]]).status == 404)
            #expect(try await api.call(.PUT, "/studio/batches/other", ["groups": []]).status == 400)
            #expect(try await api.call(.PUT, "/studio/batches/none", ["groups": []]).status == 404)
        }
    }

    @Test(arguments: [
        ("/teams/invite", #"{"emails":["x"],"team_role":"member"}"#), ("/teams/invite", #"{"emails":["a@b"]}"#),
        ("/teams/invite", #"{"emails":["a@b"],"team_role":"king"}"#),
        ("/teams/invite", #"{"emails":[],"team_role":"member"}"#),
        ("/teams/set_role", #"{"emails":"a@b","team_role":"member"}"#), ("/teams/set_role", "[]"),
        ("/studio/assignments/add", #"{"emails":["a@b"]}"#), ("/studio/assignments/remove", #"{"projects":[]}"#),
        ("/studio/assignments/add", #"{"emails":[7],"projects":[]}"#),
    ])
    func `bad bodies are a 400`(path: String, body: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let answer = try await API(baseURL: baseURL).post(path, JSON(parsing: body.utf8))
            #expect(answer.status == 400)
        }
    }
}
