import CallbackQueue
import Callbacks
import Testing

@testable import CallbackServer

/// Whose callbacks are believed, over the wire.
@Suite struct IntakeKeyTests {
    @Test(.timeLimit(.minutes(1))) func `only a right key, once, is believed`() async throws {
        let body = Requests.callback(1)
        let key = Requests.liveKey
        let head = "scale-callback-auth: "
        try await play([
            .refused("missing", Requests.post(body, key: nil), 401, .missingKey),
            .refused("empty", Requests.post(body, key: ""), 401, .wrongKey),
            .refused("wrong", Requests.post(body, key: "wrong"), 401, .wrongKey),
            .refused("one byte short", Requests.post(body, key: String(key.dropLast())), 401, .wrongKey),
            .refused("one byte more", Requests.post(body, key: key + "0"), 401, .wrongKey),
            .refused("other case", Requests.post(body, key: key.uppercased()), 401, .wrongKey),
            .refused("another then right", Requests.post(body, key: "x", headers: [head + key]), 401, .repeatedKey),
            .refused("right twice", Requests.post(body, headers: [head + key]), 401, .repeatedKey),
            .refused("two right keys", Requests.post(body, headers: [head + Requests.testKey]), 401, .repeatedKey),
            .refused("a list in one line", Requests.post(body, key: "\(key), \(key)"), 401, .wrongKey),
            .refused("a quoted key", Requests.post(body, key: "\"\(key)\""), 401, .wrongKey),
            .refused("10 kB", Requests.post(body, key: String(repeating: "k", count: 10_000)), 401, .wrongKey),
            .refused(
                "right with 10 kB",
                Requests.post(body, key: key + String(repeating: "k", count: 10_000)),
                401,
                .wrongKey
            ),
            .refused(
                "over the header limit",
                Requests.post([], key: String(repeating: "k", count: 40_000)),
                400,
                .badRequest
            ),
            .refused(
                "as a query",
                Requests.post(body, target: "/callbacks?scale-callback-auth=\(key)", key: nil),
                401,
                .missingKey
            ),
            .refused(
                "as a password",
                Requests.post(body, key: nil, headers: ["Authorization: Bearer \(key)"]),
                401,
                .missingKey
            ),
            .kept("live", Requests.post(Requests.callback(2)), Requests.callback(2)),
            .kept("rotated", Requests.post(Requests.callback(3), key: Requests.rotatedKey), Requests.callback(3)),
            .kept("test", Requests.post(Requests.callback(4), key: Requests.testKey), Requests.callback(4)),
            .kept("spaces around", Requests.post(Requests.callback(5), key: "  \(key)\t "), Requests.callback(5)),
            .kept(
                "header name in other letters",
                Requests.post(Requests.callback(6), key: nil, headers: ["SCALE-Callback-AUTH: \(key)"]),
                Requests.callback(6)
            ),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func `the event belongs to the account whose key came`() async throws {
        try await withReceiver { receiver in
            // The same task in two worlds: two events.
            for key in [Requests.liveKey, Requests.testKey, Requests.rotatedKey] {
                let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(1), key: key))
                #expect(answers.map(\.status) == [200])
            }
            let events = try await receiver.events()
            #expect(events.map(\.account) == ["live", "test"])
            #expect(events.map(\.seen) == [2, 1])
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [("wrong", 60_000_000), (nil, 60_000_000), ("wrong", 10)])
    func `without a right key the body is not waited for`(key: String?, length: Int) async throws {
        try await withReceiver { receiver in
            let (answers, ending) = try await receiver.exchange(Requests.post([], key: key, length: length))
            #expect(answers.map(\.status) == [401])
            #expect(ending == .closed)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `no answer tells a missing key from a wrong one`() async throws {
        try await withReceiver { receiver in
            var answers: [RawAnswer] = []
            for key in [nil, "", "wrong", Requests.liveKey + "0"] {
                answers += try await receiver.exchange(Requests.post(Requests.callback(1), key: key)).answers
            }
            #expect(answers.count == 4)
            #expect(answers.allSatisfy { $0 == answers[0] })
        }
    }

    @Test(.timeLimit(.minutes(1))) func `said aloud, callbacks without a key are kept as one account's`() async throws {
        try await withReceiver(.configured { $0.acceptsAllAs = "test" }) { receiver in
            for (number, key) in [nil, "wrong", Requests.liveKey].enumerated() {
                let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(number), key: key))
                #expect(answers.map(\.status) == [200])
            }
            #expect(try await receiver.events().map(\.account) == ["test", "test", "live"])
        }
    }
}
