import Hummingbird

/// The calls on projects (contract B3).
struct ProjectRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "projects", in: world) { realm, call, _ throws(APIError) in try realm.projects(call.query) }
        routes.answer(.post, "projects", in: world) { realm, call, now throws(APIError) in
            try realm.once(call) { realm, body throws(APIError) in try realm.createProject(body, now: now) }
        }
        routes.answer(.get, "projects/:name", in: world) { realm, call, _ throws(APIError) in
            try realm.project(try call.parameter("name")).json
        }
        routes.answer(.post, "projects/:name/setParams", in: world) { realm, call, now throws(APIError) in
            try realm.setParams(try call.parameter("name"), try call.object(), now: now)
        }
        routes.answer(.post, "projects/:name/setOntology", in: world) { realm, call, _ throws(APIError) in
            try realm.setOntology(try call.parameter("name"), try call.object())
        }
        routes.answer(.get, "projects/:name/taskTemplates", in: world) { realm, call, _ throws(APIError) in
            try realm.taskTemplate(try call.parameter("name"))
        }
    }
}
