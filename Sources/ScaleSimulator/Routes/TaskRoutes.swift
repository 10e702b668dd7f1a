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
            let request = try TaskListRequest(call.query)
            // A page is written once the lock is given back.
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.taskPage(request) }.json
            )
        }
        // The part is a task type here and a task id everywhere below; the router wants one name.
        routes.answer(.post, "task/:task", in: world) { realm, call, now throws(APIError) in
            let type = try call.parameter("task")
            let task = try realm.once(call) { realm, body throws(APIError) in
                try realm.createTask(type: type, body: body, now: now)
            }
            call.note(task)
            return task
        }
        routes.answer(.get, "task/:task", in: world) { realm, call, _ throws(APIError) in
            try realm.task(try call.parameter("task"))
        }
        routes.answer(.post, "task/:task/cancel", in: world) { realm, call, now throws(APIError) in
            let clear = try call.query.bool("clear_unique_id") ?? false
            return try realm.cancelTask(try call.parameter("task"), clearUniqueID: clear, now: now)
        }
        routes.post("task/:task/audit") { request, context in
            let call = try await ReadCall(request, context)
            let form = try world.perform(call.mode) { realm, now throws(APIError) in
                try realm.auditTask(try call.parameter("task"), try call.object(), now: now)
                return realm.knobs.auditAnswer
            }
            switch form {
            case .text: return Response.text("OK")
            case .json: return Response.json(["success": true])
            }
        }
        for spelling in ["send_callback", "send-callback"] {
            routes.answer(.post, "task/:task/\(spelling)", in: world) { realm, call, _ throws(APIError) in
                try realm.resendCallback(try call.parameter("task"))
                return ["success": true]
            }
        }
    }

    private func addChanges(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.post, "task/:task/unique_id", in: world) { realm, call, now throws(APIError) in
            let uniqueID = try Realm.requiredString("unique_id", in: try call.object())
            return try realm.setUniqueID(try call.parameter("task"), uniqueID, now: now)
        }
        routes.answer(.delete, "task/:task/unique_id", in: world) { realm, call, now throws(APIError) in
            try realm.setUniqueID(try call.parameter("task"), nil, now: now)
        }
        routes.answer(.post, "task/:task/setMetadata", in: world) { realm, call, now throws(APIError) in
            try realm.setTaskMetadata(try call.parameter("task"), .object(try call.object()), now: now)
        }
        // The three calls on tags differ only in what becomes of the old tags and the given ones.
        let changes: [(HTTPRequest.Method, @Sendable (_ old: [String], _ given: [String]) -> [String])] = [
            (.post, { _, given in given }),
            (.put, { old, given in old + given.filter { !old.contains($0) } }),
            (.delete, { old, given in old.filter { !given.contains($0) } }),
        ]
        for (method, change) in changes {
            routes.answer(method, "task/:task/tags", in: world) { realm, call, now throws(APIError) in
                let given = try TaskParameters.tags(call.body)
                return try realm.changeTags(try call.parameter("task"), now: now) { change($0, given) }
            }
        }
    }
}
