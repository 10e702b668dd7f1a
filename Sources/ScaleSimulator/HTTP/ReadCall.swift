import Hummingbird

/// One request to the API with its body read, ready to be answered in one step under the lock of the world.
struct ReadCall: Sendable {
    /// The body as JSON; nil when there is none.
    let body: JSON?
    private let call: APICall

    /// - Throws: What `APICall` throws, 400 for a body that is not JSON and 413 for one that is too large.
    init(_ request: Request, _ context: SimulatorContext) async throws {
        self.call = try APICall(request, context)
        self.body = try await self.call.body()
    }

    /// The mode of the key.
    var mode: Mode { self.call.mode }

    /// The parameters behind the question mark.
    var query: Query { self.call.query }

    /// The `Idempotency-Key` header, nil when absent or empty.
    var idempotencyKey: String? { self.call.idempotencyKey }

    /// Tells the journal which task and batch an answer is about, when the path does not.
    func note(_ answer: JSON) { self.call.note(answer) }

    /// A part of the path, percent-decoded.
    func parameter(_ name: String) throws(APIError) -> String { try self.call.parameter(name) }

    /// The body, which must be a JSON object.
    func object() throws(APIError) -> JSONObject {
        guard let object = self.body?.object else { throw .notAnObject }
        return object
    }
}

extension RouterMethods where Context == SimulatorContext {
    /// Answers one kind of call with what the realm of its key says.
    ///
    /// - Parameters:
    ///   - method: The HTTP method.
    ///   - path: The path, with its parameters after colons.
    ///   - world: Whose realms answer.
    ///   - status: The status of an answer that is no refusal.
    ///   - answer: Looks at the realm or changes it; nothing in it may wait.
    func answer(
        _ method: HTTPRequest.Method,
        _ path: RouterPath,
        in world: World,
        status: HTTPResponse.Status = .ok,
        _ answer: @escaping @Sendable (inout Realm, ReadCall, Timestamp) throws(APIError) -> JSON
    ) {
        self.on(path, method: method) { request, context in
            let call = try await ReadCall(request, context)
            let json = try world.perform(call.mode) { realm, now throws(APIError) in try answer(&realm, call, now) }
            return Response.json(json, status: status)
        }
    }
}
