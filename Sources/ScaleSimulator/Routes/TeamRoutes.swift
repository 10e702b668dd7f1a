import Hummingbird

/// The calls on teams (contract B5).
struct TeamRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "teams", in: world) { realm, _, _ in realm.team() }
        routes.answer(.post, "teams/invite", in: world) { realm, call, _ throws(APIError) in
            try realm.invite(try call.object())
        }
        routes.answer(.post, "teams/set_role", in: world) { realm, call, _ throws(APIError) in
            try realm.setRole(try call.object())
        }
    }
}
