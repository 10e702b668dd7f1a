import Hummingbird

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
        } catch {
            guard let refusal = Response(refusing: error) else { throw error }
            return refusal
        }
    }
}

extension Response {
    /// A refusal in Scale's form.
    static func refusal(_ error: APIError) -> Response {
        .json(error.body, status: HTTPResponse.Status(code: error.status))
    }

    /// A refusal for an error of ours or of Hummingbird; nil for every other error.
    init?(refusing error: any Error) {
        switch error {
        case let error as APIError: self = .refusal(error)
        case let error as any HTTPResponseError:
            self = .refusal(APIError(status: error.status.code, message: "\(error.status.reasonPhrase)."))
        default: return nil
        }
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
