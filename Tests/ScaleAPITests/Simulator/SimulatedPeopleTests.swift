import ScaleAPI
import ScaleSimulator
import Testing

/// Teams, quality and Studio.
@Suite(.timeLimit(.minutes(1))) struct SimulatedPeopleTests {
    @Test func `teammates are listed, invited and given roles`() async throws {
        try await SimulatedScale.run { scale in
            #expect(try await scale.live.teammates().map(\.role) == [.admin])
            let invited = try await scale.live.inviteTeammates(["ada.byron@b.c", "d@e.f"], role: .labeler)
            #expect(invited.dropFirst().map(\.email) == ["ada.byron@b.c", "d@e.f"])
            let ada = try #require(invited.dropFirst().first)
            #expect(ada.role == .labeler && ada.firstName == "Ada" && ada.lastName == "Byron")
            #expect(ada.isStudioLabeler == true && ada.company?.isEmpty == false && ada.expiry == nil)
            let changed = try await scale.live.setRole(.manager, ofTeammates: ["d@e.f"])
            #expect(changed.map(\.role) == [.admin, .labeler, .manager])
            #expect(try await scale.live.teammates() == changed)
            let unknown = await scaleError { () throws(ScaleError) in
                try await scale.live.setRole(.admin, ofTeammates: ["x@y.z"])
            }
            #expect(unknown?.code == .notFound)
            let wrong = await scaleError { () throws(ScaleError) in
                try await scale.live.inviteTeammates(["x@y.z"], role: "king")
            }
            #expect(wrong?.code == .badRequest)
        }
    }

    @Test func `evaluation and training tasks have a right answer, and labelers are measured by them`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("forms", type: .textCollection, isRapid: true)
            let form = TextCollectionTask(fields: [.init(.text, id: "why")], options: .init(project: "forms"))
            let right: JSON.Object = ["annotations": ["why": ["field_id": "why", "type": "text", "response": [["x"]]]]]
            let evaluation = try await scale.live.createEvaluationTask(
                form,
                expectedResponse: right,
                initialResponse: ["annotations": [:]]
            )
            #expect(evaluation.expectedResponse?.json == right && evaluation.initialResponse != nil)
            let training = try await scale.live.createTrainingTask(form, expectedResponse: right)
            #expect(training.id != evaluation.id && training.initialResponse == nil)
            #expect(training.expectedResponse?.textAnswers.first?.map(\.texts) == [["x"]])
            #expect(scale.taskCount() == 0)

            _ = try await scale.live.inviteTeammates(["a@b.c", "d@e.f"], role: .labeler)
            let rows = try await scale.live.qualityLabelers(taskIDs: [training.id], emails: ["d@e.f"])
            #expect(rows.array?.count == 1 && rows[0]?["labeler_email"] == "d@e.f")
            #expect(rows[0]?["quality_task_id"]?.string == training.id)
            #expect(try await scale.live.qualityLabelers(emails: ["a@b.c"]).array?.count == 2)

            _ = try await scale.live.createProject("plain", type: .textCollection)
            let plain = TextCollectionTask(fields: [.init(.text, id: "why")], options: .init(project: "plain"))
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.createTrainingTask(plain, expectedResponse: right)
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test func `a fixless audit is made and found by its task and by its id`() async throws {
        try await SimulatedScale.run { scale in
            let task = try await scale.makeCompletedTask()
            #expect(try await scale.live.fixlessAudits(ofTask: task.id).isEmpty)
            let made = try await scale.live.createFixlessAudit([
                "task_id": .string(task.id), "result": "rejected",
                "feedback_items": [["type": "wrong_label", "state": "rejected"]],
            ])
            #expect(made.taskID == task.id && made.json["result"] == "rejected")
            #expect(made.json["feedback_items"]?[0]?["type"] == "wrong_label")
            #expect(try await scale.live.fixlessAudits(ofTask: task.id) == [made])
            #expect(try await scale.live.fixlessAudit(try #require(made.id)) == made)
            #expect(scale.simulator.audits.isEmpty)
            let unknown = await scaleError { () throws(ScaleError) in try await scale.live.fixlessAudit("none") }
            #expect(unknown?.code == .notFound)
            let wrong = await scaleError { () throws(ScaleError) in
                try await scale.live.createFixlessAudit(["task_id": "none"])
            }
            #expect(wrong?.code == .notFound)
        }
    }

    @Test func `people are put on projects and into groups`() async throws {
        try await SimulatedScale.run { scale in
            for name in ["p/1", "p2"] {
                _ = try await scale.live.createProject(name, type: .categorization, isStudio: true)
            }
            #expect(try await scale.live.studioAssignments().emails.isEmpty)
            let added = try await scale.live.addStudioAssignments(emails: ["a@b.c", "d@e.f"], projects: ["p/1", "p2"])
            #expect(added.emails == ["a@b.c", "d@e.f"] && added.projects(of: "a@b.c") == ["p/1", "p2"])
            let left = try await scale.live.removeStudioAssignments(emails: ["d@e.f"], projects: ["p2"])
            #expect(left.projects(of: "d@e.f") == ["p/1"])
            #expect(try await scale.live.studioAssignments() == left)

            let group = try await scale.live.createStudioGroup("g 1", emails: ["a@b.c"], inProject: "p/1")
            #expect(group.name == "g 1" && group.workerCount == 1 && group.isSingleton && group.id != nil)
            let larger = try await scale.live.updateStudioGroup("g 1", inProject: "p/1", adding: ["d@e.f"])
            #expect(larger.workers.map(\.email) == ["a@b.c", "d@e.f"] && !larger.isSingleton)
            #expect(larger.workers.allSatisfy { $0.id != nil })
            let smaller = try await scale.live.updateStudioGroup("g 1", inProject: "p/1", removing: ["a@b.c"])
            #expect(smaller.workers.map(\.email) == ["d@e.f"])
            #expect(try await scale.live.studioGroups(ofProject: "p/1") == [smaller])
            #expect(try await scale.live.studioGroups(ofProject: "p2").isEmpty)
            let stranger = await scaleError { () throws(ScaleError) in
                try await scale.live.createStudioGroup("g2", emails: ["d@e.f"], inProject: "p2")
            }
            #expect(stranger?.code == .badRequest)
        }
    }

    @Test func `batches are given to groups and put in order`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("p", type: .categorization, isStudio: true)
            for name in ["b1", "b2", "b 3"] {
                _ = try await scale.live.createBatch(name, inProject: "p", isCalibration: name == "b2")
            }
            _ = try await scale.makeTask(.init(batch: "b2"))
            _ = try await scale.live.addStudioAssignments(emails: ["a@b.c"], projects: ["p"])
            _ = try await scale.live.createStudioGroup("g", emails: ["a@b.c"], inProject: "p")
            let batches = try await scale.live.studioBatches()
            #expect(batches.map(\.name) == ["b1", "b2", "b 3"] && batches.map(\.priority) == [nil, nil, nil])
            #expect(batches.map(\.kind) == [.production, .calibration, .production])
            #expect(batches.map(\.total) == [0, 1, 0] && batches[1].completed == 0)
            #expect(batches.allSatisfy { $0.projectName == "p" && $0.projectID != nil && $0.id != nil })
            #expect(try await scale.live.assignStudioBatch("b 3", toGroups: ["g"]).groups == ["g"])
            let ordered = try await scale.live.setStudioBatchPriorities(["b 3", "b1", "b2"])
            #expect(ordered.map(\.name) == ["b 3", "b1", "b2"] && ordered.map(\.priority) == [1, 2, 3])
            #expect(try await scale.live.studioBatches() == ordered)
            #expect(try await scale.live.resetStudioBatchPriorities().map(\.name) == ["b1", "b2", "b 3"])
            let partial = await scaleError { () throws(ScaleError) in
                try await scale.live.setStudioBatchPriorities(["b1"])
            }
            #expect(partial?.code == .badRequest)
        }
    }
}
