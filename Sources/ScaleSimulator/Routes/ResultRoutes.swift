import Hummingbird
import NIOCore

/// Where large results are fetched (contract T13, C3).
struct ResultRoutes {
    let world: World

    /// Adds the route below the prefix of `routes` that wants a live key, whichever mode the task belongs to.
    func addSecure(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.get("task/:task/response_url/:uuid") { request, context in
            let call = try APICall(request, context)
            guard call.mode == .live else {
                throw APIError(status: 401, message: "Result URLs need a live API key.")
            }
            return try Self.response(world, try call.parameter("task"), try call.parameter("uuid"))
        }
    }

    /// Adds the route for whoever knows the URL, when the simulator gives out such URLs.
    func addOpen(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        guard !world.configuration.secureResultURLs else { return }
        routes.get("results/:task/:uuid") { _, context in
            let parameters = context.parameters
            return try Self.response(world, parameters.get("task") ?? "", parameters.get("uuid") ?? "")
        }
    }

    private static func response(_ world: World, _ task: String, _ uuid: String) throws(APIError) -> Response {
        let body = try world.resultFile(uuid, of: task)
        return Response(
            status: .ok,
            headers: [.contentType: body.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes))
        )
    }
}
