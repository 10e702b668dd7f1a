import CallbackQueue
import CallbackServer
import Testing

/// What is bounded over all connections.
@Suite struct IntakeLimitTests {
    @Test(.timeLimit(.minutes(1))) func `over the bytes in flight it is 503, and 200 once there is room`() async throws
    {
        let setup = Setup.configured { $0.intake.inFlightLimit = 1000 }
        let large = Requests.callback(1, padding: 600)
        let expect = ["Expect: 100-continue"]
        try await withReceiver(setup) { receiver in
            let client = try await receiver.connect()
            await client.send(Requests.post([], length: large.count, headers: expect))
            #expect(await client.receiveAny()?.status == 100)

            for other in [Requests.post(Requests.callback(2, padding: 600)), Requests.chunked([large])] {
                let (answers, ending) = try await receiver.exchange(other)
                #expect(answers.map(\.status) == [503])
                #expect(answers.first?["retry-after"] == "5")
                #expect(ending == .closed)
            }
            // Small ones still pass.
            #expect(try await receiver.exchange(Requests.post(Requests.callback(3))).answers.map(\.status) == [200])

            await client.send(large)
            #expect(await client.receive(1).answers.map(\.status) == [200])
            await client.close()
            let again = try await receiver.exchange(Requests.post(Requests.callback(2, padding: 600)))
            #expect(again.answers.map(\.status) == [200])
            #expect(try await receiver.events().map(\.taskID) == ["task3", "task1", "task2"])
        } whenStopped: { reader in
            try await expectRefusals(["overloaded", "overloaded"], in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `over the number of connections a new one is ended`() async throws {
        try await withReceiver(.configured { $0.intake.maximumConnections = 2 }) { receiver in
            var clients: [RawClient] = []
            for number in 0..<2 {
                let client = try await receiver.connect()
                await client.send(Requests.post(Requests.callback(number)))
                #expect(await client.receive(1).answers.map(\.status) == [200])
                clients.append(client)
            }
            let refused = try await receiver.exchange(Requests.post(Requests.callback(2)))
            #expect(refused.answers.isEmpty)
            #expect([.closed, .reset].contains(refused.ending))

            await clients[0].close()
            try await eventually {
                try await receiver.exchange(Requests.post(Requests.callback(3))).answers.map(\.status) == [200]
            }
            await clients[1].close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a wall of refusals is counted in full and kept in part`() async throws {
        try await withReceiver { receiver in
            for _ in 0..<300 {
                _ = try await receiver.exchange(Requests.post(Requests.callback(1), key: "wrong"))
            }
        } whenStopped: { reader in
            let counts = try await reader.refusalCounts(sinceHour: 0)
            #expect(counts.allSatisfy { $0.reason == "wrong-key" })
            #expect(counts.reduce(0) { $0 + $1.count } == 300)
        }
    }
}
