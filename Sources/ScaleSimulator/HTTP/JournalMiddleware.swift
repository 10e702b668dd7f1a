import Hummingbird

/// Finds the mode of the key and writes every API request with its answer into the journal.
struct JournalMiddleware: RouterMiddleware {
    typealias Context = SimulatorContext

    let world: World
    let access: Access

    func handle(
        _ request: Request,
        context: SimulatorContext,
        next: @concurrent (Request, SimulatorContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.mode = self.access.mode(request.headers)
        guard !request.uri.path.hasPrefix("/simulator/") else { return try await next(request, context) }
        do {
            let response = try await next(request, context)
            self.record(request, context, status: response.status.code)
            return response
        } catch {
            self.record(request, context, status: nil)
            if let reset = error as? ConnectionReset { await reset.carryOut() }
            throw error
        }
    }

    private func record(_ request: Request, _ context: SimulatorContext, status: Int?) {
        let method = request.method.rawValue
        let call = RoutedCall(method: method, path: request.uri.path, pattern: context.endpointPath)
        let notes = context.notes.values
        self.world.recordRequest(
            .request(method: method, path: request.head.path ?? "", operation: call.operation, status: status),
            mode: context.mode,
            taskID: notes.taskID ?? call.taskID,
            batch: notes.batch ?? call.batch,
            mishaps: notes.mishaps
        )
    }
}
