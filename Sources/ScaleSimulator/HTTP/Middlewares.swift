import Hummingbird
import NIOCore

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
        let method = request.method.rawValue
        let path = request.head.path ?? ""
        guard !request.uri.path.hasPrefix("/simulator/") else { return try await next(request, context) }
        do {
            let response = try await next(request, context)
            self.world.recordRequest(method: method, path: path, mode: context.mode, status: response.status.code)
            return response
        } catch {
            self.world.recordRequest(method: method, path: path, mode: context.mode, status: nil)
            throw error
        }
    }
}

/// Gives every refusal the body `{"status_code", "error"}` (contract B0).
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = SimulatorContext

    func handle(
        _ request: Request,
        context: SimulatorContext,
        next: @concurrent (Request, SimulatorContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as APIError {
            return Self.response(error)
        } catch let error as any HTTPResponseError {
            return Self.response(APIError(status: error.status.code, message: "\(error.status.reasonPhrase)."))
        }
    }

    private static func response(_ error: APIError) -> Response {
        .json(error.body, status: HTTPResponse.Status(code: error.status))
    }
}

/// Refuses requests without a known key.
struct KeyMiddleware: RouterMiddleware {
    typealias Context = SimulatorContext

    func handle(
        _ request: Request,
        context: SimulatorContext,
        next: @concurrent (Request, SimulatorContext) async throws -> Response
    ) async throws -> Response {
        guard context.mode != nil else { throw APIError.unauthorized }
        return try await next(request, context)
    }
}

/// Lets requests fail as ordered, before or after they had their effect.
struct FailureMiddleware: RouterMiddleware {
    typealias Context = SimulatorContext

    /// The connection was closed on purpose; there is nobody left to answer.
    struct ConnectionReset: Error {}

    let world: World

    func handle(
        _ request: Request,
        context: SimulatorContext,
        next: @concurrent (Request, SimulatorContext) async throws -> Response
    ) async throws -> Response {
        let path = request.head.path ?? ""
        guard let rule = self.world.takeFailureRule(method: request.method.rawValue, path: path) else {
            return try await next(request, context)
        }
        if rule.afterEffect {
            _ = try await next(request, context)
        }
        if rule.reset {
            context.channel.close(mode: .all, promise: nil)
            throw ConnectionReset()
        }
        var response: Response
        switch rule.status {
        case 520...530:
            // These come from the network in front of Scale, which knows no JSON.
            response = Response(
                status: HTTPResponse.Status(code: rule.status),
                headers: [.contentType: "text/html; charset=UTF-8"],
                body: .init(byteBuffer: ByteBuffer(string: "<html><body>Error \(rule.status)</body></html>"))
            )
        default:
            let error = APIError(status: rule.status, message: "Failed by order of the simulator.")
            response = .json(error.body, status: HTTPResponse.Status(code: rule.status))
        }
        if let retryAfter = rule.retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        return response
    }
}
