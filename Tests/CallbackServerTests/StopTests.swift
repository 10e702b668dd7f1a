import CallbackQueue
import Callbacks
import GRDB
import Testing

@testable import CallbackServer

/// A graceful stop loses nothing that was begun.
@Suite struct StopTests {
    private static func isListening(_ receiver: Receiver) async -> Bool {
        guard let client = try? await receiver.connect() else { return false }
        await client.close()
        return true
    }

    @Test(.timeLimit(.minutes(1))) func `what has begun is answered and kept, nothing new is taken`() async throws {
        let bodies = (0..<5).map { Requests.callback($0, padding: 1000) }
        try await withReceiver { receiver in
            let idle = try await receiver.connect()
            await idle.send(Requests.post(Requests.callback(100)))
            #expect(await idle.receive(1).answers.map(\.status) == [200])
            var clients: [RawClient] = []
            for body in bodies {
                let client = try await receiver.connect()
                await client.send(Requests.post([], length: body.count, headers: ["Expect: 100-continue"]))
                #expect(await client.receiveAny()?.status == 100)
                await client.send(Array(body.prefix(body.count / 2)))
                clients.append(client)
            }

            await receiver.beginStop()
            #expect(await idle.receive().ending == .closed)
            try await eventually { await !Self.isListening(receiver) }
            for (client, body) in zip(clients, bodies) {
                await client.send(Array(body.dropFirst(body.count / 2)))
                let (answers, ending) = await client.receive()
                #expect(answers.map(\.status) == [200])
                #expect(answers.first?.closes == true)
                #expect(ending == .closed)
                await client.close()
            }
            await idle.close()
        } whenStopped: { reader in
            let digests = try await reader.events(order: .oldestFirst).rows.map(\.bodySHA256)
            #expect(digests == ([Requests.callback(100)] + bodies).map(Digest.sha256))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `what waits for the disk is waited for`() async throws {
        let body = Requests.callback(1)
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            await client.send(Requests.post([], length: body.count, headers: ["Expect: 100-continue"]))
            #expect(await client.receiveAny()?.status == 100)

            // Another connection holds up the writer, which waits 5 s for it.
            var unsafe = GRDB.Configuration()
            unsafe.allowsUnsafeTransactions = true
            unsafe.busyMode = .timeout(5)
            let blocker = try DatabaseQueue(path: receiver.storePath, configuration: unsafe)
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            await client.send(body)
            await receiver.beginStop()
            try await eventually { await !Self.isListening(receiver) }
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try blocker.close()

            let (answers, ending) = await client.receive()
            #expect(answers.map(\.status) == [200])
            #expect(ending == .closed)
            await client.close()
        } whenStopped: { reader in
            let digests = try await reader.events().rows.map(\.bodySHA256)
            #expect(digests == [Digest.sha256(body)])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a store is opened once; the first goes on serving`() async throws {
        try await withTemporaryFolder { folder in
            let setup = Setup(folder: folder)
            try await withReceiver(setup) { receiver in
                do {
                    try await withReceiver(setup) { _ in }
                    Issue.record("two receivers on one store")
                } catch StoreError.locked(let path) {
                    #expect(path == receiver.storePath)
                }
                let (answers, _) = try await receiver.exchange(Requests.post(Requests.callback(1)))
                #expect(answers.map(\.status) == [200])
                // The control socket of the first is still there; it may have come after the ports.
                let path = Control.socketPath(ofStore: receiver.storePath)
                try await eventually {
                    guard let control = try? await RawClient.connect(toSocketAt: path) else { return false }
                    await control.close()
                    return true
                }
            }
            // And is free again afterwards.
            try await withReceiver(setup) { receiver in
                let digests = try await receiver.storedDigests()
                #expect(digests == [Digest.sha256(Requests.callback(1))])
            }
        }
    }
}
