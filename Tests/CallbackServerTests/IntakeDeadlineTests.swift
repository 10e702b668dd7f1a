import CallbackServer
import Testing

/// Slow clients end, good clients do not notice them.
@Suite struct IntakeDeadlineTests {
    private static let short = Setup.configured {
        $0.intake.deadlines.header = .seconds(2)
        $0.intake.deadlines.request = .seconds(2)
        $0.intake.deadlines.idle = .seconds(1)
        $0.intake.deadlines.linger = .milliseconds(200)
    }

    /// Sends the beginning, then a byte now and then until the server has ended the connection.
    private static func drip(
        _ beginning: [UInt8],
        _ byte: Character,
        to receiver: Receiver
    ) async throws -> (answers: [RawAnswer], ending: RawClient.Ending) {
        let client = try await receiver.connect()
        await client.send(beginning)
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await client.send(String(byte))
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            let result = await client.receive()
            group.cancelAll()
            return result
        }
        await client.close()
        return result
    }

    private static func expectEnd(
        _ result: (answers: [RawAnswer], ending: RawClient.Ending),
        _ statuses: [Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.answers.map(\.status) == statuses, sourceLocation: sourceLocation)
        // Without an answer there is nothing that a reset could destroy.
        let endings: [RawClient.Ending] = statuses.isEmpty ? [.closed, .reset] : [.closed]
        #expect(endings.contains(result.ending), sourceLocation: sourceLocation)
    }

    @Test(.timeLimit(.minutes(1))) func `a head in drips is given up`() async throws {
        try await withReceiver(Self.short) { receiver in
            Self.expectEnd(try await Self.drip(Array("POST /callbacks HTTP/1.1\r\nX-A: ".utf8), "a", to: receiver), [])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a second head in drips is given up`() async throws {
        try await withReceiver(Self.short) { receiver in
            let beginning = Requests.post(Requests.callback(1)) + Array("POST /callbacks HTTP/1.1\r\nX-A: ".utf8)
            Self.expectEnd(try await Self.drip(beginning, "a", to: receiver), [200])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a body in drips is 408, and noted`() async throws {
        try await withReceiver(Self.short) { receiver in
            Self.expectEnd(try await Self.drip(Requests.post([], length: 1_000_000), " ", to: receiver), [408])
            #expect(try await receiver.storedDigests().isEmpty)
        } whenStopped: { reader in
            try await expectRefusals(["too-slow"], in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `drips after a 401 do not hold the connection`() async throws {
        try await withReceiver(Self.short) { receiver in
            let beginning = Requests.post([], key: "wrong", length: 1_000_000)
            Self.expectEnd(try await Self.drip(beginning, " ", to: receiver), [401])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `drips behind a probe do not hold the connection`() async throws {
        try await withReceiver(Self.short) { receiver in
            let beginning = Array("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n".utf8)
            let result = try await Self.drip(beginning, " ", to: receiver)
            #expect(result.answers.map(\.status) == [200])
            #expect([.closed, .reset].contains(result.ending))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
    func `a connection without requests is ended`(requestsBefore: Int) async throws {
        try await withReceiver(Self.short) { receiver in
            let client = try await receiver.connect()
            for number in 0..<requestsBefore { await client.send(Requests.post(Requests.callback(number))) }
            let (answers, ending) = await client.receive()
            #expect(answers.map(\.status) == Array(repeating: 200, count: requestsBefore))
            #expect(ending == .closed)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `beside 200 slow clients good ones are served`() async throws {
        try await withReceiver { receiver in
            var slow: [RawClient] = []
            for number in 0..<200 {
                let client = try await receiver.connect()
                await client.send(
                    number % 2 == 0
                        ? Array("POST /callbacks HTTP/1.1\r\nX-A: ".utf8) : Requests.post([], length: 1_000_000)
                )
                slow.append(client)
            }
            for number in 0..<50 {
                let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(number)))
                #expect(answers.map(\.status) == [200])
            }
            for client in slow { await client.close() }
        }
    }
}
