import CallbackQueue
import Callbacks
import Testing

@testable import CallbackServer

/// What happens around requests on one connection: pipelining, half-closing, leaving, early answers.
@Suite struct IntakeConnectionLifeTests {
    @Test(.timeLimit(.minutes(1)), arguments: [10, 300])
    func `pipelined requests are answered in order and all kept`(count: Int) async throws {
        let bodies = (0..<count)
            .map { number in
                // Every third is answered without the disk, so that answers could overtake.
                number % 3 == 2 ? Array("not JSON \(number)".utf8) : Requests.callback(number)
            }
        try await withReceiver { receiver in
            let (answers, ending) = try await receiver.exchange(bodies.flatMap { Requests.post($0) }, answers: count)
            #expect(answers.map(\.status) == (0..<count).map { $0 % 3 == 2 ? 400 : 200 })
            #expect(ending == .open)
            let kept = bodies.enumerated().filter { $0.offset % 3 != 2 }.map { Digest.sha256($0.element) }
            #expect(try await receiver.storedDigests() == kept)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `pipelined probes and empty bodies behind a callback are answered`()
        async throws
    {
        let probe = Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let requests = (0..<1000).flatMap { $0 % 2 == 0 ? probe : Requests.chunked([]) }
        try await withReceiver { receiver in
            let (answers, _) = try await receiver.exchange(
                Requests.post(Requests.callback(1)) + requests,
                answers: 1001
            )
            #expect(answers.map(\.status) == [200] + (0..<1000).map { $0 % 2 == 0 ? 200 : 400 })
        }
    }

    @Test(.timeLimit(.minutes(1))) func `reading goes on after the answer that held it up`() async throws {
        // Far more than is read ahead while the first is being stored.
        let bodies = (0..<8).map { Requests.callback($0) + Array(repeating: UInt8(ascii: " "), count: 200_000) }
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            client.sendEventually(bodies.flatMap { Requests.post($0) })
            let (answers, ending) = await client.receive(bodies.count)
            #expect(answers.map(\.status) == bodies.map { _ in 200 })
            #expect(ending == .open)
            await client.close()
            #expect(try await receiver.storedDigests() == bodies.map(Digest.sha256))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `garbage behind a good request does not cost its answer`() async throws {
        let good = Requests.post(Requests.callback(1))
        try await withReceiver { receiver in
            let (answers, ending) = try await receiver.exchange(good + Array("garbage\r\n\r\n".utf8), answers: 2)
            #expect(answers.map(\.status) == [200, 400])
            #expect(ending == .closed)
            #expect(try await receiver.storedDigests() == [Digest.sha256(Requests.callback(1))])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a refused request takes what is pipelined behind it along`() async throws {
        try await withReceiver { receiver in
            let bytes = Requests.post(Requests.callback(1), key: "wrong") + Requests.post(Requests.callback(2))
            let (answers, ending) = try await receiver.exchange(bytes, answers: .max)
            #expect(answers.map(\.status) == [401])
            #expect(ending == .closed)
            #expect(try await receiver.storedDigests().isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 5])
    func `who has finished sending still gets the answers, then the end`(count: Int) async throws {
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            await client.send((0..<count).flatMap { Requests.post(Requests.callback($0)) })
            await client.finishSending()
            let (answers, ending) = await client.receive()
            #expect(answers.map(\.status) == Array(repeating: 200, count: count))
            #expect(ending == .closed)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `what is answered without the disk is, too, when nothing more will come`()
        async throws
    {
        let probe = Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            await client.send(Requests.post(Requests.callback(1)) + probe + Requests.post(Array("x".utf8)) + probe)
            await client.finishSending()
            let (answers, ending) = await client.receive()
            #expect(answers.map(\.status) == [200, 200, 400, 200])
            #expect(ending == .closed)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who finishes sending inside a body has sent nothing`() async throws {
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            let body = Requests.callback(1)
            await client.send(Requests.post(Array(body.dropLast()), length: body.count))
            await client.finishSending()
            let (answers, ending) = await client.receive()
            #expect(answers.map(\.status) == [400])
            #expect(ending == .closed)
            await client.close()
            #expect(try await receiver.storedDigests().isEmpty)
        } whenStopped: { reader in
            try await expectRefusals(["disconnected"], in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `who leaves inside a body has sent nothing`(inChunks: Bool) async throws {
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            let body = Requests.callback(1)
            let expect = ["Expect: 100-continue"]
            let request =
                inChunks ? Requests.chunked([body], headers: expect) : Requests.post(body, headers: expect)
            await client.send(Array(request.dropLast(inChunks ? 5 : 1)))
            // Now the head has been read, so the stop does not meet a connection without a request.
            #expect(await client.receiveAny()?.status == 100)
            await client.close()
            // The stop waits for the connection, so what it noted is written.
        } whenStopped: { reader in
            try await expectRefusals(["disconnected"], in: reader)
            #expect(try await reader.events().rows.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who leaves inside a head, or says nothing, is not worth a note`() async throws
    {
        try await withReceiver { receiver in
            for bytes in ["", "POST /callbacks HTTP/1.1\r\nHost: a\r\nscale-callb"] {
                let client = try await receiver.connect()
                await client.send(bytes)
                await client.finishSending()
                let (answers, ending) = await client.receive()
                #expect(answers.isEmpty)
                #expect(ending == .closed)
                await client.close()
            }
        } whenStopped: { reader in
            try await expectRefusals([], in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [("wrong", 401), (Requests.liveKey, 413)])
    func `an early answer reaches a client that is still sending`(key: String, status: Int) async throws {
        try await withReceiver(.configured { $0.intake.bodyLimit = 1000 }) { receiver in
            // A few runs, since a reset would be a matter of luck.
            for _ in 0..<5 {
                let client = try await receiver.connect()
                await client.send(Requests.post([], key: key, length: 8_000_000))
                for _ in 0..<80 { await client.send([UInt8](repeating: UInt8(ascii: "x"), count: 100_000)) }
                let (answers, ending) = await client.receive()
                #expect(answers.map(\.status) == [status])
                #expect(ending == .closed)
                await client.close()
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `an early answer reaches a client that goes on with garbage`() async throws {
        try await withReceiver { receiver in
            for _ in 0..<5 {
                let client = try await receiver.connect()
                let head = Requests.post([], key: "wrong", length: .some(nil), headers: ["Transfer-Encoding: chunked"])
                await client.send(head)
                for _ in 0..<50 { await client.send([UInt8](repeating: UInt8(ascii: "x"), count: 100_000)) }
                let (answers, ending) = await client.receive()
                #expect(answers.map(\.status) == [401])
                #expect(ending == .closed)
                await client.close()
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a request may come byte by byte`() async throws {
        let body = Requests.callback(1)
        try await withReceiver { receiver in
            let client = try await receiver.connect()
            for byte in Requests.post(body) { await client.send([byte]) }
            #expect(await client.receive(1).answers.map(\.status) == [200])
            await client.close()
            #expect(try await receiver.storedDigests() == [Digest.sha256(body)])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a repeat is 200 and counted, also when both come at once`() async throws {
        let body = try Requests.example("01-imageannotation-box-completed")
        try await withReceiver { receiver in
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<8 {
                    group.addTask { try await receiver.exchange(Requests.post(body)).answers.map(\.status) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses == Array(repeating: 200, count: 8))
            let events = try await receiver.events()
            #expect(events.map(\.seen) == [8])
            #expect(events.map(\.bodySHA256) == [Digest.sha256(body)])
        }
    }
}
