import Hummingbird

/// The calls of Studio (contract B7).
struct StudioRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        self.addPeople(to: routes.group("studio"))
        self.addBatches(to: routes.group("studio/batches"))
    }

    private func addPeople(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "assignments", in: world) { realm, _, _ in realm.studio.assignmentsJSON }
        for (verb, isAdding) in [("add", true), ("remove", false)] {
            routes.answer(.post, "assignments/\(verb)", in: world) { realm, call, _ throws(APIError) in
                try realm.changeAssignments(try call.object(), isAdding: isAdding)
            }
        }
        routes.answer(.get, "projects/:project/groups", in: world) { realm, call, _ throws(APIError) in
            try realm.groups(of: try call.parameter("project"))
        }
        routes.answer(.post, "projects/:project/groups", in: world) { realm, call, now throws(APIError) in
            try realm.createGroup(of: try call.parameter("project"), try call.object(), now: now)
        }
        routes.answer(.put, "projects/:project/groups/:group", in: world) { realm, call, now throws(APIError) in
            let group = try call.parameter("group")
            return try realm.changeGroup(group, of: try call.parameter("project"), try call.object(), now: now)
        }
    }

    private func addBatches(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "", in: world) { realm, _, _ in realm.studioBatches() }
        routes.answer(.put, ":batch", in: world) { realm, call, _ throws(APIError) in
            try realm.assignBatch(try call.parameter("batch"), try call.object())
        }
        routes.answer(.post, "set_priorities", in: world) { realm, call, _ throws(APIError) in
            try realm.setPriorities(try call.object())
        }
        routes.answer(.post, "reset_priorities", in: world) { realm, _, _ in realm.resetPriorities() }
    }
}
