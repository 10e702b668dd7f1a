import CallbackQueue
import CallbackServer
import Foundation
import NIOSSL
import Testing

/// TLS on the public port, over the wire.
@Suite struct TLSTests {
    /// Runs a receiver with the certificate `server` of the authority `authority`.
    private static func withTLS(
        clientCA: String? = nil,
        header: Duration = .seconds(10),
        _ body: (Receiver, TestCertificates) async throws -> Void,
        whenStopped: (StoreReader) async throws -> Void = { _ in }
    ) async throws {
        try await withTemporaryFolder { folder in
            let certificates = TestCertificates(in: folder)
            try await certificates.makeAuthority("authority")
            try await certificates.make("server", by: "authority")
            if let clientCA { try await certificates.makeAuthority(clientCA) }
            let files = certificates.files("server", clientCA: clientCA)
            let setup = Setup(folder: folder) {
                $0.intake.tls = files
                $0.intake.tlsInterval = .milliseconds(20)
                $0.intake.deadlines.header = header
            }
            try await withReceiver(setup, { try await body($0, certificates) }, whenStopped: whenStopped)
        }
    }

    private static func serial(_ receiver: Receiver, _ tls: TLSConfiguration) async throws -> [UInt8]? {
        let client = try await receiver.connect(tls: tls)
        await client.send(Requests.post(Requests.callback(1)))
        #expect(await client.receive(1).answers.map(\.status) == [200])
        let serial = try await client.tlsDetails().serial
        await client.close()
        return serial
    }

    @Test(.timeLimit(.minutes(1))) func `callbacks of any size are kept, and the connection ends cleanly`() async throws
    {
        try await Self.withTLS { receiver, certificates in
            let tls = try certificates.client(trusting: "authority")
            let bodies = [Requests.callback(1), Requests.callback(2, padding: 3_000_000)]
            let client = try await receiver.connect(tls: tls)
            for body in bodies {
                client.sendEventually(Requests.post(body))
                #expect(await client.receive(1).answers.map(\.status) == [200])
            }
            #expect(try await client.tlsDetails().version == .tlsv13)
            await client.close()

            // Early answers arrive although the body is still being sent.
            let length = 2_000_000
            let early = try await receiver.exchange(
                Requests.post([UInt8](repeating: 0x20, count: length), key: "wrong"),
                tls: tls
            )
            #expect(early.answers.map(\.status) == [401])
            #expect(early.ending == .closed)
            let malformed = try await receiver.exchange(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), tls: tls)
            #expect(malformed.answers.map(\.status) == [400])
            #expect(malformed.ending == .closed)
            #expect(try await receiver.events().map(\.taskID) == ["task1", "task2"])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `old versions and weak ciphers are not spoken`() async throws {
        try await Self.withTLS { receiver, certificates in
            func statuses(_ change: (inout TLSConfiguration) -> Void) async throws -> [Int] {
                var tls = try certificates.client(trusting: "authority")
                change(&tls)
                return try await receiver.exchange(Requests.post(Requests.callback(1)), tls: tls).answers.map(\.status)
            }
            let version12 = { (tls: inout TLSConfiguration) in
                tls.minimumTLSVersion = .tlsv12
                tls.maximumTLSVersion = .tlsv12
            }
            #expect(try await statuses(version12) == [200])
            for cipher in [
                NIOTLSCipher.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
            ] {
                let refused = try await statuses {
                    version12(&$0)
                    $0.cipherSuiteValues = [cipher]
                }
                #expect(refused == [])
            }
            for version in [TLSVersion.tlsv1, .tlsv11] {
                let refused = try await statuses {
                    $0.minimumTLSVersion = .tlsv1
                    $0.maximumTLSVersion = version
                }
                #expect(refused == [])
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a new certificate is taken without a restart, a broken one is not`()
        async throws
    {
        try await Self.withTLS { receiver, certificates in
            let tls = try certificates.client(trusting: "authority")
            let first = try await Self.serial(receiver, tls)
            let before = try await receiver.connect(tls: tls)
            await before.send(Requests.post(Requests.callback(1)))
            #expect(await before.receive(1).answers.map(\.status) == [200])

            try await certificates.make("next", by: "authority")
            let key = try Data(contentsOf: URL(fileURLWithPath: certificates.path("server.key")))
            try certificates.replace("server", by: "next")
            try await eventually { try await Self.serial(receiver, tls) != first }
            let second = try await Self.serial(receiver, tls)
            await before.send(Requests.post(Requests.callback(2)))
            #expect(await before.receive(1).answers.map(\.status) == [200])
            await before.close()

            // The key of another certificate, then nothing at all: what was read before stays.
            for content in [key, Data()] {
                try content.write(to: URL(fileURLWithPath: certificates.path("server.key")))
                for _ in 0..<5 {
                    #expect(try await Self.serial(receiver, tls) == second)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await certificates.make("last", by: "authority")
            try certificates.replace("server", by: "last")
            try await eventually { try await Self.serial(receiver, tls) != second }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `clients have to show a certificate of the authority that is asked for`()
        async throws
    {
        try await Self.withTLS(clientCA: "clients") { receiver, certificates in
            try await certificates.make("friend", by: "clients")
            try await certificates.make("foreigner", by: "authority")
            for version in [TLSVersion.tlsv12, .tlsv13] {
                for (name, statuses) in [("friend", [200]), ("foreigner", []), (nil, [])] {
                    var tls = try certificates.client(trusting: "authority", as: name)
                    tls.minimumTLSVersion = version
                    tls.maximumTLSVersion = version
                    let result = try await receiver.exchange(Requests.post(Requests.callback(1)), tls: tls)
                    #expect(result.answers.map(\.status) == statuses, "\(name ?? "nobody") \(version)")
                }
            }
        } whenStopped: { reader in
            try await expectRefusals(Array(repeating: "tls-handshake", count: 4), in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [[], [0x16], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC]])
    func `a slow handshake is given up`(beginning: [UInt8]) async throws {
        try await Self.withTLS(header: .seconds(1)) { receiver, _ in
            let client = try await receiver.connect()
            await client.send(beginning)
            let (answers, ending) = await client.receive()
            #expect(answers.isEmpty)
            #expect([.closed, .reset].contains(ending))
            await client.close()
        } whenStopped: { reader in
            try await expectRefusals([], in: reader)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `plain HTTP is ended, and noted`() async throws {
        try await Self.withTLS { receiver, _ in
            let (answers, ending) = try await receiver.exchange(Requests.post(Requests.callback(1)))
            #expect(answers.isEmpty)
            #expect([.closed, .reset].contains(ending))
            #expect(try await receiver.events().isEmpty)
        } whenStopped: { reader in
            try await expectRefusals(["tls-handshake"], in: reader)
        }
    }
}
