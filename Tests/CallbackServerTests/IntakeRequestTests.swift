import Testing

@testable import CallbackServer

/// What is taken for a request, over the wire: methods, paths, versions, heads.
@Suite struct IntakeRequestTests {
    @Test(.timeLimit(.minutes(1))) func `only POST on the one path is taken`() async throws {
        let body = Requests.callback(1)
        let long = String(repeating: "a", count: 20_000)
        try await play([
            .refused("GET", Requests.post([], method: "GET", length: .some(nil)), 405, .wrongMethod),
            .refused("PUT", Requests.post(body, method: "PUT"), 405, .wrongMethod),
            .refused("DELETE", Requests.post(body, method: "DELETE"), 405, .wrongMethod),
            .refused("HEAD", Requests.post([], method: "HEAD", length: .some(nil)), 405, .wrongMethod, isHead: true),
            .refused("OPTIONS", Requests.post([], method: "OPTIONS", length: .some(nil)), 405, .wrongMethod),
            .refused(
                "OPTIONS *",
                Requests.post([], target: "*", method: "OPTIONS", length: .some(nil)),
                404,
                .unknownPath
            ),
            .refused(
                "CONNECT",
                Requests.post([], target: "a:1", method: "CONNECT", length: .some(nil)),
                404,
                .unknownPath
            ),
            .refused("a method in small letters", Requests.post(body, method: "post"), 400, .badRequest),
            .refused("no such method", Requests.post(body, method: "CALLBACK"), 400, .badRequest),
            .refused("another path", Requests.post(body, target: "/"), 404, .unknownPath),
            .refused("another path without a key", Requests.post(body, target: "/", key: nil), 404, .unknownPath),
            .refused("below the path", Requests.post(body, target: "/callbacks/"), 404, .unknownPath),
            .refused("two slashes", Requests.post(body, target: "//callbacks"), 404, .unknownPath),
            .refused("dots", Requests.post(body, target: "/x/../callbacks"), 404, .unknownPath),
            .refused("percent encoding", Requests.post(body, target: "/%63allbacks"), 404, .unknownPath),
            .refused("a broken percent encoding", Requests.post(body, target: "/callbacks%"), 404, .unknownPath),
            .refused("a fragment", Requests.post(body, target: "/callbacks#x"), 404, .unknownPath),
            .refused("other letters", Requests.post(body, target: "/Callbacks"), 404, .unknownPath),
            .refused("20 kB", Requests.post(body, target: "/" + long), 400, .badRequest),
            .refused("20 kB of query", Requests.post(body, target: "/callbacks?" + long), 400, .badRequest),
            .refused("a path without a slash", Requests.post(body, target: "callbacks"), 400, .badRequest),
            .refused("posted to a probe", Requests.post(body, target: "/healthz"), 404, .unknownPath),
            .kept("a query", Requests.post(Requests.callback(2), target: "/callbacks?token=x?y"), Requests.callback(2)),
            .kept("an empty query", Requests.post(Requests.callback(3), target: "/callbacks?"), Requests.callback(3)),
            .kept(
                "absolute form",
                Requests.post(Requests.callback(4), target: "http://callbacks.example/callbacks?a=b"),
                Requests.callback(4)
            ),
            .refused("absolute form of another path", Requests.post(body, target: "http://a/b"), 404, .unknownPath),
            .refused("absolute form without a path", Requests.post(body, target: "http://a"), 404, .unknownPath),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `a wrong method is told the right one`() async throws {
        try await withReceiver { receiver in
            let (answers, _) = try await receiver.exchange(Requests.post([], method: "GET", length: .some(nil)))
            #expect(answers.first?["allow"] == "POST")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a malformed head is 400 and the end of the connection`() async throws {
        let body = Requests.callback(1)
        func head(_ lines: String...) -> [UInt8] { Self.head(lines, body) }
        let host = "Host: a"
        let many = { (count: Int) in (0..<count).map { "X-Field-\($0): x" } }
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let tls: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
        let bareLF = Array(String(decoding: head(host), as: UTF8.self).replacing("\r\n", with: "\n").utf8)
        try await play([
            .refused("no Host", head(), 400, .badHost),
            .refused("two Hosts", head(host, "Host: b"), 400, .badHost),
            .refused("the same Host twice", head(host, host), 400, .badHost),
            .refused("an empty Host before another", head("Host:", "X-A: b", host), 400, .badHost),
            .refused("an empty Host after another", head(host, "Host: \t"), 400, .badHost),
            .refused("two empty Hosts", head("Host:", "Host:"), 400, .badHost),
            .refused("two hosts in a list", head("Host: a, b"), 400, .badHost),
            .refused("a host and an empty one", head("Host: a,"), 400, .badHost),
            .refused("obs-fold", head(host, "X-A: b", " c"), 400, .badRequest),
            .refused("bare LF", bareLF, 400, .badRequest),
            .refused("one bare LF", head(host, "X-A: b\nX-C: d"), 400, .badRequest),
            .refused("bare CR", head(host, "X-A: b\rX-C: d"), 400, .badRequest),
            .refused("NUL in a value", head(host, "X-A: b\0c"), 400, .badRequest),
            .refused("NUL in a name", head(host, "X-\0A: b"), 400, .badRequest),
            .refused("space before the colon", head(host, "X-A : b"), 400, .badRequest),
            .refused("space in a name", head(host, "X A: b"), 400, .badRequest),
            .refused("no colon", head(host, "X-A"), 400, .badRequest),
            .refused("empty name", head(host, ": b"), 400, .badRequest),
            .refused("101 fields", Self.head([host] + many(98), body), 400, .badRequest),
            .refused("1000 fields", Self.head([host] + many(997), body), 400, .badRequest),
            .refused(
                "a field over 16 kB",
                head(host, "X-A: " + String(repeating: "a", count: 17_000)),
                400,
                .badRequest
            ),
            .refused(
                "over 32 kB in all",
                Self.head([host] + (0..<5).map { "X-\($0): " + String(repeating: "a", count: 8_000) }, body),
                400,
                .badRequest
            ),
            .refused("HTTP/2 preface", preface, 400, .badRequest),
            .refused("TLS", tls, 400, .badRequest),
            .refused("HTTP/2.0 in the line", Requests.post(body, version: "HTTP/2.0"), 400, .badRequest),
            .refused("HTTP/0.9 in the line", Requests.post(body, version: "HTTP/0.9"), 400, .badRequest),
            .refused("HTTP/1.2", Requests.post(body, version: "HTTP/1.2"), 400, .badRequest),
            .refused("no version", Array("POST /callbacks\r\n\r\n".utf8), 400, .badRequest),
            .refused("garbage", Array("hello, is anybody there?\r\n\r\n".utf8), 400, .badRequest),
            .kept("100 fields", Self.head([host] + many(97), body), body),
            .kept(
                "empty lines before the request",
                Array("\r\n\r\n".utf8) + Requests.post(Requests.callback(3)),
                Requests.callback(3)
            ),
            .kept(
                "bytes above ASCII in a value",
                Requests.post(Requests.callback(4), headers: ["X-A: ä"]),
                Requests.callback(4)
            ),
        ])
    }

    private static func head(_ lines: [String], _ body: [UInt8]) -> [UInt8] {
        let key = "scale-callback-auth: \(Requests.liveKey)"
        let all = ["POST /callbacks HTTP/1.1", key, "Content-Length: \(body.count)"] + lines
        return Array((all.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    @Test(.timeLimit(.minutes(1))) func `a connection stays when the version and the client want it`() async throws {
        let bodies = (0..<9).map { Requests.callback($0) }
        let keep = ["Connection: keep-alive"]
        let close = ["Connection: close"]
        let chunked10 = Requests.chunked([bodies[8]], headers: keep)
        try await play([
            .kept("HTTP/1.1", Requests.post(bodies[0]), bodies[0]),
            .kept("HTTP/1.1, close", Requests.post(bodies[1], headers: close), bodies[1], closes: true),
            .kept("HTTP/1.0", Requests.post(bodies[2], version: "HTTP/1.0"), bodies[2], closes: true),
            .kept(
                "HTTP/1.0, no Host",
                Requests.post(bodies[3], version: "HTTP/1.0", host: nil),
                bodies[3],
                closes: true
            ),
            .kept("HTTP/1.0, keep-alive", Requests.post(bodies[4], version: "HTTP/1.0", headers: keep), bodies[4]),
            .kept("keep-alive, close", Requests.post(bodies[5], headers: keep + close), bodies[5], closes: true),
            .kept(
                "nothing behind a close is looked at",
                Requests.post(bodies[6], headers: close) + Requests.post(bodies[7]),
                bodies[6],
                closes: true
            ),
            // RFC 9112 section 6.1: its framing is not to be trusted any further.
            .kept(
                "chunked in HTTP/1.0",
                Array(String(decoding: chunked10, as: UTF8.self).replacing("HTTP/1.1", with: "HTTP/1.0").utf8),
                bodies[8],
                closes: true
            ),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `an expectation is met, or refused before the body`() async throws {
        let bodies = (0..<4).map { Requests.callback($0) }
        let expect = ["Expect: 100-continue"]
        try await play([
            .kept("in one go", Requests.post(bodies[0], headers: expect), bodies[0]),
            .kept("other letters", Requests.post(bodies[1], headers: ["expect: 100-Continue"]), bodies[1]),
            .kept(
                "HTTP/1.0 knows no 100",
                Requests.post(bodies[2], version: "HTTP/1.0", headers: expect),
                bodies[2],
                closes: true
            ),
            .refused("unknown", Requests.post([], length: 10, headers: ["Expect: tea"]), 417, .badExpectation),
            .refused("two", Requests.post([], length: 10, headers: expect + ["Expect: tea"]), 417, .badExpectation),
        ])
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            await client.send(Requests.post([], length: bodies[3].count, headers: expect))
            let first = await client.receiveAny()
            #expect(first?.status == 100)
            #expect(first?.headers.isEmpty == true)
            await client.send(bodies[3])
            #expect(await client.receive(1).answers.map(\.status) == [200])
            await client.close()

            let refused = try await receiver.exchange(Requests.post([], key: "wrong", length: 10, headers: expect))
            #expect(refused.answers.map(\.status) == [401])
            #expect(refused.ending == .closed)
            let tooLarge = try await receiver.exchange(Requests.post([], length: 64 << 20 | 1, headers: expect))
            #expect(tooLarge.answers.map(\.status) == [413])
        }
    }
}
