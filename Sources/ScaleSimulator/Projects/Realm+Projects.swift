extension Realm {
    /// Versions of the parameters of one project, at most.
    private static let maximumVersions = 1000

    /// Bytes of JSON of all these versions together, at most: reading a project shows every one of them.
    private static let maximumHistoryBytes = 32 * 1024 * 1024

    /// Creates a project (contract B3).
    mutating func createProject(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let type = try Self.requiredString("type", in: body)
        let name = try Self.requiredString("name", in: body)
        try TaskParameters.checkType(type)
        let isRapid = try Self.optionalBool("rapid", in: body)
        let isStudio = try Self.optionalBool("studio", in: body)
        let pipeline = try Self.optionalString("pipeline", in: body)
        guard [nil, "standard_task", "consensus_task"].contains(pipeline) else {
            throw .invalid("\"pipeline\" must be standard_task or consensus_task")
        }
        let attempts = body["consensus_attempts"] ?? .null
        guard attempts.isNull || (1...100).contains(attempts.int ?? 0) else {
            throw .invalid("\"consensus_attempts\" must be a number from 1 to 100")
        }
        let params = body["params"] ?? .null
        guard params.isNull || params.object != nil else { throw .invalid("\"params\" must be an object") }
        if let params = params.object { try TaskParameters.checkKinds(type: type, params) }
        try self.limits.check(\.projects, has: self.projects.count, of: "projects")
        guard self.projects[name] == nil else { throw .conflict("A project with the name \"\(name)\" already exists.") }
        var project = SimulatedProject(id: self.makeID(now), name: name, type: type, createdAt: now)
        project.isRapid = isRapid
        project.isStudio = isStudio
        project.pipeline = pipeline ?? project.pipeline
        project.consensusAttempts = attempts.int ?? 0
        project.datasetID = try Self.optionalString("datasetId", in: body)
        if let params = params.object, !params.members.isEmpty {
            project.paramHistory = [Self.version(params, number: 0, now: now)]
            project.historyBytes = JSON.object(params).utf8.count
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
        try Self.checkRoom(project.paramHistory.count, Self.maximumVersions, "versions of one project's parameters")
        var params = body["patch"]?.bool == true ? project.paramHistory.last ?? JSONObject() : JSONObject()
        var changes = body
        changes["patch"] = nil
        params.merge(changes)
        try TaskParameters.checkKinds(type: project.type, params)
        let version = Self.version(params, number: project.paramHistory.count, now: now)
        let bytes = project.historyBytes + JSON.object(version).utf8.count
        guard bytes <= Self.maximumHistoryBytes else { throw .invalid("the versions of the parameters are too large") }
        self.projects[name]?.historyBytes = bytes
        self.projects[name]?.paramHistory.append(version)
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

    /// The template that the tasks of a chat or text collection project are made by (contract B3).
    func taskTemplate(_ name: String) throws(APIError) -> JSON {
        let project = try self.project(name)
        guard ["chat", "chatexperimental", "chatlite", "multichat", "textcollection"].contains(project.type) else {
            throw .badRequest("Projects of type \(project.type) have no task templates.")
        }
        let latest = project.paramHistory.last
        var variables = JSONObject()
        for field in latest?["fields"]?.array ?? [] {
            guard let id = field["field_id"]?.string else { continue }
            variables[id] = ["type": field["type"] ?? "text", "title": field["title"] ?? .string(id)]
        }
        return [
            "id": .string(project.id), "version": latest?["version"] ?? 0,
            "created_at": .string("\(project.createdAt)"),
            "updated_at": latest?["created_at"] ?? .string("\(project.createdAt)"),
            "template_variables": .object(variables), "response_schema": .null, "auto_onboard_enabled": false,
        ]
    }

    /// Puts a project away; only the control endpoint can.
    mutating func archiveProject(_ name: String) throws(APIError) -> JSON {
        _ = try self.project(name)
        self.projects[name]?.isArchived = true
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
