import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct ProjectRoutesTests {
    @Test func `text collection projects have a template, others have none`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let fields: JSON = [["type": "text", "field_id": "why", "title": "Why?"]]
            try await api.createProject("t", "textcollection", ["params": ["fields": fields]])
            try await api.post("/projects/t/setParams", ["patch": true, "instruction": "Look."])
            let template = try await api.get("/projects/t/taskTemplates")
            #expect(template["version"] == 1)
            #expect(template["template_variables"] == ["why": ["type": "text", "title": "Why?"]])
            #expect(template["id"]?.string?.isEmpty == false && template["updated_at"] != nil)
            try await api.createProject("i", "imageannotation")
            #expect(try await api.get("/projects/i/taskTemplates").status == 400)
            #expect(try await api.get("/projects/x/taskTemplates").status == 404)
        }
    }

    @Test func `archived projects are listed apart, and their batches can be left out`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            for name in ["old", "new"] {
                try await api.createProject(name, "categorization")
                try await api.post("/batches", ["project": .string(name), "name": .string("\(name)-b")])
            }
            try await api.root.post("/simulator/projects/old/archive")
            func names(_ json: JSON?) -> [String?] { (json?.array ?? []).map { $0["name"]?.string } }
            #expect(try await names(api.get("/projects").json) == ["new"])
            #expect(try await names(api.get("/projects?archived=True").json) == ["old"])
            #expect(try await names(api.get("/batches?exclude_archived=True")["docs"]) == ["new-b"])
            #expect(try await names(api.get("/batches")["docs"]) == ["new-b", "old-b"])
            #expect(try await api.root.post("/simulator/projects/none/archive").status == 404)
        }
    }

    @Test(arguments: [
        #"{"rapid":"yes"}"#, #"{"studio":1}"#, #"{"pipeline":"other"}"#, #"{"consensus_attempts":0}"#,
        #"{"consensus_attempts":"3"}"#, #"{"datasetId":7}"#,
    ])
    func `options of the wrong kind are refused`(change: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            var body: JSONObject = ["name": "p", "type": "imageannotation"]
            body.merge(try #require(JSON(parsing: change.utf8)?.object))
            let answer = try await api.post("/projects", .object(body))
            #expect(answer.status == 400)
            #expect(try await api.get("/projects").json == [])
        }
    }
}
