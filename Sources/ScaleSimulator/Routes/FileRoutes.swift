import Hummingbird

/// The calls on files (contract B4).
struct FileRoutes {
    /// Large enough for metadata, and for nothing else.
    private static let limits = MultipartForm.Limits(parts: 20, fieldBytes: 64 * 1024)

    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "files", in: world) { realm, call, _ throws(APIError) in try realm.files(call.query) }
        routes.answer(.post, "files/import", in: world) { realm, call, now throws(APIError) in
            try realm.importFile(try call.object(), now: now)
        }
        routes.post("files/upload") { request, context in
            let call = try APICall(request, context)
            let form = try await MultipartForm(request, limits: Self.limits)
            return Response.json(
                try world.perform(call.mode) { realm, now throws(APIError) in try realm.uploadFile(form, now: now) }
            )
        }
    }

    /// Adds the book of files to the simulator's own calls: what arrived, recognisable by size and digest.
    func addBook(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("files") { request, _ in
            let query = try Query(request.uri.query)
            let after = try query.int("after", within: 0...FileShelf.maximum) ?? 0
            let limit = try query.int("limit", within: 1...10_000) ?? 1000
            let mode: Mode = try query.choice("mode") ?? .live
            // Only the page leaves the lock: whoever held all files would have them copied when one is added.
            let (page, count) = world.read { state in
                let files = state.realm(mode).shelf.files
                return (Array(files.dropFirst(after).prefix(limit)), files.count)
            }
            let next = after + page.count
            return Response.json([
                "docs": .array(page.map(\.bookJSON)), "next": next < count ? JSON(next) : .null,
            ])
        }
    }
}
