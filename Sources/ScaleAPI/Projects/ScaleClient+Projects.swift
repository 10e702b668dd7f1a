import NIOHTTP1

/// Projects (contract B3).
extension ScaleClient {
    /// Creates a project.
    ///
    /// When Scale makes the project and fails to say so, the project is found and returned.
    ///
    /// - Parameters:
    ///   - name: Unique across the account.
    ///   - type: The type of its tasks.
    ///   - params: What its tasks inherit; the `parameters` of a `ScaleTaskRequest` will do.
    ///   - isRapid: Whether it is a Rapid project.
    ///   - isStudio: Whether it is a Studio project.
    ///   - datasetID: A Nucleus dataset that its tasks go to.
    ///   - pipeline: How the work is organised; nil for Scale's own choice.
    ///   - consensusAttempts: How many attempts the consensus pipeline makes.
    /// - Throws: `conflict` when the name is taken, `invalidArgument` as `createTask(type:parameters:)`.
    public func createProject(
        _ name: String,
        type: ScaleTask.TaskType,
        params: JSON.Object = [:],
        isRapid: Bool = false,
        isStudio: Bool = false,
        datasetID: String? = nil,
        pipeline: ScaleProject.Pipeline? = nil,
        consensusAttempts: Int? = nil
    ) async throws(ScaleError) -> ScaleProject {
        var request = ScaleRequest(method: .POST, pattern: "/projects")
        var body: JSON.Object = [
            "type": type.written, "name": .string(name), "params": .object(params), "rapid": .bool(isRapid),
            "studio": .bool(isStudio), "datasetId": datasetID?.written ?? .null,
        ]
        body.set("pipeline", pipeline?.rawValue)
        body.set("consensus_attempts", consensusAttempts)
        request.body = .json(.object(body))
        try self.check(parameters: params, in: request)
        return try await self.object(from: request, refusedOnceMade: .conflict) { () async throws(ScaleError) in
            let project = try await self.project(name)
            return project.type == type ? project : nil
        }
    }

    /// A project by its name.
    public func project(_ name: String) async throws(ScaleError) -> ScaleProject {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/projects/{name}", values: [name]))
    }

    /// All projects, in one answer.
    ///
    /// - Parameter archived: Whether those that are put away, or the others; nil for Scale's own choice.
    public func projects(archived: Bool? = nil) async throws(ScaleError) -> [ScaleProject] {
        var request = ScaleRequest(method: .GET, pattern: "/projects")
        if let archived { request.query.add("archived", String(archived)) }
        return try await self.objects(from: request)
    }

    /// Gives a project new parameters, for tasks to come.
    ///
    /// Each call adds a version to the history, so it is repeated only when Scale cannot have acted on it.
    ///
    /// - Parameters:
    ///   - params: The parameters; each replaces the one of its name as a whole.
    ///   - name: The project.
    ///   - patch: Whether parameters that are not named stay.
    /// - Throws: Among others `invalidArgument` as `createTask(type:parameters:)`.
    public func setParams(
        _ params: JSON.Object,
        ofProject name: String,
        patch: Bool = false
    ) async throws(ScaleError) -> ScaleProject {
        var body = params
        if patch { body["patch"] = true }
        let request = Self.change("/projects/{name}/setParams", ofProject: name, body)
        try self.check(parameters: params, in: request)
        return try await self.object(from: request)
    }

    /// Gives a project new labels.
    ///
    /// One source says that Scale has withdrawn this. It may add a version to the history, so it is repeated only when
    /// Scale cannot have acted on it.
    ///
    /// - Parameters:
    ///   - choices: The labels; all names must differ, those of subchoices included.
    ///   - name: The project.
    ///   - ontologyName: What the ontology is called.
    /// - Throws: `invalidArgument`, before anything is sent, when a name stands twice.
    public func setOntology(
        _ choices: [OntologyChoice],
        ofProject name: String,
        ontologyName: String? = nil
    ) async throws(ScaleError) -> ScaleProject {
        var body = JSON.Object()
        body.set("name", ontologyName)
        body["ontology"] = choices.written
        let request = Self.change("/projects/{name}/setOntology", ofProject: name, body)
        if let repeated = OntologyChoice.firstRepeated(in: choices) {
            throw request.invalid(
                "the choice \"\(repeated)\" stands twice in the ontology; names must be unique through the whole tree"
            )
        }
        return try await self.object(from: request)
    }

    /// The template of a project's tasks.
    ///
    /// - Throws: An error of Scale's choice when the type of the project has none.
    public func taskTemplate(ofProject name: String) async throws(ScaleError) -> ScaleProject.TaskTemplate {
        try await self.object(
            from: ScaleRequest(method: .GET, pattern: "/projects/{name}/taskTemplates", values: [name])
        )
    }

    /// A change that adds a version to a project's history, and so is not repeated on suspicion.
    private static func change(_ pattern: String, ofProject name: String, _ body: JSON.Object) -> ScaleRequest {
        var request = ScaleRequest(method: .POST, pattern: pattern, values: [name], body: .json(.object(body)))
        request.repeatability = .unlessTaken
        return request
    }
}
