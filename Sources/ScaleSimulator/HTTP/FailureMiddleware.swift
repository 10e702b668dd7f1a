import Hummingbird
import NIOCore
import ServiceLifecycle

/// Lets requests fail as ordered or as chance brings it, before or after they had their effect.
struct FailureMiddleware: RouterMiddleware {
    typealias Context = SimulatorContext

    /// The answer was cut on purpose; nothing is left to be sent.
    private struct AnswerCut: Error {}

    /// Pieces in which a body trickles.
    private static let trickles = 10

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
        context.notes.note { $0.mishaps = rule.mishaps }
        try await Self.wait(rule.delay)
        var response = Response(status: .ok)
        // Without a status of its own the rule spoils the answer that there would have been, refusals included.
        if rule.afterEffect || (rule.status == nil && !rule.reset) {
            do {
                response = try await next(request, context)
            } catch {
                guard let refusal = Response(refusing: error) else { throw error }
                response = refusal
            }
        }
        if rule.reset { throw ConnectionReset(channel: context.channel) }
        if let status = rule.status { response = Self.failure(status) }
        if let retryAfter = rule.retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        if let location = rule.location { response.headers[.location] = location }
        return try await Self.spoil(response, rule, context.channel)
    }

    private static func failure(_ status: Int) -> Response {
        guard (520...530).contains(status) else {
            return .refusal(APIError(status: status, message: "Failed by order of the simulator."))
        }
        // These come from the network in front of Scale, which knows no JSON.
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: [.contentType: "text/html; charset=UTF-8"],
            body: .init(byteBuffer: ByteBuffer(string: "<html><body>Error \(status)</body></html>"))
        )
    }

    /// Cuts the body of an answer, or lets it trickle.
    private static func spoil(_ response: Response, _ rule: FailureRule, _ channel: any Channel) async throws
        -> Response
    {
        guard rule.malformed || rule.truncated || rule.trickle > 0 else { return response }
        let whole = try await response.body.collected()
        let half = whole.getSlice(at: whole.readerIndex, length: whole.readableBytes / 2) ?? ByteBuffer()
        let body = rule.malformed ? half : whole
        let sent = rule.truncated ? half : body
        var response = response
        response.body = ResponseBody(contentLength: body.readableBytes) { writer in
            var rest = sent
            let piece = rule.trickle > 0 ? max(1, sent.readableBytes / Self.trickles) : max(1, sent.readableBytes)
            while let slice = rest.readSlice(length: min(piece, rest.readableBytes)), slice.readableBytes > 0 {
                try await writer.write(slice)
                try await Self.wait(rule.trickle / Double(Self.trickles))
            }
            if rule.truncated {
                channel.close(mode: .all, promise: nil)
                throw AnswerCut()
            }
            try await writer.finish(nil)
        }
        return response
    }

    /// Waits, but not beyond the end of the simulator.
    private static func wait(_ seconds: Double) async throws {
        guard seconds > 0 else { return }
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(seconds)) }
    }
}
