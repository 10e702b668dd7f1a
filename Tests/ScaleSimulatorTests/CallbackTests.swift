import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct CallbackTests {
    @Test func `a callback is tried again until it is acknowledged`() async throws {
        try await Receiver.with(answers: [500, 404, 302]) { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("acknowledged") { simulator.acknowledgedCallbacks[id] == 1 }
                #expect(receiver.callbacks.count == 4)
                for callback in receiver.callbacks {
                    #expect(callback.authKey == "live_auth_simulator")
                    #expect(callback.contentType == "application/json")
                    #expect(callback.body["task_id"]?.string == id)
                    #expect(callback.body["status"] == "completed")
                    #expect(callback.body["response"] == callback.body["task"]?["response"])
                    #expect(callback.body["task"]?["callback_succeeded"] == nil)
                }
                #expect(try await api.get("/task/\(id)")["callback_succeeded"] == true)
                let tries = simulator.journal().map(\.json).filter { $0["kind"] == "callback" }
                #expect(tries.map { $0["status"]?.int } == [500, 404, 302, 200])
                #expect(tries.map { $0["attempt"]?.int } == [1, 2, 3, 4])
            }
        }
    }

    @Test func `after the last try the callback is given up`() async throws {
        var configuration = ScaleSimulator.Configuration.fast
        configuration.clockScale = 10_000_000
        try await Receiver.with(answers: Array(repeating: 503, count: 21)) { url, receiver in
            try await ScaleSimulator.withRunning(configuration) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("given up") { simulator.summary.callbacksFailed == 1 }
                #expect(receiver.callbacks.count == 21)
                #expect(simulator.summary.callbacksPending == 0)
                #expect(try await api.get("/task/\(id)")["callback_succeeded"] == false)
            }
        }
    }

    @Test func `a retried body shows the task as it has become`() async throws {
        try await Receiver.with(answers: [500]) { url, receiver in
            receiver.hold()
            try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
                let api = API(baseURL: baseURL).test
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("first try") { receiver.callbacks.count == 1 }
                try await api.post("/task/\(id)/tags", ["late"])
                receiver.release()
                try await eventually("second try") { receiver.callbacks.count == 2 }
                #expect(receiver.callbacks.map { $0.body["task"]?["tags"] } == [nil, ["late"]])
            }
        }
    }

    @Test func `an audit calls back with the verdict`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
                let api = API(baseURL: baseURL).test
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("completed") { receiver.callbacks.count == 1 }
                try await api.post("/task/\(id)/audit", ["accepted": false, "comments": "No."])
                try await eventually("audited") { receiver.callbacks.count == 2 }
                let audited = try #require(receiver.callbacks.last)
                #expect(audited.authKey == "test_auth_simulator")
                #expect(audited.body["task"]?["customer_review_status"] == "rejected")
                #expect(audited.body["task"]?["customer_review_comments"] == ["No."])
                #expect(audited.body["task"]?["callback_succeeded"] == true)
            }
        }
    }

    @Test func `no outside host is dialled, and the journal says why`() async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            let urls = ["https://hooks.example.com/scale", "labels@example.com", "http://192.0.2.1/x", nil]
            for url in urls { _ = try await api.createTask(["callback_url": JSON(url)]) }
            try await eventually("all judged") { simulator.summary.callbacksNotSent == urls.count }
            let callbacks = simulator.journal().map(\.json).filter { $0["kind"] == "callback" }
            #expect(
                callbacks.allSatisfy { $0["attempt"] == 0 && $0["outcome"]?.string?.hasPrefix("not sent: ") == true }
            )
            #expect(simulator.summary.callbackAttempts == 0)
            #expect(try await api.get("/tasks?status=completed")["total"] == 4)
        }
    }

    @Test func `an attachment that cannot exist ends in an error callback`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
                let api = API(baseURL: baseURL)
                let more: JSONObject = [
                    "callback_url": .string(url), "attachment": "https://assets.invalid/1.jpg", "unique_id": "u",
                    "clear_unique_id_on_error": true,
                ]
                let id = try await api.createTask(more)
                try await eventually("called back") { receiver.callbacks.count == 1 }
                #expect(receiver.callbacks.first?.body["status"] == "error")
                #expect(receiver.callbacks.first?.body["response"]?["attachments"]?[0]?["statusCode"] == 404)
                #expect(try await api.get("/task/\(id)")["unique_id"] == nil)
                #expect(try await api.post("/task/\(id)/cancel").status == 400)
            }
        }
    }

    @Test func `a recalled task is pending again and completes a second time`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL).test
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("completed") { receiver.callbacks.count == 1 }
                #expect(try await api.root.post("/simulator/tasks/\(id)/recall").status == 200)
                try await eventually("called back twice more") { receiver.callbacks.count == 3 }
                let task = try await api.get("/task/\(id)")
                #expect(task["status"] == "completed")
                #expect(task["prior_responses"]?.array?.count == 1)
                #expect(try await api.root.post("/simulator/tasks/unknown/recall").status == 404)
            }
        }
    }

    @Test func `a customer's own fix is the response from then on, and calls back`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL).test
                let id = try await api.createTask(["callback_url": .string(url)])
                let first = try await api.get("/task/\(id)")["response"]
                try await eventually("completed") { receiver.callbacks.count == 1 }
                let fix: JSON = ["response": ["category": "cat"], "comments": "A cat."]
                let fixed = try await api.root.post("/simulator/tasks/\(id)/fix", fix)
                #expect(fixed["response"] == ["category": "cat", "is_customer_fix": true])
                #expect(fixed["customer_review_status"] == "fixed")
                #expect(fixed["audits"]?[0]?["audit_result"] == "fixed")
                #expect(fixed["prior_responses"]?.array == [first].compactMap(\.self))
                try await eventually("called back") { receiver.callbacks.count == 2 }
                #expect(receiver.callbacks.last?.body["response"] == fixed["response"])
                #expect(try await api.get("/tasks?customer_review_status=fixed")["total"] == 1)
                let second = try await api.root.post("/simulator/tasks/\(id)/fix")
                #expect(second["prior_responses"]?.array?.count == 2)
                #expect(simulator.audits[id]?.map(\.verdict) == [.fixed, .fixed])
                let pending = try await API(baseURL: baseURL).createTask(["attachment": "https://x.invalid/"])
                #expect(try await api.root.post("/simulator/tasks/\(pending)/fix").status == 400)
                #expect(try await api.root.post("/simulator/tasks/\(id)/fix", ["response": 7]).status == 400)
                #expect(try await api.root.post("/simulator/tasks/none/fix").status == 404)
            }
        }
    }

    @Test func `callbacks are doubled by share, on demand, and by both spellings of Scale's own call`() async throws {
        var configuration = ScaleSimulator.Configuration.fast
        configuration.callbackShares[.duplicate] = 1
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(configuration) { baseURL, simulator in
                let api = API(baseURL: baseURL).test
                let id = try await api.createTask(["callback_url": .string(url)])
                try await eventually("twice") { receiver.callbacks.count == 2 }
                try await api.root.post("/simulator/tasks/\(id)/send-callback?times=3")
                try await eventually("six more") { receiver.callbacks.count == 8 }
                #expect(try await api.post("/task/\(id)/send_callback").json == ["success": true])
                #expect(try await api.post("/task/\(id)/send-callback").json == ["success": true])
                try await eventually("four more") { simulator.acknowledgedCallbacks[id] == 12 }
            }
        }
    }

    @Test func `hundreds of callbacks at once all arrive`() async throws {
        try await Receiver.with { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<40 { _ = try await api.createTask(["callback_url": .string(url)]) }
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("all acknowledged") { simulator.summary.callbacksSucceeded == 320 }
                #expect(Set(receiver.callbacks.map { $0.body["task_id"]?.string }).count == 320)
                #expect(simulator.summary.callbacksPending == 0)
            }
        }
    }
}
