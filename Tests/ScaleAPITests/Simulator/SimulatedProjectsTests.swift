import ScaleAPI
import ScaleSimulator
import Testing

@Suite(.timeLimit(.minutes(1))) struct SimulatedProjectsTests {
    @Test func `a project is made, found, listed and refused a second time`() async throws {
        try await SimulatedScale.run { scale in
            let task = ImageAnnotationTask(attachment: "x", geometries: [.box(["truck"])])
            var params = task.parameters
            params["attachment"] = nil
            let made = try await scale.live.createProject(
                "dock yard/1",
                type: .imageAnnotation,
                params: params,
                isStudio: true,
                datasetID: "ds_1",
                pipeline: .consensus,
                consensusAttempts: 3
            )
            #expect(made.name == "dock yard/1" && made.type == .imageAnnotation && made.version == 0)
            #expect(made.params?["geometries"] == params["geometries"] && !made.isArchived)
            #expect(made.json["pipelineName"] == "consensus_task" && made.json["numConsensus"] == 3)
            #expect(made.json["nucleusDatasetId"] == "ds_1" && made.createdAt != nil)
            let found = try await scale.live.project("dock yard/1")
            #expect(found.name == made.name && found.paramHistory == made.paramHistory)
            let bare = try await scale.live.createProject("bare", type: .chat)
            #expect(bare.paramHistory.isEmpty && bare.params == nil)
            let taken = await scaleError { () throws(ScaleError) in
                try await scale.live.createProject("bare", type: .chat)
            }
            #expect(taken?.code == .conflict)
            let missing = await scaleError { () throws(ScaleError) in try await scale.live.project("none") }
            #expect(missing?.code == .notFound)

            try await scale.order("/simulator/projects/bare/archive")
            #expect(try await scale.live.projects().map(\.name) == ["dock yard/1"])
            #expect(try await scale.live.projects(archived: false).map(\.name) == ["dock yard/1"])
            let archived = try await scale.live.projects(archived: true)
            #expect(archived.map(\.name) == ["bare"] && archived.first?.isArchived == true)
            #expect(try await scale.test.projects().isEmpty)
        }
    }

    @Test func `parameters are replaced or patched, each time as a new version that tasks inherit`() async throws {
        try await SimulatedScale.run { scale in
            let params: JSON.Object = ["instruction": "One.", "categories": ["a", "b"]]
            _ = try await scale.live.createProject("pets", type: .categorization, params: params)
            let patched = try await scale.live.setParams(["instruction": "Two."], ofProject: "pets", patch: true)
            #expect(patched.paramHistory.count == 2 && patched.version == 1 && patched.instruction == "Two.")
            #expect(patched.params?["categories"] == ["a", "b"] && patched.params?["patch"] == nil)
            let replaced = try await scale.live.setParams(["instruction": "Three."], ofProject: "pets")
            #expect(replaced.version == 2 && replaced.params?["categories"] == nil)
            #expect(replaced.paramHistory.first?["instruction"] == "One.")

            var options = TaskOptions(project: "pets")
            options.projectParamVersion = 1
            let task = try await scale.live.createTask(
                OtherTask(type: .categorization, parameters: ["attachment": "x"], options: options)
            )
            #expect(task.instruction == "Two." && task.params["categories"] == ["a", "b"])
            let wrong = await scaleError { () throws(ScaleError) in
                try await scale.live.setParams(["categories": "a"], ofProject: "pets")
            }
            #expect(wrong?.code == .badRequest)
            #expect(try await scale.live.project("pets").version == 2)
        }
    }

    @Test func `an ontology of strings and nested choices is set, one with repeats is not`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("dock", type: .imageAnnotation)
            let choices: [OntologyChoice] = [
                "truck", OntologyChoice("person", display: "Person", description: "Alive", subchoices: ["docker"]),
            ]
            let project = try await scale.live.setOntology(choices, ofProject: "dock", ontologyName: "v2")
            #expect(project.name == "dock")
            let written: JSON = [
                "truck", ["choice": "person", "display": "Person", "description": "Alive", "subchoices": ["docker"]],
            ]
            #expect(try await scale.live.project("dock").json["ontology"] == written)
            let repeated = await scaleError { () throws(ScaleError) in
                try await scale.live.setOntology(choices + ["docker"], ofProject: "dock")
            }
            #expect(repeated?.code == .invalidArgument)
            #expect(scale.count("POST /projects/{name}/setOntology") == 1)
        }
    }

    @Test func `text collections have a template, images have none`() async throws {
        try await SimulatedScale.run { scale in
            let fields = TextCollectionTask(fields: [.init(.text, id: "why", title: "Why?")]).parameters
            _ = try await scale.live.createProject("forms", type: .textCollection, params: fields)
            let template = try await scale.live.taskTemplate(ofProject: "forms")
            #expect(!template.id.isEmpty && template.version == 0 && !template.isAutoOnboardEnabled)
            #expect(template.templateVariables?["why"]?["title"] == "Why?")
            #expect(template.createdAt != nil && template.updatedAt != nil)
            _ = try await scale.live.createProject("dock", type: .imageAnnotation)
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.taskTemplate(ofProject: "dock")
            }
            #expect(error?.code == .badRequest)
        }
    }
}
