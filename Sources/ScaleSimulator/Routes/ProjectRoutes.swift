import Hummingbird

/// The calls on projects (contract B3).
struct ProjectRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("projects") { request, context in
            let call = try APICall(request, context)
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.projects(call.query) }
            )
        }
        routes.post("projects") { request, context in
            let call = try APICall(request, context)
            let body = try await call.object()
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.once(idempotencyKey: call.idempotencyKey) { realm throws(APIError) in
                        try realm.createProject(body, now: now)
                    }
                }
            )
        }
        routes.get("projects/:name") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.project(name).json }
            )
        }
        routes.post("projects/:name/setParams") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            let body = try await call.object()
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.setParams(name, body, now: now)
                }
            )
        }
        routes.post("projects/:name/setOntology") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            let body = try await call.object()
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.setOntology(name, body) }
            )
        }
    }
}
