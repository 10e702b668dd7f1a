import CallbackQueue
import Callbacks
import Testing

@testable import CallbackServer

/// Which bodies are kept, over the wire.
@Suite struct IntakeBodyTests {
    @Test(.timeLimit(.minutes(1))) func `JSON in UTF-8 is kept, all else is 400 and the connection goes on`()
        async throws
    {
        let text = String(decoding: Requests.callback(1), as: UTF8.self)
        let utf16 = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        func deep(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func refused(_ name: String, _ body: [UInt8]) -> RequestCase {
            .refused(name, Requests.post(body), 400, .notJSON, closes: false)
        }
        func refused(_ name: String, _ body: String) -> RequestCase { refused(name, Array(body.utf8)) }
        func kept(_ name: String, _ body: String) -> RequestCase {
            .kept(name, Requests.post(Array(body.utf8)), Array(body.utf8))
        }
        try await play([
            .refused("empty", Requests.post([]), 400, .emptyBody),
            .refused("no length at all", Requests.post([], length: .some(nil)), 400, .emptyBody),
            .refused("empty in chunks", Requests.chunked([]), 400, .emptyBody, closes: false),
            refused("white space", " \r\n\t"),
            refused("a form", "a=b&c=d"),
            refused("cut", Array(Requests.callback(1).dropLast())),
            refused("cut after a key", "{\"task_id\""),
            refused("a comma too many", "{\"a\":1,}"),
            refused("single quotes", "{'a':1}"),
            refused("NaN", "[NaN]"),
            refused("two texts", "{}{}"),
            refused("a comment", "{}//x"),
            refused("not UTF-8", Array("{\"a\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8)),
            refused("a surrogate in UTF-8", Array("\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"".utf8)),
            refused("overlong UTF-8", Array("\"".utf8) + [0xC0, 0xAF] + Array("\"".utf8)),
            refused("a NUL in a string", "{\"a\":\"\0\"}"),
            refused("a NUL at the end", "{}\0"),
            refused("only NULs", [UInt8](repeating: 0, count: 1000)),
            refused("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8)),
            refused("UTF-16", utf16),
            refused("UTF-16 with a mark", [0xFF, 0xFE] + utf16),
            refused("100,000 arrays open", String(repeating: "[", count: 100_000)),
            refused("100,000 arrays", deep(100_000)),
            refused("100,000 objects", String(repeating: "{\"a\":", count: 100_000) + "1"),
            refused("513 arrays", deep(514)),
            kept("500 arrays", deep(500)),
            kept("an object", "{}"),
            kept("white space around", "\r\n {\"a\" : 1}\t\n"),
            kept("an array", "[1,2,3]"),
            kept("a string", "\"callback\""),
            kept("a number", "-0.0e+1"),
            kept("null", "null"),
            kept("10,000 digits", "{\"n\":1" + String(repeating: "0", count: 9_999) + "}"),
            kept("a huge exponent", "[1e400]"),
            kept("the same key twice", "{\"task_id\":\"a\",\"task_id\":\"b\"}"),
            kept("contradicting ids", "{\"task_id\":\"a\",\"task\":{\"task_id\":\"b\"}}"),
            kept("an id that is a number", "{\"task_id\":7}"),
            kept("a lone surrogate as an escape", "{\"a\":\"\\ud800\"}"),
            kept("10,000 keys", "{" + (0..<10_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `what is not understood is kept and parked`() async throws {
        try await withReceiver { receiver in
            for body in ["[]", "\"x\"", "7", "{\"task_id\":\"a\",\"task_id\":\"b\"}"] {
                _ = try await receiver.exchange(Requests.post(Array(body.utf8)))
            }
            let events = try await receiver.events()
            #expect(events.map(\.kind) == Array(repeating: "unrecognised", count: 4))
            #expect(events.allSatisfy { $0.deliveryCount == 0 })
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a body up to the limit is kept, one byte more is not`() async throws {
        let limit = 10_000
        let overhead = Requests.callback(1).count
        func body(_ number: Int, _ size: Int) -> [UInt8] { Requests.callback(number, padding: size - overhead) }
        func pieces(_ body: [UInt8], _ size: Int) -> [[UInt8]] {
            stride(from: 0, to: body.count, by: size).map { Array(body[$0..<min($0 + size, body.count)]) }
        }
        #expect(body(1, limit).count == limit)
        try await play(
            [
                .kept("at the limit", Requests.post(body(1, limit)), body(1, limit)),
                .refused("over", Requests.post(body(2, limit + 1)), 413, .bodyTooLarge),
                .refused("far over, nothing sent", Requests.post([], length: .max), 413, .bodyTooLarge),
                .kept("one chunk", Requests.chunked([body(3, limit)]), body(3, limit)),
                .kept("chunks of 7", Requests.chunked(pieces(body(4, limit), 7)), body(4, limit)),
                .kept("chunks of 1", Requests.chunked(pieces(body(5, 500), 1)), body(5, 500)),
                .refused("a chunk over", Requests.chunked([body(6, limit + 1)]), 413, .bodyTooLarge),
                .refused("chunks over", Requests.chunked(pieces(body(7, limit + 1), 100)), 413, .bodyTooLarge),
                .refused("far over in chunks", Requests.chunked(pieces(body(8, 20 * limit), 1000)), 413, .bodyTooLarge),
            ],
            setup: .configured { $0.intake.bodyLimit = limit }
        )
    }

    @Test(.timeLimit(.minutes(1))) func `the usual limit is 64 MB`() async throws {
        try await withReceiver { receiver in
            let over = try await receiver.exchange(Requests.post([], length: 64 << 20 | 1))
            #expect(over.answers.map(\.status) == [413])
            #expect(over.ending == .closed)

            let client = try await receiver.connect()
            await client.send(Requests.post([], length: 64 << 20, headers: ["Expect: 100-continue"]))
            #expect(await client.receiveAny()?.status == 100)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `framing that two readers may see differently is refused`() async throws {
        let body = Requests.callback(1)
        let key = "scale-callback-auth: \(Requests.liveKey)"
        func framed(_ lines: [String], _ body: String) -> [UInt8] {
            Array((["POST /callbacks HTTP/1.1", "Host: a", key] + lines).joined(separator: "\r\n").utf8)
                + Array(("\r\n\r\n" + body).utf8)
        }
        let text = String(decoding: body, as: UTF8.self)
        func refused(_ name: String, _ lines: [String], body: String? = nil) -> RequestCase {
            .refused(name, framed(lines, body ?? text), 400, .badRequest)
        }
        func length(_ value: String) -> RequestCase { refused("length \(value)", ["Content-Length: \(value)"]) }
        func chunks(_ name: String, _ chunks: String) -> RequestCase {
            refused(name, ["Transfer-Encoding: chunked"], body: chunks)
        }
        let whole = "\(String(body.count, radix: 16))\r\n\(text)\r\n"
        let good = "\(whole)0\r\n\r\n"
        let two = Requests.callback(2)
        let size = "Content-Length: \(body.count)"
        try await play([
            length("-1"), length("+5"), length("0x10"), length("1e3"), length("5,5"), length("5 5"), length("abc"),
            length("5.0"), length("99999999999999999999999999"), length(String(repeating: "9", count: 500)),
            refused("two lengths", [size, "Content-Length: \(body.count + 1)"]),
            refused("the same length twice", [size, size]),
            refused("length and chunks", [size, "Transfer-Encoding: chunked"], body: good),
            refused("chunks and length", ["Transfer-Encoding: chunked", size], body: good),
            refused("unknown encoding", ["Transfer-Encoding: cow"]),
            refused("chunked is not last", ["Transfer-Encoding: chunked, identity"], body: good),
            refused("chunked twice", ["Transfer-Encoding: chunked, chunked"], body: good),
            refused("chunked in a tab", ["Transfer-Encoding:\u{b}chunked"], body: good),
            refused("an unknown one before chunked", ["Transfer-Encoding: cow, chunked"], body: good),
            chunks("no size", "\r\n\(text)\r\n0\r\n\r\n"),
            chunks("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
            chunks("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
            chunks("a size of 100 digits", String(repeating: "f", count: 100) + "\r\nhello\r\n0\r\n\r\n"),
            chunks("a size over 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
            chunks("not a size", "five\r\nhello\r\n0\r\n\r\n"),
            chunks("data longer than its size", "2\r\nhello\r\n0\r\n\r\n"),
            chunks("bare LF behind a size", "5\nhello\r\n0\r\n\r\n"),
            chunks("bare LF behind data", "5\r\nhello\n0\r\n\r\n"),
            chunks("NUL in an extension", "5;a=\0\r\nhello\r\n0\r\n\r\n"),
            .kept(
                "white space around a length",
                framed(["Content-Length: \t \(two.count) "], String(decoding: two, as: UTF8.self)),
                two
            ),
            .kept("chunked", framed(["Transfer-Encoding: chunked"], good), body),
            .kept(
                "extensions and a trailer",
                framed(
                    ["Transfer-Encoding: Chunked"],
                    "1;a=b;c=\"d\"\r\n[\r\n1\r\n]\r\n000;x\r\nscale-callback-auth: x\r\n\r\n"
                ),
                Array("[]".utf8)
            ),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `an encoded body is 415`() async throws {
        let bodies = [Requests.callback(1), Requests.callback(2)]
        func encoded(_ encoding: String) -> RequestCase {
            .refused(encoding, Requests.post(bodies[0], headers: ["Content-Encoding: \(encoding)"]), 415, .encodedBody)
        }
        try await play([
            encoded("gzip"), encoded("GZIP"), encoded("deflate"), encoded("br"), encoded("gzip, gzip"),
            encoded("identity, gzip"), encoded("cow"),
            .kept("identity", Requests.post(bodies[0], headers: ["Content-Encoding: identity"]), bodies[0]),
            .kept("any label", Requests.post(bodies[1], headers: ["Content-Type: text/html; charset=x"]), bodies[1]),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `of a damaged body size, digest and first bytes are noted`() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000)
        try await withReceiver { receiver in
            _ = try await receiver.exchange(Requests.post(body))
        } whenStopped: { reader in
            let refusal = try #require(try await reader.refusals().rows.first?.refusal)
            #expect(refusal.bodySize == 5_000)
            #expect(refusal.bodySHA256 == Digest.sha256(body))
            #expect(refusal.firstBytes == Array(body.prefix(256)))
            #expect(refusal.request == "POST /callbacks")
        }
    }
}
