import Foundation
import NIOCore
import Testing

@testable import ScaleAPI

@Suite(.timeLimit(.minutes(1))) struct MultipartFormTests {
    /// The whole body of one attempt, and whether it counted as sent before its last piece.
    private func bytes(_ form: MultipartForm) async throws -> (text: String, length: Int64, wasEarly: Bool) {
        let sending = Sending()
        let body = try await form.body(sending: sending)
        var whole = ByteBuffer()
        var wasEarly = false
        for try await chunk in body {
            if whole.readableBytes + chunk.readableBytes < Int(body.length) {
                wasEarly = wasEarly || sending.mayBeComplete
            }
            whole.writeImmutableBuffer(chunk)
        }
        #expect(sending.mayBeComplete)
        return (String(buffer: whole), body.length, wasEarly)
    }

    @Test func `the parts are framed as RFC 7578 wants it and the length is known`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a.png", "PICTURE")
            var form = MultipartForm()
            form.add("display_name", .text("über"))
            form.add("metadata", .json(["a": 1]))
            form.add("file", .file(path: path, name: "a.png", mimeType: "image/png"))
            let body = try await self.bytes(form)
            let boundary = form.boundary
            #expect(
                body.text == """
                    --\(boundary)\r
                    Content-Disposition: form-data; name="display_name"\r
                    \r
                    über\r
                    --\(boundary)\r
                    Content-Disposition: form-data; name="metadata"\r
                    Content-Type: application/json\r
                    \r
                    {"a":1}\r
                    --\(boundary)\r
                    Content-Disposition: form-data; name="file"; filename="a.png"\r
                    Content-Type: image/png\r
                    \r
                    PICTURE\r
                    --\(boundary)--\r

                    """
            )
            #expect(body.length == Int64(body.text.utf8.count))
            #expect(!body.wasEarly)
        }
    }

    @Test func `no name can end its quotes or its line`() {
        let name = "a\"; filename=\"x\r\nX-Evil: 1\r\n\r\nbody\0ü\u{7F}"
        let part = MultipartForm.Part(name: name, content: .file(path: "/x", name: name, mimeType: "image/png\r\nX: y"))
        let head = MultipartForm().head(of: part)
        #expect(head.components(separatedBy: "\r\n").count == 5)
        #expect(head.filter { $0 == "\"" }.count == 4)
        #expect(head.contains(#"name="a%22; filename=%22x%0D%0AX-Evil: 1%0D%0A%0D%0Abody%00ü%7F""#))
    }

    @Test func `a long file is read in pieces, and each time anew`() async throws {
        try await withTemporaryFolder { folder in
            let text = String(repeating: "0123456789abcdef", count: 30_000)
            let path = try makeFile(folder + "/a", text)
            var form = MultipartForm()
            form.add("file", .file(path: path, name: "a", mimeType: "text/plain"))
            var longest = 0
            for try await chunk in try await form.body(sending: Sending()) {
                longest = max(longest, chunk.readableBytes)
            }
            #expect(longest == Int(RequestBody.chunkBytes))
            let again = try await self.bytes(form)
            #expect(again.text.contains(text))
        }
    }

    @Test(arguments: [0, 300_000, 1_000_000])
    func `a file of another length than at first fails the body`(newLength: UInt64) async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", String(repeating: "x", count: 600_000))
            var form = MultipartForm()
            form.add("file", .file(path: path, name: "a", mimeType: "text/plain"))
            let sending = Sending()
            let failure = await #expect(throws: FileFailure.self) {
                var count = 0
                for try await _ in try await form.body(sending: sending) {
                    count += 1
                    if count == 2 { truncate(path, off_t(newLength)) }
                }
            }
            #expect(failure?.code == .fileFailed)
            #expect(failure?.message.contains(path) == true)
            #expect(!sending.mayBeComplete)
        }
    }
}
