import Hummingbird

/// The calls on evaluation tasks, training tasks and the quality of work (contract B6).
struct QualityRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        for (path, kind) in [("evaluation_tasks", Quality.Kind.evaluation), ("training_tasks", .training)] {
            routes.answer(.post, "\(path)/:type", in: world) { realm, call, now throws(APIError) in
                try realm.createQualityTask(kind, type: try call.parameter("type"), try call.object(), now: now)
            }
        }
        routes.answer(.get, "quality/labelers", in: world) { realm, call, _ in realm.labelers(call.query) }
        routes.answer(.put, "audits", in: world, status: .created) { realm, call, now throws(APIError) in
            try realm.addFixlessAudit(try call.object(), now: now)
        }
        routes.answer(.get, "audits", in: world) { realm, call, _ throws(APIError) in
            try realm.fixlessAudits(call.query)
        }
    }
}
