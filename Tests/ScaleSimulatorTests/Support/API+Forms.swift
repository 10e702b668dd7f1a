import NIOHTTP1

@testable import ScaleSimulator

extension API {
    /// One part of a form.
    struct Part: Sendable {
        var name: String
        var fileName: String?
        var contentType: String?
        var bytes: [UInt8]

        /// A plain field.
        static func field(_ name: String, _ text: String) -> Part { Part(name: name, bytes: Array(text.utf8)) }

        /// A file.
        static func file(_ name: String, _ fileName: String, _ bytes: [UInt8], type: String? = nil) -> Part {
            Part(name: name, fileName: fileName, contentType: type, bytes: bytes)
        }
    }

    /// Sends a form as browsers and SDKs do.
    func form(_ path: String, _ parts: [Part]) async throws -> Answer {
        var body: [UInt8] = []
        for part in parts {
            var head = "--XyZ\r\nContent-Disposition: form-data; name=\"\(part.name)\""
            if let fileName = part.fileName { head += "; filename=\"\(fileName)\"" }
            if let contentType = part.contentType { head += "\r\nContent-Type: \(contentType)" }
            body += Array("\(head)\r\n\r\n".utf8) + part.bytes + [0x0D, 0x0A]
        }
        body += Array("--XyZ--\r\n".utf8)
        return try await self.send(
            .POST,
            path,
            body,
            headers: [("Content-Type", "multipart/form-data; boundary=XyZ")]
        )
    }

    /// A project with this name and type.
    func createProject(_ name: String, _ type: String, _ more: JSONObject = JSONObject()) async throws {
        var body: JSONObject = ["name": .string(name), "type": .string(type)]
        body.merge(more)
        let answer = try await self.post("/projects", .object(body))
        guard answer.status == 200 else { throw Unexpected(answer: answer) }
    }
}
