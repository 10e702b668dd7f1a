import AsyncHTTPClient
import NIOCore
import NIOHTTP1
@testable import ScaleSimulator

/// Speaks to a simulator over HTTP, as any client would.
struct API: Sendable {
    /// An answer with its body read.
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var bytes: [UInt8]

        /// The body as JSON, `null` when it is none.
        var json: JSON { JSON(parsing: self.bytes) ?? .null }

        subscript(key: String) -> JSON? { self.json[key] }
    }

    let baseURL: String
    var key: String? = "live_simulator"

    /// The same simulator with the key of test mode.
    var test: API { API(baseURL: self.baseURL, key: "test_simulator") }

    /// The root beside `/v1`, where the control endpoints are.
    var root: API { API(baseURL: String(self.baseURL.dropLast(3)), key: nil) }

    @discardableResult
    func call(
        _ method: HTTPMethod,
        _ path: String,
        _ body: JSON? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await self.send(method, path, body?.utf8, headers: headers)
    }

    func get(_ path: String) async throws -> Answer { try await self.call(.GET, path) }

    @discardableResult
    func post(_ path: String, _ body: JSON? = nil) async throws -> Answer { try await self.call(.POST, path, body) }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ bytes: [UInt8]?,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: self.baseURL + path)
        request.method = method
        request.headers.add(contentsOf: HTTPHeaders(headers))
        if let key { request.setBasicAuth(username: key, password: "") }
        if let bytes { request.body = .bytes(ByteBuffer(bytes: bytes)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 26)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            bytes: Array(body.readableBytesView)
        )
    }

    /// Creates a categorization task and returns its id.
    func createTask(_ more: JSONObject = JSONObject()) async throws -> String {
        var body: JSONObject = ["attachment": "a picture", "categories": ["cat", "dog"]]
        body.merge(more)
        let answer = try await self.post("/task/categorization", .object(body))
        guard answer.status == 200, let id = answer["task_id"]?.string else { throw Unexpected(answer: answer) }
        return id
    }

    /// A task that had to be created was not.
    struct Unexpected: Error {
        var answer: Answer
    }
}
