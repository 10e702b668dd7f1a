import CallbackQueue
import CallbackServer
import Testing

/// What those may take who have no key: never what others need.
@Suite struct IntakeStrangerTests {
    private static let probe = Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    @Test(.timeLimit(.minutes(1))) func `a crowd of strangers makes room, oldest first, for whoever comes`()
        async throws
    {
        try await withReceiver(.configured { $0.intake.maximumConnections = 3 }) { receiver in
            let known = try await receiver.connect()
            await known.send(Requests.post(Requests.callback(0)))
            #expect(await known.receive(1).answers.map(\.status) == [200])
            var strangers: [RawClient] = []
            for _ in 0..<2 {
                let client = try await receiver.connect()
                await client.send(Self.probe)
                #expect(await client.receive(1).answers.map(\.status) == [200])
                strangers.append(client)
            }

            let new = try await receiver.connect()
            await new.send(Requests.post(Requests.callback(1)))
            #expect(await new.receive(1).answers.map(\.status) == [200])
            #expect(await strangers[0].receive().answers.isEmpty)
            // The younger one is still there, and so is the one with a key, although it is the oldest of all.
            for client in [strangers[1], known] {
                await client.send(Self.probe)
                #expect(await client.receive(1).answers.map(\.status) == [200])
            }
            for client in strangers + [known, new] { await client.close() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `many more strangers than seats come and go, and the seats are all there`()
        async throws
    {
        try await withReceiver(.configured { $0.intake.maximumConnections = 2 }) { receiver in
            for number in 0..<200 {
                let silent = try await receiver.connect()
                // Some go by themselves, and some have to make room.
                if number % 3 == 0 { await silent.close() }
            }
            // Two with a key at the same time: no seat was lost.
            try await eventually {
                var clients: [RawClient] = []
                var statuses: [Int] = []
                for number in 0..<2 {
                    let client = try await receiver.connect()
                    await client.send(Requests.post(Requests.callback(number)))
                    statuses += await client.receive(1).answers.map(\.status)
                    clients.append(client)
                }
                for client in clients { await client.close() }
                return statuses == [200, 200]
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a stranger gets twenty answers, then the end`() async throws {
        try await withReceiver { receiver in
            let (answers, ending) = try await receiver.exchange(
                Array([[UInt8]](repeating: Self.probe, count: 2000).joined()),
                answers: .max
            )
            #expect(answers.count == 20)
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(answers.filter(\.closes).count == 1)
            #expect(ending == .closed)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who has shown a key is no stranger`() async throws {
        try await withReceiver { receiver in
            let probes = Array([[UInt8]](repeating: Self.probe, count: 100).joined())
            let (answers, ending) = try await receiver.exchange(
                Requests.post(Requests.callback(1)) + probes,
                answers: 101
            )
            #expect(answers.map(\.status) == Array(repeating: 200, count: 101))
            #expect(ending == .open)
        }
    }
}
