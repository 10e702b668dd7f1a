import ScaleAPI

extension Call {
    static let all = Self.batches + Self.projects + Self.teams + Self.quality + Self.studio

    private static let odd = "a bc/def?é~"
    private static let oddEncoded = "a%20bc%2Fdef%3F%C3%A9~"

    private static let batch = #"{"name":"b","project":"p","status":"staging"}"#
    private static let batches = [
        Call(
            #"POST /v1/batches {"project":"p","name":"b","callback":"","calibration_batch":false,"#
                + #""self_label_batch":false,"metadata":{}}"#,
            answer: batch,
            wrongAnswers: noObject(with: "name")
        ) { client throws(ScaleError) in _ = try await client.createBatch("b", inProject: "p") },
        Call(
            #"POST /v1/batches {"project":"p","name":"b","callback":"a@b.c","calibration_batch":true,"#
                + #""self_label_batch":true,"metadata":{"k":[1]}}"#,
            answer: batch,
            wrongAnswers: []
        ) { client throws(ScaleError) in
            _ = try await client.createBatch(
                "b",
                inProject: "p",
                callback: "a@b.c",
                isCalibration: true,
                isSelfLabel: true,
                metadata: ["k": [1]]
            )
        },
        Call("GET /v1/batches/\(oddEncoded) ", answer: batch, wrongAnswers: noObject(with: "name")) {
            client throws(ScaleError) in _ = try await client.batch(odd)
        },
        Call(
            "GET /v1/batches/\(oddEncoded)/status ",
            answer: #"{"status":"completed"}"#,
            wrongAnswers: noObject(with: "status")
        ) { client throws(ScaleError) in _ = try await client.batchProgress(odd) },
        Call("POST /v1/batches/\(oddEncoded)/finalize ", answer: batch, wrongAnswers: noObject(with: "name")) {
            client throws(ScaleError) in _ = try await client.finalizeBatch(odd)
        },
        Call("POST /v1/batches/b/setMetadata {}", answer: batch, wrongAnswers: noObject(with: "name")) {
            client throws(ScaleError) in _ = try await client.setMetadata([:], ofBatch: "b")
        },
        Call(#"POST /v1/batches/b/prioritize {"priority":30}"#, answer: "", wrongAnswers: []) {
            client throws(ScaleError) in try await client.prioritizeBatch("b", priority: 30)
        },
        Call(
            "GET /v1/batches?project=p&limit=1 ",
            answer: #"{"docs":[],"totalDocs":0}"#,
            wrongAnswers: noJSON + ["{}", "[]", #"{"docs":[]}"#, #"{"docs":[],"totalDocs":-1}"#, #"{"totalDocs":1}"#]
        ) { client throws(ScaleError) in _ = try await client.batchCount(BatchFilter(project: "p")) },
    ]

    private static let project = #"{"name":"p","type":"categorization","param_history":[]}"#
    private static let projects = [
        Call(
            #"POST /v1/projects {"type":"categorization","name":"p","params":{},"rapid":false,"studio":false,"#
                + #""datasetId":null}"#,
            answer: project,
            wrongAnswers: noObject(with: "name")
        ) { client throws(ScaleError) in _ = try await client.createProject("p", type: .categorization) },
        Call(
            #"POST /v1/projects {"type":"new","name":"p","params":{"instruction":"i"},"rapid":true,"studio":true,"#
                + #""datasetId":"ds","pipeline":"consensus_task","consensus_attempts":3}"#,
            answer: project,
            wrongAnswers: []
        ) { client throws(ScaleError) in
            _ = try await client.createProject(
                "p",
                type: "new",
                params: ["instruction": "i"],
                isRapid: true,
                isStudio: true,
                datasetID: "ds",
                pipeline: .consensus,
                consensusAttempts: 3
            )
        },
        Call("GET /v1/projects/\(oddEncoded) ", answer: project, wrongAnswers: noObject(with: "name")) {
            client throws(ScaleError) in _ = try await client.project(odd)
        },
        Call("GET /v1/projects ", answer: "[\(project)]", wrongAnswers: noList(with: "name")) {
            client throws(ScaleError) in _ = try await client.projects()
        },
        Call("GET /v1/projects?archived=true ", answer: "[]", wrongAnswers: []) {
            client throws(ScaleError) in _ = try await client.projects(archived: true)
        },
        Call("GET /v1/projects?archived=false ", answer: "[]", wrongAnswers: []) {
            client throws(ScaleError) in _ = try await client.projects(archived: false)
        },
        Call(
            #"POST /v1/projects/p/setParams {"instruction":"i"}"#,
            answer: project,
            wrongAnswers: noObject(with: "name"),
            isRepeated: false
        ) { client throws(ScaleError) in _ = try await client.setParams(["instruction": "i"], ofProject: "p") },
        Call(
            #"POST /v1/projects/\#(oddEncoded)/setParams {"a":1,"patch":true}"#,
            answer: project,
            wrongAnswers: [],
            isRepeated: false
        ) { client throws(ScaleError) in _ = try await client.setParams(["a": 1], ofProject: odd, patch: true) },
        Call(
            #"POST /v1/projects/p/setOntology {"name":"o","ontology":["a",{"choice":"b","display":"B","#
                + #""description":"d","subchoices":["c"]}]}"#,
            answer: project,
            wrongAnswers: noObject(with: "name"),
            isRepeated: false
        ) { client throws(ScaleError) in
            let choices = ["a", OntologyChoice("b", display: "B", description: "d", subchoices: ["c"])]
            _ = try await client.setOntology(choices, ofProject: "p", ontologyName: "o")
        },
        Call(
            "GET /v1/projects/\(oddEncoded)/taskTemplates ",
            answer: #"{"id":"t"}"#,
            wrongAnswers: noObject(with: "id")
        ) { client throws(ScaleError) in _ = try await client.taskTemplate(ofProject: odd) },
    ]

    private static let teams = [
        Call("GET /v1/teams ", answer: #"[{"email":"a@b.c"}]"#, wrongAnswers: noList(with: "email")) {
            client throws(ScaleError) in _ = try await client.teammates()
        },
        Call(
            #"POST /v1/teams/invite {"emails":["a@b.c"],"team_role":"labeler"}"#,
            answer: "[]",
            wrongAnswers: noList(with: "email"),
            isRepeated: false
        ) { client throws(ScaleError) in _ = try await client.inviteTeammates(["a@b.c"], role: .labeler) },
        Call(
            #"POST /v1/teams/set_role {"emails":["a@b.c","d@e.f"],"team_role":"admin"}"#,
            answer: "[]",
            wrongAnswers: noList(with: "email")
        ) { client throws(ScaleError) in _ = try await client.setRole(.admin, ofTeammates: ["a@b.c", "d@e.f"]) },
    ]

    private static let quality = [
        Call(
            #"POST /v1/evaluation_tasks/categorization {"project":"p","attachment_type":"image","attachment":"u","#
                + #""categories":["a"],"expected_response":{"category":"a"},"initial_response":{"category":"b"}}"#,
            answer: #"{"id":"e"}"#,
            wrongAnswers: noObject(with: "id"),
            isRepeated: false
        ) { client throws(ScaleError) in
            _ = try await client.createEvaluationTask(
                CategorizationTask(attachment: "u", categories: ["a"], options: TaskOptions(project: "p")),
                expectedResponse: ["category": "a"],
                initialResponse: ["category": "b"]
            )
        },
        Call(
            #"POST /v1/training_tasks/new%2Ftype {"x":1,"expected_response":{}}"#,
            answer: #"{"id":"e"}"#,
            wrongAnswers: noObject(with: "id"),
            isRepeated: false
        ) { client throws(ScaleError) in
            let task = OtherTask(type: "new/type", parameters: ["x": 1])
            _ = try await client.createTrainingTask(task, expectedResponse: [:])
        },
        Call(
            "GET /v1/quality/labelers?quality_task_ids=1&quality_task_ids=2&labeler_emails=a%40b.c ",
            answer: "7",
            wrongAnswers: ["", "OK", "{"]
        ) { client throws(ScaleError) in _ = try await client.qualityLabelers(taskIDs: ["1", "2"], emails: ["a@b.c"]) },
        Call(
            #"PUT /v1/audits {"task_id":"5f00"}"#,
            answer: "{}",
            wrongAnswers: noJSON + ["[]", "7"],
            isRepeated: false
        ) { client throws(ScaleError) in _ = try await client.createFixlessAudit(["task_id": "5f00"]) },
        Call("GET /v1/audits?task_id=5f00 ", answer: "[{},{}]", wrongAnswers: ["", "OK", "7", "[null]", "[[]]"]) {
            client throws(ScaleError) in _ = try await client.fixlessAudits(ofTask: "5f00")
        },
        Call("GET /v1/audits?id=a%2F1 ", answer: "{}", wrongAnswers: ["", "OK", "7"]) {
            client throws(ScaleError) in _ = try await client.fixlessAudit("a/1")
        },
    ]

    private static let group = #"{"id":"1","name":"g"}"#
    private static let studioBatch = #"{"id":"1","name":"b"}"#
    private static let studio = [
        Call("GET /v1/studio/assignments ", answer: "{}", wrongAnswers: noJSON + ["[]"]) {
            client throws(ScaleError) in _ = try await client.studioAssignments()
        },
        Call(
            #"POST /v1/studio/assignments/add {"emails":["a@b.c"],"projects":["p","q"]}"#,
            answer: "{}",
            wrongAnswers: noJSON + ["[]"]
        ) { client throws(ScaleError) in
            _ = try await client.addStudioAssignments(emails: ["a@b.c"], projects: ["p", "q"])
        },
        Call(
            #"POST /v1/studio/assignments/remove {"emails":[],"projects":[]}"#,
            answer: "{}",
            wrongAnswers: noJSON + ["[]"]
        ) { client throws(ScaleError) in _ = try await client.removeStudioAssignments(emails: [], projects: []) },
        Call("GET /v1/studio/projects/\(oddEncoded)/groups ", answer: "[\(group)]", wrongAnswers: noList(with: "name"))
        {
            client throws(ScaleError) in _ = try await client.studioGroups(ofProject: odd)
        },
        Call(
            #"POST /v1/studio/projects/\#(oddEncoded)/groups {"emails":["a@b.c"],"name":"g"}"#,
            answer: group,
            wrongAnswers: noObject(with: "name"),
            isRepeated: false
        ) { client throws(ScaleError) in
            _ = try await client.createStudioGroup("g", emails: ["a@b.c"], inProject: odd)
        },
        Call(
            #"PUT /v1/studio/projects/p/groups/\#(oddEncoded) {"add_emails":["a@b.c"],"remove_emails":[]}"#,
            answer: group,
            wrongAnswers: noObject(with: "name")
        ) { client throws(ScaleError) in
            _ = try await client.updateStudioGroup(odd, inProject: "p", adding: ["a@b.c"])
        },
        Call("GET /v1/studio/batches ", answer: "[\(studioBatch)]", wrongAnswers: noList(with: "name")) {
            client throws(ScaleError) in _ = try await client.studioBatches()
        },
        Call(
            #"PUT /v1/studio/batches/\#(oddEncoded) {"groups":["g"]}"#,
            answer: studioBatch,
            wrongAnswers: noObject(with: "name")
        ) { client throws(ScaleError) in _ = try await client.assignStudioBatch(odd, toGroups: ["g"]) },
        Call(
            #"POST /v1/studio/batches/set_priorities {"batches":[{"name":"a"},{"name":"b"}]}"#,
            answer: "[]",
            wrongAnswers: noList(with: "name")
        ) { client throws(ScaleError) in _ = try await client.setStudioBatchPriorities(["a", "b"]) },
        Call("POST /v1/studio/batches/reset_priorities ", answer: "[]", wrongAnswers: noList(with: "name")) {
            client throws(ScaleError) in _ = try await client.resetStudioBatchPriorities()
        },
    ]
}
