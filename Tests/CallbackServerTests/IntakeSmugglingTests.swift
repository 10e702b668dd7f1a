import CallbackQueue
import NIOHTTP1
import Testing

@testable import CallbackServer

/// Requests that a proxy and this server could cut differently. Each hides a whole request with a right key, which must
/// never be seen: `play` finds it in the store if it is.
@Suite struct IntakeSmugglingTests {
    private static let hidden = String(decoding: Requests.post(Array("{\"task_id\":\"hidden\"}".utf8)), as: UTF8.self)
    private static let key = "scale-callback-auth: \(Requests.liveKey)"

    /// A request with `lines` beside a Host and a key, and the hidden request behind its body.
    private static func bytes(
        _ lines: [String],
        _ body: String = "hello",
        line: String = "POST /callbacks HTTP/1.1",
        hides: Bool = true
    ) -> [UInt8] {
        Array((([line, "Host: a", key] + lines).joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
            + Array((hides ? hidden : "").utf8)
    }

    private static func refused(
        _ name: String,
        _ lines: [String],
        _ body: String = "hello",
        _ reason: RefusalReason = .badRequest
    ) -> RequestCase {
        .refused(name, bytes(lines, body), Int(reason.status.code), reason)
    }

    private static func kept(_ name: String, _ lines: [String], _ body: String, of text: String) -> RequestCase {
        .kept(name, bytes(lines, body, hides: false), Array(text.utf8))
    }

    @Test(.timeLimit(.minutes(1))) func `lengths that can be read in two ways`() async throws {
        func length(_ value: String, _ reason: RefusalReason = .badRequest) -> RequestCase {
            Self.refused("length \(value.debugDescription)", ["Content-Length: \(value)"], "hello", reason)
        }
        let five = "Content-Length: 5"
        try await play([
            length("5, 6"), length("5;5"), length("5\t6"), length("\"5\""), length("+0"), length("-0"), length("5\0"),
            length("5\u{b}"), length("1_0"), length("5L"), length("5."), length("٥"), length("５"), length("0b101"),
            length("5\r\n 5"), length("5\r\n\t"), length("5\u{a0}"), length("NaN"), length("18446744073709551621"),
            length(""),
            length("0", .emptyBody), length("00", .emptyBody),
            Self.refused("no length", [], "", .emptyBody),
            Self.refused("space before the colon", ["Content-Length : 5"]),
            Self.refused("tab before the colon", ["Content-Length\t: 5"]),
            Self.refused("folded into the line before", ["X-A: b", " Content-Length: 5"]),
            Self.refused("NUL behind the name", ["Content-Length\0: 5"]),
            Self.refused("other letters, twice", [five, "content-length: 0"]),
            Self.refused("twice, the second empty", [five, "Content-Length:"]),
            Self.refused("one hidden behind a bare LF", [five, "X-A: b\nContent-Length: 500"]),
            Self.refused("one hidden behind a bare CR", [five, "X-A: b\rContent-Length: 500"]),
            Self.kept("zeros in front", ["Content-Length: 0000000002"], "[]", of: "[]"),
            Self.kept(
                "an underscore is another field",
                ["Content-Length: 4", "Content_Length: 500"],
                "[11]",
                of: "[11]"
            ),
            Self.kept("named as a hop", ["Content-Length: 4", "Connection: content-length"], "[12]", of: "[12]"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `transfer codings that can be read in two ways`() async throws {
        let chunks = "5\r\nhello\r\n0\r\n\r\n"
        func coding(_ value: String) -> RequestCase {
            Self.refused("coding \(value.debugDescription)", ["Transfer-Encoding: \(value)"], chunks)
        }
        let chunked = "Transfer-Encoding: chunked"
        let length = "Content-Length: 5"
        try await play([
            coding("identity"), coding("xchunked"), coding("chunked;q=1"), coding("\"chunked\""), coding("chunk"),
            coding("gzip, chunked"), coding("chunked, gzip"), coding("chunked\0"), coding("chunked\u{b}"),
            coding("chunked\u{c}"), coding("x\r\n chunked"), coding("\r\n chunked"), coding("[chunked]"),
            coding("chunked, chunked, identity"), coding("deflate"), coding("chunked\u{a0}"), coding("ch\u{200b}unked"),
            Self.refused("twice", [chunked, chunked], chunks),
            Self.refused("then identity", [chunked, "Transfer-Encoding: identity"], chunks),
            Self.refused("after identity", ["Transfer-Encoding: identity", chunked], chunks),
            Self.refused("space before the colon", ["Transfer-Encoding : chunked"], chunks),
            Self.refused("tab before the colon", ["Transfer-Encoding\t: chunked"], chunks),
            Self.refused("hidden behind a bare LF", [length, "X-A: b\nTransfer-Encoding: chunked"], chunks),
            Self.refused("hidden behind a bare CR", [length, "X-A: b\rTransfer-Encoding: chunked"], chunks),
            Self.refused("folded, with a length", [length, "X-A: b", " Transfer-Encoding: chunked"], chunks),
            Self.refused("identity with a length", [length, "Transfer-Encoding: identity"]),
            Self.refused("unknown with a length", [length, "Transfer-Encoding: xchunked"]),
            Self.refused("in other letters with a length", ["TRANSFER-ENCODING: CHUNKED", length], chunks),
            Self.refused("length 0 and chunks", ["Content-Length: 0", chunked], chunks),
            coding(""), coding(" \t"), coding(","), coding("chunked,"), coding(",chunked"),
            Self.refused("empty with a length", [length, "Transfer-Encoding:"]),
            Self.refused("empty before a length", ["Transfer-Encoding: \t", length]),
            Self.refused("a comma with a length", [length, "Transfer-Encoding: ,"]),
            Self.refused("empty, then chunked", ["Transfer-Encoding:", chunked], chunks),
            Self.refused("chunked, then empty", [chunked, "Transfer-Encoding:"], chunks),
            Self.kept("an underscore", ["Content-Length: 4", "Transfer_Encoding: chunked"], "[21]", of: "[21]"),
            Self.kept("TE is another field", ["Content-Length: 4", "TE: chunked"], "[22]", of: "[22]"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `chunks that can be cut in two ways`() async throws {
        func chunks(_ text: String) -> RequestCase {
            Self.refused("chunks \(text.debugDescription)", ["Transfer-Encoding: chunked"], text)
        }
        func kept(_ text: String, of body: String) -> RequestCase {
            Self.kept("chunks \(text.debugDescription)", ["Transfer-Encoding: chunked"], text, of: body)
        }
        try await play([
            chunks("+5\r\nhello\r\n0\r\n\r\n"), chunks(" 5\r\nhello\r\n0\r\n\r\n"), chunks("5 \r\nhello\r\n0\r\n\r\n"),
            chunks("5\t\r\nhello\r\n0\r\n\r\n"), chunks("5_0\r\nhello\r\n0\r\n\r\n"),
            chunks("5h\r\nhello\r\n0\r\n\r\n"),
            chunks("5,5\r\nhello\r\n0\r\n\r\n"), chunks("5\0\r\nhello\r\n0\r\n\r\n"), chunks("-0\r\n\r\n"),
            chunks("0x0\r\n\r\n"), chunks("5;a\rb\r\nhello\r\n0\r\n\r\n"), chunks("5;a\nhello\r\n0\r\n\r\n"),
            chunks("5\rhello\r\n0\r\n\r\n"), chunks("5\r\nhelloX\r\n0\r\n\r\n"), chunks("5\r\nhello\r0\r\n\r\n"),
            chunks("5\r\nhello0\r\n\r\n"), chunks("5\r\nhello\r\n0\n\n"), chunks("5\r\nhello\r\n0\r\n\n"),
            chunks("fffffffffffffffff\r\nhello"),
            chunks("5\r\nhello\r\n0\r\nX-A : b\r\n\r\n"), chunks("5\r\nhello\r\n0\r\nX-A\r\n\r\n"),
            chunks("5\r\nhello\r\n0\r\nX-A: b\n\r\n"), chunks("5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n"),
            // The hidden request is read as a trailer.
            chunks("5\r\nhello\r\n0\r\n"),
            kept("0002\r\n[]\r\n000\r\n\r\n", of: "[]"),
            chunks("5\r\nhello\r\n0\r\nContent-Length: 500\r\n\r\n"),
            chunks("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            kept("4;a=\"b;c\"\r\n[31]\r\n0\r\nHost: b\r\nscale-callback-auth: x\r\n\r\n", of: "[31]"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `request lines and fields that can be read in two ways`() async throws {
        func line(_ line: String) -> RequestCase {
            .refused("line \(line.debugDescription)", Self.bytes(["Content-Length: 5"], line: line), 400, .badRequest)
        }
        func field(_ field: String) -> RequestCase {
            Self.refused("field \(field.debugDescription)", ["Content-Length: 5", field])
        }
        try await play([
            line("POST\t/callbacks HTTP/1.1"), line("POST /callbacks\tHTTP/1.1"), line("POST /callbacks HTTP/1.1 x"),
            line("POST /callbacks HTTP/1.1\0"), line("POST /callbacks\0 HTTP/1.1"), line("POST /callbacks HTTP/01.1"),
            line("POST /callbacks http/1.1"), line("POST /callbacks HTTP/1.10"), line("POST /callbacks HTTP/1,1"),
            line("POST /callbacks HTTP/1"), line("POST /callbacks HTTP/1.1 HTTP/1.1"),
            line(" POST /callbacks HTTP/1.1"),
            line("\u{feff}POST /callbacks HTTP/1.1"), line("POST /callbacks HTTP/1.1\nX-A: b"),
            line("POST /callbacks HTTP/3.0"), line("POST /callbacks HTTP/-1.1"), line("P\0ST /callbacks HTTP/1.1"),
            field("X(A: b"), field("X\u{7f}: b"), field("X-A: b\u{7f}"), field("X-A: \u{1}"), field("\"X\": b"),
            field("[X]: b"), field("X-Ä: b"), field("=X: b"),
        ])
    }

    /// A body where none is expected, and the next request on the same connection.
    @Test(.timeLimit(.minutes(1))) func `a body behind a probe is not the next request`() async throws {
        func probe(_ method: String, _ lines: [String], _ body: String) -> [UInt8] {
            Self.bytes(lines, body, line: "\(method) /healthz HTTP/1.1", hides: false)
        }
        let size = String(Self.hidden.utf8.count, radix: 16)
        let length = ["Content-Length: \(Self.hidden.utf8.count)"]
        let next = String(decoding: Requests.post(Requests.callback(1)), as: UTF8.self)
        for (name, bytes) in [
            ("GET", probe("GET", length, Self.hidden + next)),
            ("HEAD", probe("HEAD", length, Self.hidden + next)),
            (
                "chunks",
                probe("GET", ["Transfer-Encoding: chunked"], "\(size)\r\n\(Self.hidden)\r\n0\r\n\r\n\(next)")
            ),
        ] {
            try await withReceiver { receiver in
                let (answers, ending) = try await receiver.exchange(bytes, answers: 2, isHead: name == "HEAD")
                #expect(answers.map(\.status) == [200, 200], "\(name)")
                #expect(ending == .open, "\(name)")
                #expect(try await receiver.events().map(\.taskID) == ["task1"], "\(name)")
            }
        }
        try await play([
            .refused("both", probe("GET", length + ["Transfer-Encoding: chunked"], Self.hidden), 400, .badRequest),
            .refused("empty coding", probe("GET", ["Transfer-Encoding:"], Self.hidden), 400, .badRequest),
            .refused(
                "empty coding and length",
                probe("GET", length + ["Transfer-Encoding:"], Self.hidden),
                400,
                .badRequest
            ),
            .refused("GET to the path", Self.bytes(length, line: "GET /callbacks HTTP/1.1"), 405, .wrongMethod),
            .refused("TRACE", Self.bytes(length, line: "TRACE /callbacks HTTP/1.1"), 405, .wrongMethod),
        ])
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["8000000000000000", "ffffffffffffffff", "7fffffffffffffff"])
    func `a chunk without end is over the limit once it is`(size: String) async throws {
        try await play(
            [
                .refused(
                    size,
                    Self.bytes(["Transfer-Encoding: chunked"], "\(size)\r\n" + String(repeating: "x", count: 2000)),
                    413,
                    .bodyTooLarge
                )
            ],
            setup: .configured { $0.intake.bodyLimit = 1000 }
        )
    }

    /// HTTP/2 is not spoken: neither from the start (see `IntakeRequestTests`) nor by an upgrade. The parser reads nothing
    /// behind a request that offers one, so the connection has to end with its answer.
    @Test(.timeLimit(.minutes(1)), arguments: ["h2c", "websocket", "TLS/1.2"])
    func `a request that offers another protocol is answered in this one, as the last`(name: String) async throws {
        let upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: \(name)", "HTTP2-Settings: AAMAAABkAAQAoAAA"]
        let body = Requests.callback(1)
        try await play([
            .kept(name, Requests.post(body, headers: upgrade) + Array(Self.hidden.utf8), body, closes: true)
        ])
    }
}
