extension Realm {
    /// Creates a project (contract B3).
    mutating func createProject(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let type = try Self.requiredString("type", in: body)
        let name = try Self.requiredString("name", in: body)
        try TaskParameters.checkType(type)
        for flag in ["rapid", "studio"] {
            if let value = body[flag], !value.isNull, value.bool == nil {
                throw .invalid("\"\(flag)\" must be a boolean")
            }
        }
        let params = body["params"] ?? .null
        guard params.isNull || params.object != nil else { throw .invalid("\"params\" must be an object") }
        guard self.projects[name] == nil else { throw .conflict("A project with the name \"\(name)\" already exists.") }
        var project = SimulatedProject(id: self.makeID(now), name: name, type: type, createdAt: now)
        project.isRapid = body["rapid"]?.bool ?? false
        project.isStudio = body["studio"]?.bool ?? false
        project.pipeline = body["pipeline"]?.string ?? project.pipeline
        project.consensusAttempts = body["consensus_attempts"]?.int ?? 0
        project.datasetID = body["datasetId"]?.string
        if let params = params.object, !params.members.isEmpty {
            project.paramHistory = [Self.version(params, number: 0, now: now)]
        }
        self.projects[name] = project
        self.projectNames.append(name)
        return project.createdJSON
    }

    /// The project with this name.
    func project(_ name: String) throws(APIError) -> SimulatedProject {
        guard let project = self.projects[name] else { throw .projectNotFound }
        return project
    }

    /// All projects as one array, without pages; archived ones only when asked for.
    func projects(_ query: Query) throws(APIError) -> JSON {
        let archived = try query.bool("archived") ?? false
        return .array(
            self.projectNames.compactMap { self.projects[$0] }.filter { $0.isArchived == archived }.map(\.json)
        )
    }

    /// Adds a version of the parameters: the body's alone, or with `patch` over the latest ones, key by key.
    mutating func setParams(_ name: String, _ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let project = try self.project(name)
        if let patch = body["patch"], patch.bool == nil { throw .invalid("\"patch\" must be a boolean") }
        var params = body["patch"]?.bool == true ? project.paramHistory.last ?? JSONObject() : JSONObject()
        var changes = body
        changes["patch"] = nil
        params.merge(changes)
        self.projects[name]?.paramHistory
            .append(
                Self.version(params, number: project.paramHistory.count, now: now)
            )
        return try self.project(name).json
    }

    /// Replaces the ontology.
    ///
    /// Choices must be unique through the whole tree.
    mutating func setOntology(_ name: String, _ body: JSONObject) throws(APIError) -> JSON {
        _ = try self.project(name)
        guard let ontology = body["ontology"], !ontology.isNull else { throw .missing("ontology") }
        guard let choices = ontology.array else { throw .invalid("\"ontology\" must be an array") }
        var seen: Set<String> = []
        try Self.collect(choices, into: &seen)
        self.projects[name]?.ontology = ontology
        return try self.project(name).json
    }

    private static func collect(_ choices: [JSON], into seen: inout Set<String>) throws(APIError) {
        for choice in choices {
            guard let name = choice.string ?? choice["choice"]?.string else {
                throw .invalid("an \"ontology\" holds strings, or objects with \"choice\"")
            }
            guard seen.insert(name).inserted else { throw .invalid("the choice \"\(name)\" occurs twice") }
            try self.collect(choice["subchoices"]?.array ?? [], into: &seen)
        }
    }

    private static func version(_ params: JSONObject, number: Int, now: Timestamp) -> JSONObject {
        var version = params
        version["version"] = JSON(number)
        version["created_at"] = .string("\(now)")
        return version
    }
}
