import Testing

@testable import CallbackServer

/// The probes on both ports.
@Suite struct ProbeTests {
    private static func get(_ path: String, method: String = "GET") -> [UInt8] {
        Array("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func `a running receiver is alive and ready`(console: Bool) async throws {
        try await withReceiver { receiver in
            for (path, text) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
                let (answers, ending) = try await receiver.exchange(Self.get(path), console: console)
                #expect(answers.map(\.status) == [200])
                #expect(answers.map(\.text) == [text])
                #expect(ending == .open)
            }
            let head = Self.get("/readyz", method: "HEAD")
            if !console {
                #expect(try await receiver.exchange(head, isHead: true).answers.map(\.status) == [200])
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `the console knows no callbacks`() async throws {
        try await withReceiver { receiver in
            let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(1)), console: true)
            #expect(answers.map(\.status) == [404])
            #expect(try await receiver.storedDigests().isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `while it stops it is alive and not ready`() async throws {
        try await withReceiver { receiver in
            let body = Requests.callback(1)
            let client = try await receiver.connect()
            await client.send(Requests.post([], length: body.count, headers: ["Expect: 100-continue"]))
            #expect(await client.receiveAny()?.status == 100)

            await receiver.beginStop()
            try await eventually {
                try await receiver.exchange(Self.get("/readyz"), console: true).answers.map(\.status) == [503]
            }
            let health = try await receiver.exchange(Self.get("/healthz"), console: true)
            #expect(health.answers.map(\.status) == [200])

            await client.send(body)
            #expect(await client.receive(1).answers.map(\.status) == [200])
            await client.close()
        }
    }
}
