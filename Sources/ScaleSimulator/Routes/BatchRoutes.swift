import Hummingbird

/// The calls on batches (contract B2).
struct BatchRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "batches", in: world) { realm, call, _ throws(APIError) in try realm.batches(call.query) }
        routes.answer(.post, "batches", in: world) { realm, call, now throws(APIError) in
            try realm.once(call) { realm, body throws(APIError) in try realm.createBatch(body, now: now) }
        }
        routes.answer(.get, "batches/:name", in: world) { realm, call, _ throws(APIError) in
            try realm.batch(try call.parameter("name")).json
        }
        routes.answer(.get, "batches/:name/status", in: world) { realm, call, _ throws(APIError) in
            try realm.batch(try call.parameter("name")).statusJSON(realm.knobs)
        }
        routes.answer(.post, "batches/:name/finalize", in: world) { realm, call, now throws(APIError) in
            try realm.finalizeBatch(try call.parameter("name"), now: now)
        }
        routes.answer(.post, "batches/:name/setMetadata", in: world) { realm, call, _ throws(APIError) in
            try realm.setBatchMetadata(try call.parameter("name"), .object(try call.object()))
        }
        routes.answer(.post, "batches/:name/prioritize", in: world) { realm, call, now throws(APIError) in
            try realm.prioritizeBatch(try call.parameter("name"), try call.object(), now: now)
        }
    }
}
