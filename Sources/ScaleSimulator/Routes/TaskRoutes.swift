import Hummingbird

/// The calls on tasks, T1 to T12 of contract B1.
struct TaskRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        self.addLife(to: routes)
        self.addChanges(to: routes)
    }

    private func addLife(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("tasks") { request, context in
            let call = try APICall(request, context)
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.tasks(call.query) }
            )
        }
        // The part is a task type here and a task id everywhere below; the router wants one name.
        routes.post("task/:task") { request, context in
            let call = try APICall(request, context)
            let type = try call.parameter("task")
            let body = try await call.object()
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.once(idempotencyKey: call.idempotencyKey) { realm throws(APIError) in
                        try realm.createTask(type: type, body: body, now: now)
                    }
                }
            )
        }
        routes.get("task/:task") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            return Response.json(try world.perform(call.mode) { realm, _ throws(APIError) in try realm.task(id) })
        }
        routes.post("task/:task/cancel") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            let clear = try call.query.bool("clear_unique_id") ?? false
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.cancelTask(id, clearUniqueID: clear, now: now)
                }
            )
        }
        routes.post("task/:task/audit") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            let body = try await call.object()
            guard let accepted = body["accepted"] else { throw APIError.missing("accepted") }
            guard let accepted = accepted.bool else { throw APIError.invalid("\"accepted\" must be a boolean") }
            let comments = body["comments"] ?? .null
            guard comments.isNull || comments.string != nil else {
                throw APIError.invalid("\"comments\" must be a string")
            }
            try world.perform(call.mode) { realm, now throws(APIError) in
                try realm.auditTask(id, accepted: accepted, comments: comments.string, now: now)
            }
            return Response.text("OK")
        }
        for spelling in ["send_callback", "send-callback"] {
            routes.post("task/:task/\(spelling)") { request, context in
                let call = try APICall(request, context)
                let id = try call.parameter("task")
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.resendCallback(id) }
                return Response.json(["success": true])
            }
        }
    }

    private func addChanges(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.post("task/:task/unique_id") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            let uniqueID = try Realm.requiredString("unique_id", in: try await call.object())
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.setUniqueID(id, uniqueID, now: now)
                }
            )
        }
        routes.delete("task/:task/unique_id") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.setUniqueID(id, nil, now: now)
                }
            )
        }
        routes.post("task/:task/setMetadata") { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            let metadata = JSON.object(try await call.object())
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.setTaskMetadata(id, metadata, now: now)
                }
            )
        }
        self.addTags(.post, to: routes) { _, given in given }
        self.addTags(.put, to: routes) { old, given in old + given.filter { !old.contains($0) } }
        self.addTags(.delete, to: routes) { old, given in old.filter { !given.contains($0) } }
    }

    /// The three calls on tags differ only in what becomes of the old tags and the given ones.
    private func addTags(
        _ method: HTTPRequest.Method,
        to routes: some RouterMethods<SimulatorContext>,
        _ change: @escaping @Sendable (_ old: [String], _ given: [String]) -> [String]
    ) {
        let world = self.world
        routes.on("task/:task/tags", method: method) { request, context in
            let call = try APICall(request, context)
            let id = try call.parameter("task")
            let given = try TaskParameters.tags(try await call.optionalBody())
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.changeTags(id, now: now) { change($0, given) }
                }
            )
        }
    }
}
