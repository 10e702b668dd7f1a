import Hummingbird

/// The simulator's own calls under `/simulator/`: its books, and what Scale's API cannot order.
///
/// No key is needed.
struct ControlRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("health") { _, _ in Response.json(["status": "ok"]) }
        routes.get("summary") { _, _ in Response.json(world.summary().json) }
        routes.get("journal") { request, _ in
            let query = try Query(request.uri.query)
            let filter = try JournalFilter(query)
            return Response.json(world.journalPage(filter, after: try Self.after(query), limit: try Self.limit(query)))
        }
        routes.get("audits") { request, _ in
            let query = try Query(request.uri.query)
            return Response.json(
                world.auditPage(taskID: query["task_id"], after: try Self.after(query), limit: try Self.limit(query))
            )
        }
        routes.get("tasks") { request, _ in
            let query = try Query(request.uri.query)
            return Response.json(world.taskPage(after: try Self.after(query), limit: try Self.limit(query)))
        }
        routes.post("tasks/:task/send-callback") { request, context in
            let query = try Query(request.uri.query)
            let times = try query.int("times", within: 1...1000) ?? 1
            try world.sendCallback(of: try Self.task(context), times: times)
            return Response.json(["success": true])
        }
        routes.post("tasks/:task/recall") { _, context in
            Response.json(try world.recall(try Self.task(context)))
        }
        routes.post("tasks/:task/fix") { request, context in
            let body = try await JSON(body: request)
            return Response.json(try world.fix(try Self.task(context), body))
        }
        routes.post("projects/:project/archive") { request, context in
            let name = context.parameters.get("project").flatMap { PercentCoding.decode($0.utf8) } ?? ""
            let mode: Mode = try Query(request.uri.query).choice("mode") ?? .live
            return Response.json(
                try world.perform(mode) { realm, _ throws(APIError) in try realm.archiveProject(name) }
            )
        }
        routes.post("fail-next") { request, _ in
            try world.add(try FailureRule(try await JSON(body: request)))
            return Response.json(["success": true])
        }
        routes.post("fail-next-callback") { request, _ in
            try world.add(try CallbackRule(try await JSON(body: request)))
            return Response.json(["success": true])
        }
        routes.get("knobs") { _, _ in Response.json(world.knobs.json) }
        for method in [HTTPRequest.Method.patch, .post] {
            routes.on("knobs", method: method) { request, _ in
                Response.json(try world.turnKnobs(try await JSON(body: request)).json)
            }
        }
    }

    private static func after(_ query: Query) throws(APIError) -> Int {
        try query.int("after", within: 0...Int.max) ?? 0
    }

    private static func limit(_ query: Query) throws(APIError) -> Int {
        try query.int("limit", within: 1...10000) ?? 1000
    }

    private static func task(_ context: SimulatorContext) throws(APIError) -> String {
        guard let raw = context.parameters.get("task"), let id = PercentCoding.decode(raw.utf8) else {
            throw .taskNotFound
        }
        return id
    }
}
