import ScaleAPI
import ScaleSimulator
import Testing

/// What can be done with one task.
@Suite(.timeLimit(.minutes(1))) struct SimulatedTaskChangesTests {
    @Test(arguments: [200, 400])
    func `a cancelled task stays cancelled, however a second cancel is answered`(status: Int) async throws {
        try await SimulatedScale.runIdle { scale in
            scale.simulator.turnKnobs { $0.cancelTwice = status }
            let task = try await scale.makeTask(.init(uniqueID: "u"))
            #expect(task.status == .pending && task.response == nil && !task.isTest)
            for _ in 0..<2 {
                let cancelled = try await scale.live.cancelTask(task.id)
                #expect(cancelled.id == task.id && cancelled.status == .canceled && cancelled.uniqueID == "u")
            }
            #expect(scale.statuses("POST /task/{task}/cancel") == [200, status])
        }
    }

    @Test func `a cancel can set the unique id free`() async throws {
        try await SimulatedScale.runIdle { scale in
            let task = try await scale.makeTask(.init(uniqueID: "u"))
            #expect(try await scale.live.cancelTask(task.id, clearUniqueID: true).uniqueID == nil)
            let next = try await scale.makeTask(.init(uniqueID: "u"))
            #expect(next.id != task.id && next.uniqueID == "u")
        }
    }

    @Test func `a completed task cannot be cancelled, unless Scale is as it once was`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.makeCompletedTask()
            let error = await scaleError { () throws(ScaleError) in try await scale.live.cancelTask(task.id) }
            #expect(error?.code == .badRequest && error?.isOutcomeUnknown == false)
            #expect(error?.message == "Cannot cancel a task that is completed.")
            scale.simulator.turnKnobs { $0.cancelCompleted = 200 }
            let cancelled = try await scale.live.cancelTask(task.id)
            #expect(cancelled.status == .canceled && cancelled.response == task.response)
        }
    }

    @Test(arguments: Knobs.allAnswers)
    func `an audit is in the books once and on the task`(knobs: Knobs) async throws {
        try await SimulatedScale.run(.with { $0.knobs = knobs }) { scale in
            let task = try await scale.makeCompletedTask()
            #expect(task.customerReviewStatus == nil && task.audits.isEmpty)
            try await scale.live.auditTask(task.id, accepted: false, comments: "Look again.")
            let books = scale.simulator.audits
            #expect(books.keys.sorted() == [task.id] && scale.simulator.summary.audits == 1)
            #expect(books[task.id]?.map(\.accepted) == [false])
            #expect(books[task.id]?.map(\.comments) == ["Look again."])
            let audited = try await scale.live.task(task.id)
            #expect(audited.customerReviewStatus == .rejected)
            #expect(audited.customerReviewComments == ["Look again."])
            #expect(audited.customerReviewedBy == audited.audits.first?.auditedBy)
            #expect(audited.customerAuditedAt != nil && audited.customerAuditedAt == audited.audits.first?.auditedAt)
            #expect(audited.audits.map(\.result) == ["rejected"] && audited.audits.map(\.source) == ["customer"])
            #expect(audited.audits.map(\.seconds) == [1.5] && audited.priorResponses.isEmpty)
            try await scale.live.auditTask(task.id, accepted: true)
            #expect(scale.simulator.audits[task.id]?.map(\.accepted) == [false, true])
            #expect(scale.simulator.summary.tasksAuditedMoreThanOnce == 1)
            #expect(try await scale.live.task(task.id).customerReviewStatus == .accepted)
        }
    }

    @Test func `a pending task cannot be audited`() async throws {
        try await SimulatedScale.runIdle { scale in
            let task = try await scale.makeTask()
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.auditTask(task.id, accepted: true)
            }
            #expect(error?.code == .badRequest && scale.simulator.audits.isEmpty)
        }
    }

    @Test func `a recalled task is pending with its response among the earlier ones`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.makeCompletedTask()
            scale.simulator.turnKnobs { $0.completionDelay = 3600 }
            try scale.simulator.recall(task.id)
            let recalled = try await scale.live.task(task.id)
            #expect(recalled.status == .pending && recalled.result == nil && recalled.completedAt == nil)
            #expect(recalled.priorResponses == [try #require(task.response)])
        }
    }

    @Test func `a unique id is given and taken away`() async throws {
        try await SimulatedScale.runIdle { scale in
            let first = try await scale.makeTask()
            let second = try await scale.makeTask()
            #expect(try await scale.live.setUniqueID("ü/1 2", ofTask: first.id).uniqueID == "ü/1 2")
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.setUniqueID("ü/1 2", ofTask: second.id)
            }
            #expect(error?.code == .conflict && error?.message.contains(first.id) == true)
            let cleared = try await scale.live.clearUniqueID(ofTask: first.id)
            #expect(cleared.id == first.id && cleared.uniqueID == nil && cleared.json["unique_id"] == nil)
            #expect(try await scale.live.setUniqueID("ü/1 2", ofTask: second.id).uniqueID == "ü/1 2")
        }
    }

    @Test func `metadata is replaced, and cleared by an empty object`() async throws {
        try await SimulatedScale.runIdle { scale in
            let task = try await scale.makeTask()
            let metadata: JSON.Object = ["a": [1, 2.50, nil], "é": "x"]
            #expect(try await scale.live.setMetadata(metadata, ofTask: task.id).metadata == metadata)
            #expect(try await scale.live.setMetadata([:], ofTask: task.id).metadata == [:])
            #expect(try await scale.live.task(task.id).metadata == [:])
            let large: JSON.Object = ["a": .string(String(repeating: "x", count: 11_000))]
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.setMetadata(large, ofTask: task.id)
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test func `tags are set, added and removed, and an empty list clears them`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            #expect(try await scale.live.setTags(["a", "b"], ofTask: id).tags == ["a", "b"])
            #expect(try await scale.live.addTags(["b", "c"], ofTask: id).tags == ["a", "b", "c"])
            #expect(try await scale.live.removeTags(["a", "z"], ofTask: id).tags == ["b", "c"])
            #expect(try await scale.live.addTags([], ofTask: id).tags == ["b", "c"])
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.addTags(["d", "e", "f", "g"], ofTask: id)
            }
            #expect(error?.code == .badRequest)
            #expect(try await scale.live.setTags([], ofTask: id).tags == [])
            #expect(try await scale.live.task(id).tags == [])
        }
    }

    @Test(arguments: [ResendCallbackPath.automatic, .sendWithUnderscore, .sendWithHyphen])
    func `a callback is sent again`(path: ResendCallbackPath) async throws {
        try await ScriptedServer.run(answer: .status(200)) { receiver, port in
            try await SimulatedScale.run { scale in
                let client = scale.client { $0.resendCallbackPath = path }
                let task = try await scale.makeCompletedTask(.init(callbackURL: "http://127.0.0.1:\(port)/callbacks"))
                try await scale.eventually { receiver.requests.count == 1 }
                try await client.resendCallback(ofTask: task.id)
                try await scale.eventually { receiver.requests.count == 2 }
                let bodies = try receiver.requests.map { try JSON(parsing: $0.body) }
                #expect(bodies.map { $0["task_id"]?.string } == [task.id, task.id])
                try await scale.eventually { scale.simulator.acknowledgedCallbacks[task.id] == 2 }
            }
        }
    }

    @Test func `the other spelling is tried where the first one leads nowhere`() async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            try scale.simulator.failNext(.init(pathContains: "send_callback", status: 404, times: 2))
            try await scale.live.resendCallback(ofTask: id)
            #expect(scale.statuses("POST /task/{task}/send_callback") == [404])
            #expect(scale.statuses("POST /task/{task}/send-callback") == [200])
            let strict = scale.client { $0.resendCallbackPath = .sendWithUnderscore }
            let error = await scaleError { () throws(ScaleError) in try await strict.resendCallback(ofTask: id) }
            #expect(error?.code == .notFound && scale.count("POST /task/{task}/send-callback") == 1)
        }
    }

    @Test func `the callback of a pending task cannot be sent`() async throws {
        try await SimulatedScale.runIdle { scale in
            let id = try await scale.makeTask().id
            let error = await scaleError { () throws(ScaleError) in try await scale.live.resendCallback(ofTask: id) }
            #expect(error?.code == .badRequest)
        }
    }

    @Test(arguments: Knobs.CallbackField.allCases)
    func `the end of a callback is read by each of its names`(field: Knobs.CallbackField) async throws {
        try await ScriptedServer.run(answer: .status(204)) { _, port in
            try await SimulatedScale.run(.with { $0.callbackField = field }) { scale in
                let task = try await scale.makeCompletedTask(.init(callbackURL: "http://127.0.0.1:\(port)/"))
                try await scale.eventually { try await scale.live.task(task.id).callbackSucceeded == true }
            }
        }
    }

    @Test func `a callback that nobody took is told`() async throws {
        try await ScriptedServer.run(answer: .status(500)) { receiver, port in
            try await SimulatedScale.run(.with { ($0.retries, $0.clockScale) = (2, 10_000) }) { scale in
                let task = try await scale.makeCompletedTask(.init(callbackURL: "http://127.0.0.1:\(port)/"))
                try await scale.eventually { try await scale.live.task(task.id).callbackSucceeded == false }
                #expect(receiver.requests.count == 3)
            }
        }
    }

    @Test func `the two modes do not see each other's tasks`() async throws {
        try await SimulatedScale.runIdle { scale in
            let task = try await scale.makeTask(.init(uniqueID: "u"))
            let error = await scaleError { () throws(ScaleError) in try await scale.test.task(task.id) }
            #expect(error?.code == .notFound)
            let other = try await scale.test.createTask(
                CategorizationTask(attachment: "a", categories: ["b"], options: .init(uniqueID: "u"))
            )
            #expect(other.isTest && scale.taskCount(.test) == 1 && scale.taskCount(.live) == 1)
        }
    }
}

extension Knobs {
    /// The two forms of the answer to an audit with the two forms of its comments.
    static var allAnswers: [Self] {
        AuditAnswer.allCases.flatMap { answer in
            CommentsForm.allCases.map { form in
                var knobs = Self()
                knobs.completionDelay = 0
                knobs.faultShare = 0
                knobs.auditAnswer = answer
                knobs.reviewComments = form
                return knobs
            }
        }
    }
}
