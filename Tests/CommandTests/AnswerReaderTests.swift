import NIOCore
import Testing

@testable import CallbackService

@Suite struct AnswerReaderTests {
    private static let cases: [(wire: String, answers: [AnswerReader.Answer])] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", [.init(status: 200, keepsAlive: true)]),
        ("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", [.init(status: 200, keepsAlive: true)]),
        ("HTTP/1.1 204 No Content\r\n\r\n", [.init(status: 204, keepsAlive: true)]),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            [.init(status: 503, keepsAlive: false)]
        ),
        (
            "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
            [.init(status: 200, keepsAlive: true)]
        ),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", [.init(status: 200, keepsAlive: false)]),
        (
            "HTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
            [.init(status: 201, keepsAlive: true), .init(status: 401, keepsAlive: true)]
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ncd"
                + "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n0123456789ef"
                + "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n0123456789ef",
            Array(repeating: .init(status: 200, keepsAlive: true), count: 4)
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func `answers are the same however the bytes are cut`(index: Int) throws {
        let (wire, expected) = Self.cases[index]
        for size in 1...wire.utf8.count {
            var reader = AnswerReader()
            var buffer = ByteBuffer()
            var answers: [AnswerReader.Answer] = []
            var rest = Array(wire.utf8)[...]
            while !rest.isEmpty {
                buffer.writeBytes(rest.prefix(size))
                rest = rest.dropFirst(size)
                while let answer = try reader.next(from: &buffer) { answers.append(answer) }
            }
            #expect(answers == expected, "cut every \(size) bytes")
            #expect(buffer.readableBytes == 0)
        }
    }

    @Test func `a body without a length ends with the connection`() throws {
        var reader = AnswerReader()
        var buffer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\nsome text")
        #expect(try reader.next(from: &buffer) == nil)
        #expect(reader.end() == .init(status: 200, keepsAlive: false))
        #expect(reader.end() == nil)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
    ])
    func `what is no answer is an error`(wire: String) {
        #expect(throws: AnswerReader.Malformed.self) {
            var reader = AnswerReader()
            var buffer = ByteBuffer(string: wire)
            _ = try reader.next(from: &buffer)
        }
    }
}
