import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct HostileBodiesTests {
    private static let calls: [(HTTPMethod, String)] = [
        (.POST, "/projects"), (.POST, "/projects/p/setParams"), (.POST, "/projects/p/setOntology"),
        (.GET, "/projects/p/taskTemplates"), (.POST, "/batches"), (.POST, "/batches/b/prioritize"),
        (.POST, "/batches/b/setMetadata"), (.POST, "/files/import"), (.POST, "/files/upload"), (.GET, "/files"),
        (.POST, "/teams/invite"), (.POST, "/teams/set_role"), (.POST, "/studio/assignments/add"),
        (.POST, "/studio/assignments/remove"), (.GET, "/studio/projects/p/groups"),
        (.POST, "/studio/projects/p/groups"),
        (.PUT, "/studio/projects/p/groups/g"), (.PUT, "/studio/batches/b"), (.POST, "/studio/batches/set_priorities"),
        (.POST, "/evaluation_tasks/imageannotation"), (.POST, "/training_tasks/textcollection"),
        (.GET, "/quality/labelers"), (.PUT, "/audits"), (.GET, "/audits"), (.POST, "/nucleus/dataset/create"),
        (.POST, "/nucleus/dataset/d/append"), (.POST, "/nucleus/dataset/d/append?async=1"), (.POST, "/nucleus/jobs"),
        (.GET, "/nucleus/dataset/d/signedUrl/r"), (.POST, "/nucleus/dataset/d/itemsPage"), (.PUT, "/uploads/t"),
        (.GET, "/task/t/response_url/u"), (.POST, "/task/imageannotation"), (.POST, "/task/textcollection"),
        (.POST, "/task/categorization"), (.POST, "/task/segmentannotation"), (.POST, "/task/lidarannotation"),
        (.POST, "/task/videoplaybackannotation"), (.POST, "/task/namedentityrecognition"),
        (.POST, "/task/lidarlinking"),
    ]

    private static let values = [
        "null", "true", "-1", "1e999", "0.5", "99999999999999999999", #""""#, #""\u0000""#, "[]", "{}", "[null]",
        "[[]]",
        #"[{"choice":null}]"#, #"{"box":null}"#, #"["a@b","a@b"]"#, #"{"a":{"type":"category","choices":[[]]}}"#,
        #"[{"type":"category","field_id":"x","choices":[1]}]"#, #"[{"reference_id":{}}]"#,
    ]

    private static let names = [
        "name", "type", "project", "params", "metadata", "ontology", "emails", "team_role", "projects", "add_emails",
        "groups", "batches", "batch", "attachment", "attachments", "geometries", "annotation_attributes", "fields",
        "labels", "categories", "text", "lidar_task", "expected_response", "initial_response", "task_id",
        "feedback_items", "items", "update", "requestId", "limit", "pageToken", "pageSize", "file_url", "reference_id",
        "priority", "tags", "unique_id", "callback_url", "responses_required", "project_param_version",
    ]

    @Test func `no body brings a call down`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            try await api.createProject("p", "imageannotation", ["studio": true, "rapid": true])
            try await api.post("/batches", ["project": "p", "name": "b"])
            for (method, path) in Self.calls {
                let isUpload = path.hasPrefix("/uploads")
                let caller = isUpload ? API(baseURL: String(baseURL.dropLast(3)), key: nil) : api
                for value in Self.values {
                    let members = Self.names.map { "\"\($0)\":\(value)" }.joined(separator: ",")
                    for body in [value, "{\(members)}"] {
                        let answer = try await caller.send(method, path, method == .GET ? nil : Array(body.utf8))
                        #expect(answer.status < 500, "\(method) \(path) \(body.prefix(60))")
                        #expect(answer.status < 400 || answer["error"]?.string != nil, "\(method) \(path)")
                    }
                }
            }
        }
    }

    @Test func `no query brings a list down`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("p", "imageannotation")
            let names = [
                "project", "cursor", "next_token", "limit", "offset", "metadata", "status", "archived", "id", "task_id",
                "quality_task_ids", "audited_after", "exclude_archived", "async",
            ]
            for path in ["/files", "/batches", "/projects", "/audits", "/quality/labelers", "/teams", "/tasks"] {
                for value in ["", "%00", "-1", "9223372036854775808", "p", "%7B%22a%22:1%7D", "%F0%9F%9A%A2", "a%20b"] {
                    let query = names.map { "\($0)=\(value)" }.joined(separator: "&")
                    for query in [query] + names.map({ "project=p&\($0)=\(value)" }) {
                        let answer = try await api.get("\(path)?\(query)")
                        #expect(answer.status < 500, "\(path) \(query)")
                    }
                }
            }
        }
    }
}
