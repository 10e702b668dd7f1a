import Foundation
import Testing

/// Keys, payloads and requests that the tests send.
enum Requests {
    static let liveKey = "live_auth_0123456789abcdef0123456789abcdef"
    static let rotatedKey = "live_auth_fedcba9876543210fedcba9876543210"
    static let testKey = "test_auth_0123456789abcdef0123456789abcdef"

    /// A payload of the test folder.
    static func example(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Examples/\(name)", withExtension: "json"))
        return Array(try Data(contentsOf: url))
    }

    /// All payloads of the test folder, by name.
    static func examples() throws -> [(name: String, body: [UInt8])] {
        let folder = try #require(Bundle.module.url(forResource: "Examples", withExtension: nil))
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    /// A callback of its own for each number, padded with letters that cannot be made much smaller.
    static func callback(_ number: Int, padding: Int = 0) -> [UInt8] {
        var state = UInt64(number) &+ 1
        let letters = (0..<padding)
            .map { _ -> Character in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(state >> 33 & 15)))
            }
        return Array(
            """
            {"task_id":"task\(number)","status":"completed","task":{"task_id":"task\(number)","type":"categorization",\
            "status":"completed","completed_at":"2026-01-02T03:04:05.678Z"},"response":{"note":"\
            \(String(letters))"}}
            """
            .utf8
        )
    }

    /// A request as text, with a key and the length of its body unless `headers` say otherwise.
    static func post(
        _ body: [UInt8],
        target: String = "/callbacks",
        method: String = "POST",
        version: String = "HTTP/1.1",
        key: String? = Requests.liveKey,
        host: String? = "callbacks.example",
        length: Int?? = .none,
        headers: [String] = []
    ) -> [UInt8] {
        var lines = ["\(method) \(target) \(version)"]
        if let host { lines.append("Host: \(host)") }
        if let key { lines.append("scale-callback-auth: \(key)") }
        let length = length ?? body.count
        if let length { lines.append("Content-Length: \(length)") }
        lines += headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// A request whose body comes in chunks.
    static func chunked(_ chunks: [[UInt8]], headers: [String] = []) -> [UInt8] {
        let body = chunks.flatMap { Array("\(String($0.count, radix: 16))\r\n".utf8) + $0 + Array("\r\n".utf8) }
        return Self.post(
            body + Array("0\r\n\r\n".utf8),
            length: .some(nil),
            headers: ["Transfer-Encoding: chunked"] + headers
        )
    }
}
