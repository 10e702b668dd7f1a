import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite struct BadInputTests {
    /// A request that cannot be right, and the status it deserves.
    struct Case: Sendable, CustomTestStringConvertible {
        var method: HTTPMethod = .POST
        var path: String
        var body: String?
        var status: Int
        var testDescription: String { "\(self.method.rawValue) \(self.path) \(self.body?.prefix(40) ?? "")" }
    }

    private static let image = #""attachment":"x","geometries":{}"#

    private static let cases: [Case] = [
        Case(path: "/task/imageannotation", body: "{", status: 400),
        Case(path: "/task/imageannotation", body: nil, status: 400),
        Case(path: "/task/imageannotation", body: "[]", status: 400),
        Case(path: "/task/imageannotation", body: "\"x\"", status: 400),
        Case(path: "/task/imageannotation", body: "null", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"tags\":{}}", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"tags\":[1]}", status: 400),
        Case(path: "/task/imageannotation", body: #"{\#(image),"tags":["1","2","3","4","5","6"]}"#, status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"metadata\":[]}", status: 400),
        Case(
            path: "/task/imageannotation",
            body: "{\(image),\"metadata\":{\"x\":\"\(String(repeating: "x", count: 11000))\"}}",
            status: 400
        ),
        Case(path: "/task/imageannotation", body: "{\(image),\"unique_id\":7}", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"priority\":\"high\"}", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"project\":{}}", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"project\":\"unknown\"}", status: 404),
        Case(path: "/task/imageannotation", body: "{\(image),\"batch\":\"unknown\"}", status: 404),
        Case(path: "/task/imageannotation", body: "{\(image),\"callback_url\":\"example.com\"}", status: 400),
        Case(path: "/task/imageannotation", body: "{\(image),\"callback_url\":[]}", status: 400),
        Case(path: "/task/imageannotation", body: #"{"attachment":7,"geometries":{}}"#, status: 400),
        Case(path: "/task/imageannotation", body: #"{"attachment":"x","geometries":[]}"#, status: 400),
        Case(path: "/task/imageannotation", body: #"{"attachment":null,"geometries":{}}"#, status: 400),
        Case(path: "/task/IMAGE%20ANNOTATION", body: "{}", status: 400),
        Case(path: "/task/%FF", body: "{}", status: 404),
        Case(path: "/task/%zz", body: "{}", status: 400),
        Case(method: .GET, path: "/task/unknown", status: 404),
        Case(method: .GET, path: "/task/%00", status: 404),
        Case(path: "/task/unknown/cancel", status: 404),
        Case(path: "/task/unknown/audit", body: #"{"accepted":true}"#, status: 404),
        Case(path: "/task/unknown/audit", body: #"{"accepted":"yes"}"#, status: 400),
        Case(path: "/task/unknown/audit", body: #"{}"#, status: 400),
        Case(path: "/task/unknown/audit", body: #"{"accepted":true,"comments":["x"]}"#, status: 400),
        Case(
            path: "/task/unknown/audit",
            body: #"{"accepted":true,"comments":"\#(String(repeating: "x", count: 11000))"}"#,
            status: 400
        ),
        Case(path: "/task/unknown/tags", body: #"{"tags":["x"]}"#, status: 400),
        Case(method: .PUT, path: "/task/unknown/tags", body: #"["x"]"#, status: 404),
        Case(method: .DELETE, path: "/task/unknown/tags", status: 400),
        Case(path: "/task/unknown/unique_id", body: #"{"unique_id":null}"#, status: 400),
        Case(path: "/task/unknown/setMetadata", body: "[]", status: 400),
        Case(path: "/task/unknown/send_callback", status: 404),
        Case(path: "/task/unknown/nonsense", status: 404),
        Case(method: .PATCH, path: "/tasks", body: "{}", status: 404),
        Case(method: .GET, path: "/tasks?limit=0", status: 400),
        Case(method: .GET, path: "/tasks?limit=101", status: 400),
        Case(method: .GET, path: "/tasks?limit=99999999999999999999999", status: 400),
        Case(method: .GET, path: "/tasks?limit=-1", status: 400),
        Case(method: .GET, path: "/tasks?limit=ten", status: 400),
        Case(method: .GET, path: "/tasks?offset=-1", status: 400),
        Case(method: .GET, path: "/tasks?status=finished", status: 400),
        Case(method: .GET, path: "/tasks?customer_review_status=accepted,great", status: 400),
        Case(method: .GET, path: "/tasks?updated_after=yesterday", status: 400),
        Case(method: .GET, path: "/tasks?next_token=abc", status: 400),
        Case(method: .GET, path: "/tasks?next_token=eyJpZCI6IjEifQ%3D%3D", status: 400),
        Case(method: .GET, path: "/tasks?limited_response=maybe", status: 400),
        Case(method: .GET, path: "/tasks?project=%FF", status: 400),
        Case(path: "/batches", body: #"{"project":"p"}"#, status: 400),
        Case(path: "/batches", body: #"{"project":"unknown","name":"b"}"#, status: 404),
        Case(path: "/batches", body: #"{"project":7,"name":"b"}"#, status: 400),
        Case(method: .GET, path: "/batches/unknown", status: 404),
        Case(method: .GET, path: "/batches/unknown/status", status: 404),
        Case(path: "/batches/unknown/finalize", status: 404),
        Case(method: .GET, path: "/batches?limit=1000", status: 400),
        Case(path: "/projects", body: #"{"name":"p"}"#, status: 400),
        Case(
            path: "/projects",
            body: #"{"name":"\#(String(repeating: "p", count: 5000))","type":"imageannotation"}"#,
            status: 400
        ),
        Case(path: "/projects", body: #"{"name":"p","type":"imageannotation","params":[]}"#, status: 400),
        Case(path: "/projects", body: #"{"name":"","type":"imageannotation"}"#, status: 400),
        Case(method: .GET, path: "/projects/unknown", status: 404),
        Case(method: .GET, path: "/projects?archived=perhaps", status: 400),
        Case(path: "/projects/unknown/setParams", body: "{}", status: 404),
        Case(path: "/projects/unknown/setOntology", body: "{}", status: 404),
    ]

    @Test(.timeLimit(.minutes(1))) func `bad requests get the refusal they deserve, in Scale's form`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            for example in Self.cases {
                let answer = try await api.send(example.method, example.path, example.body.map { Array($0.utf8) })
                #expect(answer.status == example.status, "\(example.testDescription): \(answer.json.text)")
                #expect(answer["status_code"]?.int == example.status, "\(example.testDescription)")
                #expect(answer["error"]?.string?.isEmpty == false, "\(example.testDescription)")
            }
            #expect(simulator.summary.tasks.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `bodies that are not UTF-8, too deep or too large are refused`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let notUTF8 = Array(#"{"text":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
            let deep = [UInt8](repeating: UInt8(ascii: "["), count: 500_000)
            let large = [UInt8](repeating: UInt8(ascii: " "), count: 17 * 1024 * 1024)
            for (bytes, status) in [(notUTF8, 400), (deep, 400), (large, 413)] {
                let answer = try await api.send(.POST, "/task/chat", bytes)
                #expect(answer.status == status)
            }
        }
    }

    @Test(arguments: [
        nil, "Basic", "Basic !!!", "Basic bGl2ZV9zaW11bGF0b3I", "Basic d3Jvbmc6", "Bearer live_simulator", "Basic /w==",
    ])
    func `without a known key every call is a 401`(header: String?) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL, key: nil)
            for path in ["/tasks", "/task/x", "/batches", "/projects", "/tasks?limit=0"] {
                let answer = try await api.call(.GET, path, headers: header.map { [("Authorization", $0)] } ?? [])
                #expect(answer.status == 401)
                #expect(answer["status_code"] == 401)
            }
        }
    }

    @Test(arguments: [
        "", "[]", #"{"status":200}"#, #"{"status":"500"}"#, #"{"times":0}"#, #"{"reset":1}"#, #"{"retry_after":-1}"#,
        #"{"path_contains":7}"#, #"{"method":1}"#, #"{"delay":-1}"#, #"{"delay":601}"#, #"{"trickle":"1"}"#,
        #"{"truncated":"yes"}"#, #"{"malformed":null}"#, #"{"path_containz":"/tasks"}"#,
    ])
    func `an order to fail that makes no sense is a 400`(body: String) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let answer = try await API(baseURL: baseURL).root.send(.POST, "/simulator/fail-next", Array(body.utf8))
            #expect(answer.status == 400)
        }
    }
}
