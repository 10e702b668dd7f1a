import Hummingbird
import NIOCore

/// One request to the API with its parts decoded.
struct APICall: Sendable {
    /// Larger bodies are a 413.
    static let maximumBodyBytes = 16 * 1024 * 1024

    /// The mode of the key.
    let mode: Mode
    let query: Query
    private let request: Request
    private let context: SimulatorContext

    /// - Throws: 401 without a known key, 400 for a query that is not properly encoded.
    init(_ request: Request, _ context: SimulatorContext) throws(APIError) {
        guard let mode = context.mode else { throw .unauthorized }
        self.mode = mode
        self.query = try Query(request.uri.query)
        self.request = request
        self.context = context
    }

    /// Tells the journal which task and batch an answer is about, when the path does not.
    func note(_ answer: JSON) {
        let taskID = answer["task_id"]?.string
        let batch = answer["batch"]?.string
        self.context.notes.note {
            $0.taskID = taskID
            $0.batch = batch
        }
    }

    /// The `Idempotency-Key` header, nil when absent or empty.
    var idempotencyKey: String? {
        let field = self.request.headers.first { $0.name.canonicalName == "idempotency-key" }
        guard let key = field?.value, !key.isEmpty else { return nil }
        return String(key.prefix(512))
    }

    /// A part of the path, percent-decoded.
    func parameter(_ name: String) throws(APIError) -> String {
        guard let raw = self.context.parameters.get(name), let text = PercentCoding.decode(raw.utf8) else {
            throw .badRequest("The path is not properly encoded.")
        }
        return text
    }

    /// The body as JSON; nil when there is none.
    func body() async throws -> JSON? { try await JSON(body: self.request) }
}

extension JSON {
    /// Reads the body of a request; nil when it is empty.
    ///
    /// - Throws: 400 when it is not JSON, 413 when it is too large.
    init?(body request: Request) async throws {
        let buffer = try await request.body.collect(upTo: APICall.maximumBodyBytes)
        guard buffer.readableBytes > 0 else { return nil }
        guard let json = JSON(parsing: buffer.readableBytesView) else {
            throw APIError.badRequest("The body is not valid JSON in UTF-8.")
        }
        self = json
    }
}

extension Response {
    /// An answer with a JSON body.
    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: value.utf8))
        )
    }

    /// An answer in plain text.
    static func text(_ text: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}
