import Hummingbird

/// The calls on batches (contract B2).
struct BatchRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("batches") { request, context in
            let call = try APICall(request, context)
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.batches(call.query) }
            )
        }
        routes.post("batches") { request, context in
            let call = try APICall(request, context)
            let body = try await call.object()
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in
                    try realm.once(idempotencyKey: call.idempotencyKey) { realm throws(APIError) in
                        try realm.createBatch(body, now: now)
                    }
                }
            )
        }
        routes.get("batches/:name") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.batch(name).json }
            )
        }
        routes.get("batches/:name/status") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.batch(name).statusJSON }
            )
        }
        routes.post("batches/:name/finalize") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in try realm.finalizeBatch(name, now: now) }
            )
        }
        routes.post("batches/:name/setMetadata") { request, context in
            let call = try APICall(request, context)
            let name = try call.parameter("name")
            let metadata = JSON.object(try await call.object())
            return Response.json(
                try world.perform(call.mode) { realm, _ throws(APIError) in try realm.setBatchMetadata(name, metadata) }
            )
        }
    }
}
