import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct BatchTests {
    @Test func `a staged batch works once finalized and calls back once, with the counts`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                try await api.post("/projects", ["name": "p", "type": "categorization", "rapid": true])
                let created = try await api.post(
                    "/batches",
                    ["project": "p", "name": "b 1/2", "callback": .string(url)]
                )
                #expect(created["status"] == "staging")
                var ids: [String] = []
                for number in 0..<6 {
                    let attachment: JSON = number == 0 ? "http://assets.invalid/1" : "x"
                    ids.append(try await api.createTask(["batch": "b 1/2", "attachment": attachment]))
                }
                try await api.post("/task/\(ids[5])/cancel")
                #expect(
                    try await api.get("/batches/b%201%2F2/status").json == [
                        "status": "staging", "pending": 5, "canceled": 1,
                    ]
                )
                #expect(try await api.post("/batches/b%201%2F2/finalize").status == 200)
                try await eventually("batch callback") { receiver.callbacks.count == 1 }
                #expect(
                    receiver.callbacks.first?.body == [
                        "batch": "b 1/2", "status": "completed",
                        "stats": ["completed": 4, "canceled": 1, "error": 1],
                    ]
                )
                #expect(receiver.callbacks.first?.authKey == "live_auth_simulator")
                try await eventually("settled") { simulator.summary.callbacksPending == 0 }
                #expect(receiver.callbacks.count == 1)
                #expect(try await api.get("/batches/b%201%2F2")["status"] == "completed")
                #expect(try await api.post("/batches/b%201%2F2/finalize").status == 400)
                let late: JSON = ["batch": "b 1/2", "attachment": "x", "categories": ["a"]]
                #expect(try await api.post("/task/categorization", late).status == 400)
            }
        }
    }

    @Test func `batches of other projects are in progress at once and are listed by offset`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.post("/projects", ["name": "p", "type": "categorization"])
            for number in 0..<5 {
                let batch: JSON = ["project": "p", "name": .string("b\(number)"), "metadata": ["n": JSON(number)]]
                #expect(try await api.post("/batches", batch)["status"] == "in_progress")
            }
            #expect(try await api.post("/batches", ["project": "p", "name": "b0"]).status == 409)
            #expect(try await api.post("/batches/b0/finalize")["status"] == "in_progress")
            #expect(try await api.post("/batches/b0/setMetadata", ["a": 1])["metadata"] == ["a": 1])
            let page = try await api.get("/batches?limit=2&offset=2&exclude_archived=False")
            #expect(page["docs"]?.array?.map { $0["name"] } == ["b2", "b1"])
            #expect(page["totalDocs"] == 5)
            #expect(page["has_more"] == true)
            #expect(try await api.get("/batches?limit=2&offset=4")["has_more"] == false)
            #expect(try await api.get("/batches?project=other")["totalDocs"] == 0)
        }
    }

    @Test func `an ontology with a choice twice is refused`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.post("/projects", ["name": "p q", "type": "imageannotation"])
            let tree: JSON = ["ontology": ["a", ["choice": "b", "subchoices": ["c"]]]]
            #expect(try await api.post("/projects/p%20q/setOntology", tree)["ontology"] == tree["ontology"])
            let twice: JSON = ["ontology": ["a", ["choice": "b", "subchoices": ["a"]]]]
            #expect(try await api.post("/projects/p%20q/setOntology", twice).status == 400)
        }
    }

    @Test func `a priority reaches the pending tasks of a batch and those to come`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("p", "categorization")
            try await api.post("/batches", ["project": "p", "name": "a/b"])
            let first = try await api.createTask(["batch": "a/b"])
            #expect(try await api.post("/batches/a%2Fb/prioritize", ["priority": 30])["priority"] == 30)
            #expect(try await api.get("/task/\(first)")["priority"] == 30)
            let second = try await api.createTask(["batch": "a/b"])
            #expect(try await api.get("/task/\(second)")["priority"] == 30)
            for body in [#"{}"#, #"{"priority":9}"#, #"{"priority":31}"#, #"{"priority":"high"}"#] {
                let answer = try await api.post("/batches/a%2Fb/prioritize", JSON(parsing: body.utf8))
                #expect(answer.status == 400)
            }
            #expect(try await api.post("/batches/none/prioritize", ["priority": 10]).status == 404)
        }
    }

    @Test func `batches are found by status and by when they were audited`() async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            try await api.createProject("p", "categorization")
            for name in ["audited", "untouched"] {
                try await api.post("/batches", ["project": "p", "name": .string(name)])
                let task = try await api.createTask(["batch": .string(name)])
                if name == "audited" { try await api.post("/task/\(task)/audit", ["accepted": true]) }
            }
            func names(_ query: String) async throws -> [String?] {
                (try await api.get("/batches?\(query)")["docs"]?.array ?? []).map { $0["name"]?.string }
            }
            #expect(try await names("audited_after=2020-01-01") == ["audited"])
            #expect(try await names("audited_before=2020-01-01") == [])
            #expect(try await names("status=completed&detailed=true") == ["untouched", "audited"])
            #expect(try await names("status=staging") == [])
            for query in ["status=done", "exclude_archived=maybe", "audited_after=soon", "limit=0", "offset=-1"] {
                #expect(try await api.get("/batches?\(query)").status == 400)
            }
        }
    }
}
