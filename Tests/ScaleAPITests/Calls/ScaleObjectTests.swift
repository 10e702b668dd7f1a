import Foundation
import ScaleAPI
import Testing

/// What is read of batches, projects, teammates, quality tasks and Studio's things.
@Suite struct ScaleObjectTests {
    private func example<Object: ScaleObject>(_ name: String, as type: Object.Type = Object.self) throws -> Object {
        let example = try #require(Examples.all.first { $0.name.hasSuffix("api/\(name).response.json") })
        return try #require(Object(json: JSON(parsing: example.bytes)))
    }

    private func read<Object: ScaleObject>(_ text: String, as type: Object.Type = Object.self) throws -> Object {
        try #require(Object(json: JSON(parsing: text)))
    }

    @Test func `a batch is read`() throws {
        let batch: ScaleBatch = try self.example("batch")
        #expect(batch.name == "dockyard_2025_03_a")
        #expect(batch.project == "dockyard_vision")
        #expect(batch.status == .inProgress)
        #expect(batch.callback == "https://hooks.example.com/scale/callbacks")
        #expect(batch.metadata["owner"] == "vision-team")
        #expect(batch.createdAt == Date(timeIntervalSince1970: 1_741_680_000))
        #expect(try self.read(#"{"name":"b","callback":""}"#, as: ScaleBatch.self).callback == nil)
    }

    @Test(arguments: ["", "tasks_"])
    func `the tasks of a batch are counted under either name, and none means 0`(prefix: String) throws {
        let text = #"{"status":"staging","\#(prefix)pending":4,"\#(prefix)completed":114.0,"\#(prefix)error":null}"#
        let progress: ScaleBatch.Progress = try self.read(text)
        #expect(progress.status == .staging)
        let counts = [ScaleTask.Status.pending, .completed, .error, .canceled, "new"].map(progress.count)
        #expect(counts == [4, 114, 0, 0, 0])
    }

    @Test func `the documented progress of a batch is read`() throws {
        let progress: ScaleBatch.Progress = try self.example("GET-batch-status")
        #expect([ScaleTask.Status.pending, .completed, .error, .canceled].map(progress.count) == [4, 114, 2, 3])
    }

    @Test func `the parameters of a project are the last of its history`() throws {
        let documented: ScaleProject = try self.example("project")
        #expect(documented.type == .imageAnnotation)
        #expect(documented.instruction == "Label everything.")
        #expect(documented.version == 0)
        let text = #"{"name":"p","archived":true,"param_history":[{"version":0,"a":1},{"version":1,"b":2}]}"#
        let project: ScaleProject = try self.read(text)
        #expect(project.paramHistory.count == 2)
        #expect(project.params == ["version": 1, "b": 2])
        #expect(project.version == 1)
        #expect(project.isArchived)
        for none in ["[]", "null", "{}", "[[]]"] {
            let project: ScaleProject = try self.read(#"{"name":"p","param_history":\#(none)}"#)
            #expect(project.params == nil && project.version == nil && project.instruction == nil)
        }
    }

    @Test func `a task template is read`() throws {
        let text = """
            {"id":"t","version":2,"created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-02T00:00:00.5Z",
            "template_variables":{"v":1},"response_schema":[],"auto_onboard_enabled":true}
            """
        let template: ScaleProject.TaskTemplate = try self.read(text)
        #expect(template.id == "t" && template.version == 2 && template.isAutoOnboardEnabled)
        #expect(template.templateVariables == ["v": 1] && template.responseSchema == [])
        #expect(template.updatedAt?.timeIntervalSince(template.createdAt ?? .distantPast) == 86_400.5)
    }

    @Test func `a teammate is read`() throws {
        let text = """
            {"email":"a@b.c","role":"owner","company":"C","firstName":"F","lastName":"L","isStudioLabeler":false,
            "expiry":"2025-01-01"}
            """
        let teammate: Teammate = try self.read(text)
        #expect(teammate.role == Teammate.Role(rawValue: "owner"))
        #expect([teammate.email, teammate.company, teammate.firstName, teammate.lastName] == ["a@b.c", "C", "F", "L"])
        #expect(teammate.isStudioLabeler == false)
        #expect(teammate.expiry == Date(timeIntervalSince1970: 1_735_689_600))
    }

    @Test func `a quality task has an id of its own and both responses`() throws {
        let task: QualityTask = try self.read(
            #"{"id":"q","expected_response":{"category":"a"},"initial_response":null}"#
        )
        #expect(task.id == "q")
        #expect(task.expectedResponse?.categories == ["a"])
        #expect(task.initialResponse == nil)
        #expect(QualityTask(json: ["task_id": "q"]) == nil)
    }

    @Test func `Studio's groups, batches and assignments are read`() throws {
        let group: StudioGroup = try self.read(
            #"{"id":"1","name":"g","numWorkers":2,"isSingleton":true,"workers":[{"id":"w","email":"a@b.c"},null]}"#
        )
        #expect(group.workerCount == 2 && group.isSingleton && group.workers.map(\.email) == ["a@b.c"])
        let batch: StudioBatch = try self.read(
            #"{"id":"1","name":"b","projectId":"2","projectName":"p","batchType":"Calibration","studioPriority":null,"#
                + #""total":9,"completed":3,"groups":["g"]}"#
        )
        #expect(batch.kind == .calibration && batch.priority == nil && batch.total == 9 && batch.completed == 3)
        #expect(batch.projectID == "2" && batch.projectName == "p" && batch.groups == ["g"])
        let assignments: StudioAssignments = try self.read(#"{"a@b.c":["p","q"],"d@e.f":[],"g@h.i":7}"#)
        #expect(assignments.emails == ["a@b.c", "d@e.f", "g@h.i"])
        #expect(assignments.emails.map(assignments.projects) == [["p", "q"], [], []])
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["[]", "null"])
    func `an audit that is not there is nil`(body: String) async throws {
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            let audit = try await fixture.client.fixlessAudit("a")
            #expect(audit == nil)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `audits are read from a list and alone`() async throws {
        let one = #"{"id":"a","task_id":"5f00","new":1}"#
        try await ClientFixture.run(answers: [.json(one), .json("[\(one),\(one)]")]) { fixture in
            let alone = try await fixture.client.fixlessAudit("a")
            #expect(alone?.taskID == "5f00" && alone?.json["new"] == 1)
            let list = try await fixture.client.fixlessAudits(ofTask: "5f00")
            #expect(list.map(\.id) == ["a", "a"])
        }
    }
}
