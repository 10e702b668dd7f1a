extension Realm {
    /// Assigns people to projects, or takes the assignments away.
    ///
    /// - Returns: All assignments.
    mutating func changeAssignments(_ body: JSONObject, isAdding: Bool) throws(APIError) -> JSON {
        let emails = try Self.emails("emails", in: body)
        let projects = try Self.strings("projects", in: body)
        for project in projects { _ = try self.project(project) }
        let named = Set(projects)
        for email in emails {
            var place = self.studio.assignments.firstIndex { $0.email == email }
            if place == nil, isAdding {
                try Self.checkRoom(self.studio.assignments.count, Studio.maximum, "people with assignments")
                self.studio.assignments.append((email, []))
                place = self.studio.assignments.count - 1
            }
            guard let place else { continue }
            self.studio.assignments[place].projects.removeAll { named.contains($0) }
            if isAdding { self.studio.assignments[place].projects += projects }
        }
        return self.studio.assignmentsJSON
    }

    /// The groups of a project in the order they were made.
    func groups(of project: String) throws(APIError) -> JSON {
        _ = try self.project(project)
        return .array((self.studio.groups[project] ?? []).map(\.json))
    }

    /// Makes a group; its name is unique within the project.
    mutating func createGroup(of project: String, _ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        _ = try self.project(project)
        let name = try Self.requiredString("name", in: body)
        let emails = try Self.emails("emails", in: body)
        let groups = self.studio.groups[project] ?? []
        guard !groups.contains(where: { $0.name == name }) else {
            throw .conflict("A group with the name \"\(name)\" already exists in this project.")
        }
        try Self.checkRoom(self.studio.groups.values.reduce(0) { $0 + $1.count }, Studio.maximum, "groups")
        let workers = try self.workers(emails, of: project, now: now)
        let group = Studio.Group(id: self.makeID(now), name: name, workers: workers)
        self.studio.groups[project, default: []].append(group)
        return group.json
    }

    /// Adds labelers to a group, then takes others away.
    mutating func changeGroup(
        _ name: String,
        of project: String,
        _ body: JSONObject,
        now: Timestamp
    ) throws(APIError) -> JSON {
        _ = try self.project(project)
        let added = try Self.emails("add_emails", in: body, required: false)
        let removed = Set(try Self.emails("remove_emails", in: body, required: false))
        guard let place = self.studio.groups[project]?.firstIndex(where: { $0.name == name || $0.id == name }),
            var group = self.studio.groups[project]?[place]
        else { throw APIError(status: 404, message: "Group with that name not found.") }
        let present = Set(group.workers.map(\.email))
        group.workers += try self.workers(added.filter { !present.contains($0) }, of: project, now: now)
        group.workers.removeAll { removed.contains($0.email) }
        guard group.workers.count <= Studio.maximum else { throw .invalid("the group is too large") }
        self.studio.groups[project]?[place] = group
        return group.json
    }

    /// The batches of Studio projects that are not completed, in the order they are worked on.
    func studioBatches() -> JSON { .array(self.pendingStudioBatches.map { self.studioJSON($0) }) }

    /// Says which groups work on a batch.
    mutating func assignBatch(_ name: String, _ body: JSONObject) throws(APIError) -> JSON {
        let batch = try self.batch(name)
        guard self.projects[batch.project]?.isStudio == true else {
            throw .badRequest("The batch \"\(name)\" is not one of a Studio project.")
        }
        let groups = try Self.strings("groups", in: body)
        let known = Set((self.studio.groups[batch.project] ?? []).map(\.name))
        for group in groups where !known.contains(group) {
            throw APIError(status: 404, message: "Group with the name \"\(group)\" not found.")
        }
        self.batches[name]?.studioGroups = groups
        return self.studioJSON(try self.batch(name))
    }

    /// Orders the work: the body names all pending batches, the most urgent first.
    mutating func setPriorities(_ body: JSONObject) throws(APIError) -> JSON {
        guard let list = body["batches"], !list.isNull else { throw .missing("batches") }
        guard let elements = list.array else { throw .invalid("\"batches\" must be an array") }
        var names: [String] = []
        for element in elements {
            guard let name = element["name"]?.string else {
                throw .invalid("\"batches\" must be an array of objects with \"name\"")
            }
            names.append(name)
        }
        let pending = Set(self.pendingStudioBatches.map(\.name))
        guard names.count == pending.count, Set(names) == pending else {
            throw .invalid("\"batches\" must name every pending batch once")
        }
        for (place, name) in names.enumerated() { self.batches[name]?.studioPriority = place + 1 }
        return self.studioBatches()
    }

    /// Orders the work by the age of the batches again.
    mutating func resetPriorities() -> JSON {
        for batch in self.pendingStudioBatches { self.batches[batch.name]?.studioPriority = nil }
        return self.studioBatches()
    }

    private var pendingStudioBatches: [SimulatedBatch] {
        self.batchNames.compactMap { self.batches[$0] }
            .filter { $0.status != .completed && self.projects[$0.project]?.isStudio == true }
            .enumerated()
            .sorted { ($0.element.studioPriority ?? .max, $0.offset) < ($1.element.studioPriority ?? .max, $1.offset) }
            .map(\.element)
    }

    private func studioJSON(_ batch: SimulatedBatch) -> JSON {
        var json: JSONObject = [
            "id": .string(batch.id), "name": .string(batch.name),
            "projectId": .string(self.projects[batch.project]?.id ?? ""), "projectName": .string(batch.project),
            "batchType": batch.isCalibration ? "Calibration" : "Production",
        ]
        json["studioPriority"] = batch.studioPriority.map { JSON($0) }
        json["total"] = JSON(batch.tasks.count)
        json["completed"] = JSON(batch.counts[.completed] ?? 0)
        json["groups"] = .array(batch.studioGroups.map(JSON.string))
        return .object(json)
    }

    /// People as members of a group; only who is assigned to the project can be one.
    private mutating func workers(
        _ emails: [String],
        of project: String,
        now: Timestamp
    ) throws(APIError) -> [Studio.Worker] {
        let assigned = Set(self.studio.assignments.filter { $0.projects.contains(project) }.map(\.email))
        for email in emails where !assigned.contains(email) {
            throw .badRequest("\(email) is not assigned to the project \"\(project)\".")
        }
        var workers: [Studio.Worker] = []
        for email in emails {
            if self.studio.workerIDs[email] == nil {
                try Self.checkRoom(self.studio.workerIDs.count, Studio.maximum, "labelers")
                self.studio.workerIDs[email] = self.makeID(now)
            }
            workers.append(Studio.Worker(id: self.studio.workerIDs[email] ?? "", email: email))
        }
        return workers
    }
}
