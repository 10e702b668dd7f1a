import Testing

@testable import ScaleSimulator

@Suite struct MultipartReaderTests {
    private static let type = "multipart/form-data; boundary=\"a b\""
    private static let good =
        "preamble\r\n--a b \r\nContent-Disposition: form-data; name=\"x\"\r\n\r\none\r\n--a\r\n\r\n"
        + "--a b\r\ncontent-type: image/PNG; q=1\r\nCONTENT-DISPOSITION: Form-Data; filename=\"C:\\a\\\"b.png\"; name=f"
        + "\r\n\r\n\r\n--a b\r\nContent-Disposition: form-data; name=z\r\n\r\nlast\r\n--a b--\r\nepilogue"

    /// What a body holds, read in chunks of this many bytes.
    private func read(_ text: String, type: String, chunk: Int) throws -> [String] {
        var reader = try MultipartReader(contentType: type, maximumParts: 3)
        var parts: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try reader.read(bytes[start..<min(start + chunk, bytes.count)]) { event in
                switch event {
                case .part(let head): parts.append("\(head.name)|\(head.fileName ?? "")|\(head.contentType ?? "")|")
                case .bytes(let bytes): parts[parts.count - 1] += String(decoding: bytes, as: UTF8.self)
                }
            }
        }
        try reader.finish()
        return parts
    }

    @Test(arguments: 1...40) func `chunks may break anywhere`(chunk: Int) throws {
        let parts = try self.read(Self.good, type: Self.type, chunk: chunk)
        #expect(parts == ["x|||one\r\n--a\r\n", "f|a\"b.png|image/png|", "z|||last"])
    }

    @Test(arguments: [
        "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=\"x",
        "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
        "multipart/form-data; boundary=\"x \"", "multipart/form-data; boundary=\u{e9}", "",
    ])
    func `a type without a proper boundary is refused`(type: String) {
        #expect(throws: APIError.self) { try MultipartReader(contentType: type, maximumParts: 3) }
    }

    private static let disposition = "Content-Disposition: form-data; name=x"

    private static let broken: [Substring] = [
        "", "--b", "--b--x"[...].dropLast(3), "--b\r\n", "--b\r\n\r\n", "--b\r\n\(disposition)",
        "--b\r\n\(disposition)\r\n\r\n", "--b\r\n\(disposition)\r\n\r\nbody\r\n",
        "--b\r\n\(disposition)\r\n\r\nbody\r\n--b",
        "--b\r\n\(disposition)\r\n\r\nbody--b--", "--bc\r\n\(disposition)\r\n\r\nbody\r\n--b--",
        "--b \tx\r\n", "--b\n\(disposition)\n\nbody\n--b--",
        "--b\r\nContent-Disposition: attachment; name=x\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--b--",
        "--b\r\n\(disposition)\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\r\n--b--",
        "--b\r\n\(disposition)\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b--",
        "--b\r\n\(disposition)\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\nbody\r\n--b--",
        "\(String(repeating: "x", count: 9000))\r\n--c",
        String(repeating: "--b\r\n\(disposition)\r\n\r\nbody\r\n", count: 4) + "--b--",
    ]

    @Test(arguments: [1, 7, 100_000]) func `a broken body is refused, however it is cut`(chunk: Int) {
        for body in Self.broken {
            #expect(throws: APIError.self, "\(body.prefix(60))") {
                try self.read(String(body), type: "multipart/form-data; boundary=b", chunk: chunk)
            }
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), ("C:\\Windows\\a.png", "a.png"), ("a\u{0}b\u{7f}.png", "ab.png"),
        ("..", "file"),
        ("", "file"), ("/", "file"), ("日本.jpg", "日本.jpg"),
        (String(repeating: "n", count: 999), String(repeating: "n", count: 255)),
    ])
    func `a file name loses its folders and tricks`(given: String, plain: String) {
        #expect(MultipartHead.plain(given) == plain)
        #expect(MultipartHead.plain(String(repeating: "n", count: 999)).count == 255)
    }
}
