import Foundation
import ScaleAPI
import ScaleSimulator
import Testing

/// Calls that had their effect although their answer says something else, or nothing: what the books say afterwards.
@Suite(.timeLimit(.minutes(1))) struct SimulatedUnclearOutcomesTests {
    typealias FailureRule = ScaleSimulator.FailureRule

    /// The effect happens, and the answer does not tell.
    static let lostAnswers = [
        FailureRule(status: 500, afterEffect: true), .init(status: 503, afterEffect: true, retryAfter: 2),
        .init(status: 408, afterEffect: true), .init(status: 520, afterEffect: true),
        .init(status: 524, times: 2, afterEffect: true), .init(afterEffect: true, reset: true),
        .init(status: nil, truncated: true),
    ]

    private func body(_ uniqueID: String?) -> JSON.Object {
        var body: JSON.Object = ["attachment": "x", "categories": ["a"]]
        if let uniqueID { body["unique_id"] = .string(uniqueID) }
        return body
    }

    // MARK: - Creating

    @Test(arguments: lostAnswers)
    func `a task whose creation was not confirmed is found by its unique id`(rule: FailureRule) async throws {
        try await SimulatedScale.runIdle { scale in
            try scale.simulator.failNext(rule)
            let task = try await scale.live.createTask(type: "categorization", parameters: self.body("dock/ü 1"))
            #expect(task.uniqueID == "dock/ü 1" && task.status == .pending && task.type == .categorization)
            #expect(scale.taskCount() == 1)
            #expect(scale.statuses("POST /task/{task}").last == 409)
            #expect(scale.statuses("GET /tasks") == [200])
            #expect(try await scale.live.task(task.id) == task)
        }
    }

    @Test func `a creation whose answer came too late is found`() async throws {
        try await SimulatedScale.runIdle { scale in
            let hasty = scale.client { $0.timeout = .milliseconds(300) }
            try scale.simulator.failNext(.init(status: nil, trickle: 20))
            let task = try await hasty.createTask(type: "categorization", parameters: self.body("u"))
            #expect(task.uniqueID == "u" && scale.taskCount() == 1)
        }
    }

    @Test func `a creation that failed before its effect is made by the repeat`() async throws {
        try await SimulatedScale.runIdle { scale in
            for rule in [FailureRule(status: 500), .init(status: 525), .init(reset: true)] {
                try scale.simulator.failNext(rule)
                let uniqueID = "u/\(rule.reset)/\(rule.status ?? 0)"
                let task = try await scale.live.createTask(type: "categorization", parameters: self.body(uniqueID))
                #expect(task.uniqueID == uniqueID)
            }
            #expect(scale.taskCount() == 3 && scale.count("GET /tasks") == 0)
        }
    }

    @Test(arguments: lostAnswers + [.init(status: nil, malformed: true)])
    func `without a unique id a creation is not repeated and says that it may have happened`(
        rule: FailureRule
    ) async throws {
        try await SimulatedScale.runIdle { scale in
            try scale.simulator.failNext(rule)
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.createTask(type: "categorization", parameters: self.body(nil))
            }
            #expect(error?.isOutcomeUnknown == true)
            #expect(scale.taskCount() == 1 && scale.count("GET /tasks") == 0)
        }
    }

    @Test func `a conflict without an unclear answer before it is another's task`() async throws {
        try await SimulatedScale.runIdle { scale in
            _ = try await scale.makeTask(.init(uniqueID: "u"))
            try scale.simulator.failNext(.init(status: 429))
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.createTask(type: "categorization", parameters: self.body("u"))
            }
            #expect(error?.code == .conflict && error?.isOutcomeUnknown == false && scale.taskCount() == 1)
        }
    }

    @Test(arguments: lostAnswers)
    func `a project, a batch and a file that were made are found`(rule: FailureRule) async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                try scale.simulator.failNext(rule)
                let project = try await scale.live.createProject("dock", type: .categorization, isStudio: true)
                #expect(project.name == "dock")
                try scale.simulator.failNext(rule)
                #expect(try await scale.live.createBatch("march", inProject: "dock").project == "dock")
                try scale.simulator.failNext(rule)
                #expect(try await scale.live.finalizeBatch("march").status == .inProgress)
                let path = try makeFile("\(folder)/1.txt", "quay")
                let options = ScaleFile.Options(projectName: "dock", referenceID: "r1")
                try scale.simulator.failNext(rule)
                #expect(try await scale.live.uploadFile(at: path, options: options).referenceID == "r1")
                try scale.simulator.failNext(rule)
                let remote = ScaleFile.Options(projectName: "dock", referenceID: "r2")
                let file = try await scale.live.importFile(from: "https://a.example.com/1.png", options: remote)
                #expect(file.referenceID == "r2")
                #expect(try await scale.live.files(inProject: "dock").all().count == 2)
                #expect(try await scale.live.projects().count == 1)
                #expect(try await scale.live.batchCount() == 1)
            }
        }
    }

    // MARK: - What is never repeated

    @Test(arguments: lostAnswers.filter { !$0.truncated })
    func `an audit is never sent twice on suspicion`(rule: FailureRule) async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            try scale.simulator.failNext(rule)
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.auditTask(id, accepted: true, comments: "Good.")
            }
            #expect(error?.isOutcomeUnknown == true)
            // A reset is written down a moment after the client has seen it.
            try await scale.eventually { scale.count("POST /task/{task}/audit") > 0 }
            #expect(scale.count("POST /task/{task}/audit") == 1)
            #expect(scale.simulator.audits[id]?.map(\.comments) == ["Good."])
            #expect(scale.simulator.summary.audits == 1)
        }
    }

    @Test func `an audit whose connection broke before its effect is not repeated either`() async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            try scale.simulator.failNext(.init(reset: true))
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.auditTask(id, accepted: true)
            }
            #expect(error?.code == .connectionFailed && error?.isOutcomeUnknown == true)
            #expect(scale.simulator.audits.isEmpty)
        }
    }

    @Test func `an audit that was taken is a success although its answer is cut`() async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            for rule in [FailureRule(status: nil, truncated: true), .init(status: nil, malformed: true)] {
                try scale.simulator.failNext(rule)
                try await scale.live.auditTask(id, accepted: true)
            }
            #expect(scale.simulator.audits[id]?.count == 2)
        }
    }

    @Test func `other calls that count each time are sent once`() async throws {
        try await SimulatedScale.run { scale in
            let id = try await scale.makeCompletedTask().id
            _ = try await scale.live.createProject("p", type: .textCollection, isRapid: true)
            let form = TextCollectionTask(fields: [.init(.text, id: "why")], options: .init(project: "p"))
            let calls: [(String, () async throws(ScaleError) -> Void)] = [
                (
                    "POST /projects/{name}/setParams",
                    { () throws(ScaleError) in
                        _ = try await scale.live.setParams(["instruction": "x"], ofProject: "p")
                    }
                ),
                (
                    "PUT /audits",
                    { () throws(ScaleError) in
                        _ = try await scale.live.createFixlessAudit(["task_id": .string(id)])
                    }
                ),
                (
                    "POST /training_tasks/{type}",
                    { () throws(ScaleError) in
                        _ = try await scale.live.createTrainingTask(form, expectedResponse: ["a": 1])
                    }
                ),
                (
                    "POST /teams/invite",
                    { () throws(ScaleError) in
                        _ = try await scale.live.inviteTeammates(["a@b.c"], role: .labeler)
                    }
                ),
                (
                    "POST /task/{task}/send_callback",
                    { () throws(ScaleError) in
                        try await scale.live.resendCallback(ofTask: id)
                    }
                ),
            ]
            for (operation, call) in calls {
                try scale.simulator.failNext(.init(status: 500, afterEffect: true))
                let error = await scaleError(call)
                #expect(error?.code == .serverError && error?.isOutcomeUnknown == true, "\(operation)")
                #expect(scale.statuses(operation) == [500], "\(operation)")
            }
            #expect(try await scale.live.project("p").paramHistory.count == 1)
            #expect(try await scale.live.fixlessAudits(ofTask: id).count == 1)
        }
    }

    // MARK: - What does no harm twice

    /// What may be said after calls whose answers were lost, and what is then the case.
    private func changes(
        _ scale: SimulatedScale,
        _ id: String
    ) -> [(String, change: () async throws -> Void, isDone: () async throws -> Bool)] {
        let client = scale.live
        return [
            (
                "unique id", { _ = try await client.setUniqueID("u", ofTask: id) },
                {
                    try await client.task(id).uniqueID == "u"
                }
            ),
            (
                "no unique id", { _ = try await client.clearUniqueID(ofTask: id) },
                {
                    try await client.task(id).uniqueID == nil
                }
            ),
            (
                "metadata", { _ = try await client.setMetadata(["a": 1], ofTask: id) },
                {
                    try await client.task(id).metadata == ["a": 1]
                }
            ),
            (
                "tags", { _ = try await client.setTags(["a", "b"], ofTask: id) },
                {
                    try await client.task(id).tags == ["a", "b"]
                }
            ),
            (
                "more tags", { _ = try await client.addTags(["c"], ofTask: id) },
                {
                    try await client.task(id).tags == ["a", "b", "c"]
                }
            ),
            (
                "fewer tags", { _ = try await client.removeTags(["a"], ofTask: id) },
                {
                    try await client.task(id).tags == ["b", "c"]
                }
            ),
            ("cancel", { _ = try await client.cancelTask(id) }, { try await client.task(id).status == .canceled }),
            (
                "batch metadata", { _ = try await client.setMetadata(["a": 1], ofBatch: "b") },
                {
                    try await client.batch("b").metadata == ["a": 1]
                }
            ),
            (
                "priority", { try await client.prioritizeBatch("b", priority: 10) },
                {
                    try await client.batch("b").json["priority"] == 10
                }
            ),
            (
                "role", { _ = try await client.setRole(.manager, ofTeammates: ["owner@example.com"]) },
                {
                    try await client.teammates().map(\.role) == [.manager]
                }
            ),
            (
                "assignment", { _ = try await client.addStudioAssignments(emails: ["a@b.c"], projects: ["p"]) },
                {
                    try await client.studioAssignments().projects(of: "a@b.c") == ["p"]
                }
            ),
            (
                "group", { _ = try await client.updateStudioGroup("g", inProject: "p", adding: ["a@b.c"]) },
                {
                    try await client.studioGroups(ofProject: "p").first?.workers.map(\.email) == ["a@b.c"]
                }
            ),
            (
                "batch group", { _ = try await client.assignStudioBatch("b", toGroups: ["g"]) },
                {
                    try await client.studioBatches().first?.groups == ["g"]
                }
            ),
            (
                "order", { _ = try await client.setStudioBatchPriorities(["b"]) },
                {
                    try await client.studioBatches().first?.priority == 1
                }
            ),
            (
                "no order", { _ = try await client.resetStudioBatchPriorities() },
                {
                    try await client.studioBatches().first?.priority == nil
                }
            ),
            (
                "no assignment", { _ = try await client.removeStudioAssignments(emails: ["a@b.c"], projects: ["p"]) },
                {
                    try await client.studioAssignments().projects(of: "a@b.c").isEmpty
                }
            ),
        ]
    }

    @Test(arguments: lostAnswers)
    func `a change that does no harm twice is made, however its answer was lost`(rule: FailureRule) async throws {
        try await SimulatedScale.runIdle { scale in
            // The harder of the disputed answers to a second cancel.
            scale.simulator.turnKnobs { $0.cancelTwice = 400 }
            let id = try await scale.makeTask().id
            _ = try await scale.live.createProject("p", type: .categorization, isStudio: true)
            _ = try await scale.live.createBatch("b", inProject: "p")
            _ = try await scale.live.createStudioGroup("g", emails: [], inProject: "p")
            for (name, change, isDone) in self.changes(scale, id) {
                #expect(try await !isDone() || name == "no order", "\(name)")
                try scale.simulator.failNext(rule)
                try await change()
                #expect(try await isDone(), "\(name)")
            }
        }
    }

    @Test(arguments: lostAnswers)
    func `items of Nucleus are appended once`(rule: FailureRule) async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                let dataset = try await scale.order("/v1/nucleus/dataset/create", ["name": "quay"])["dataset_id"]?
                    .string
                let id = try #require(dataset)
                try scale.simulator.failNext(rule)
                let remote = NucleusItem(image: "s3://quay/1.jpg", referenceID: "remote")
                _ = try await scale.live.appendItems([remote], toDataset: id)
                try scale.simulator.failNext(rule)
                let path = try makeFile("\(folder)/1.jpg", "a picture")
                let local = NucleusItem(image: path, referenceID: "local")
                _ = try await scale.live.appendLocalItems([local], toDataset: id)
                #expect(try await scale.look("/v1/nucleus/dataset/\(id)/size") == ["count": 2])
            }
        }
    }
}
