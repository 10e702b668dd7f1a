import NIOCore
import NIOHTTP1
import Testing

@testable import CallbackServer

/// Answers as they go over the wire, byte for byte.
@Suite struct IntakeAnswerTests {
    private static let kept = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncache-control: no-store\r\n"
    private static let text = "content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\n"

    private static func last(_ answer: IntakeAnswer) -> IntakeAnswer {
        var answer = answer
        answer.closes = true
        return answer
    }

    @Test(
        arguments: [
            (.kept, "\(kept)\r\n", ""),
            (last(.kept), "\(kept)connection: close\r\n\r\n", ""),
            (
                .probe(isGood: true, text: "alive"),
                "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\(text)\r\n", "alive\n"
            ),
            (
                .probe(isGood: false, text: "not ready"),
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 10\r\n\(text)\r\n", "not ready\n"
            ),
            (
                .refused(.notJSON, closes: false),
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 31\r\n\(text)\r\n",
                "The body is not JSON in UTF-8.\n"
            ),
            (
                .refused(.wrongMethod, closes: true),
                "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 22\r\n\(text)allow: POST\r\nconnection: close\r\n\r\n",
                "Callbacks are POSTed.\n"
            ),
            (
                .refused(.overloaded, closes: false),
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 34\r\n\(text)retry-after: 5\r\n\r\n",
                "Too much is in flight; try again.\n"
            ),
        ] as [(IntakeAnswer, String, String)]
    )
    func `an answer is its head and its text, to a HEAD only its head`(answer: IntakeAnswer, head: String, text: String)
    {
        #expect(String(buffer: answer.bytes(isHead: false)) == head + text)
        #expect(String(buffer: answer.bytes(isHead: true)) == head)
    }

    @Test(arguments: RefusalReason.allCases, [false, true])
    func `every refusal tells its length and whether it is the last answer`(reason: RefusalReason, closes: Bool) throws
    {
        var bytes = Array(IntakeAnswer.refused(reason, closes: closes).bytes(isHead: false).readableBytesView)
        let answers = RawAnswer.takeAll(from: &bytes)
        #expect(bytes.isEmpty)
        let answer = try #require(answers.first)
        #expect(answers.count == 1)
        #expect(answer.status == Int(reason.status.code))
        #expect(answer.text == reason.explanation + "\n")
        #expect(answer.closes == closes)
    }
}
