import AsyncHTTPClient
import Foundation
import NIOCore
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientTransportTests {
    private typealias ClientCertificate = ScaleClient.Configuration.ClientCertificate
    private typealias Proxy = ScaleClient.Configuration.Proxy

    private func taskError(_ fixture: ClientFixture) async -> ScaleError? {
        await scaleError { () throws(ScaleError) in try await fixture.client.task("5f00") }
    }

    /// One attempt, with time enough for a handshake on a busy machine.
    private func change(_ apply: @escaping (inout ScaleClient.Configuration) -> Void) -> ClientFixture.Change {
        .init {
            $0.retry.attempts = 1
            $0.connectTimeout = .seconds(5)
            apply(&$0)
        }
    }

    @Test func `a server is believed when its authority is named, and not otherwise`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let tls = try certificates.serverContext()
            try await ClientFixture.run(
                configure: self.change { $0.certificateAuthorityFile = certificates.authority },
                tls: tls,
                answers: [.json(taskJSON())]
            ) { fixture in
                let task = try await fixture.client.task("5f00")
                #expect(task.id == "5f00")
            }
            try await ClientFixture.run(configure: self.change { _ in }, tls: tls, answers: [.json(taskJSON())]) {
                fixture in
                let read = await self.taskError(fixture)
                #expect(read?.code == .connectionFailed)
                #expect(read?.message.contains("TLS handshake") == true)
                // The handshake comes before everything else, so nothing was sent.
                let cancel = await scaleError { () throws(ScaleError) in try await fixture.client.cancelTask("5f00") }
                #expect(cancel?.code == .connectionFailed)
                #expect(cancel?.isOutcomeUnknown == false)
                #expect(fixture.server.requests.isEmpty)
            }
        }
    }

    @Test func `a server that asks for a certificate takes ours and refuses to go without`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let tls = try certificates.serverContext(asksForCertificate: true)
            let own = ClientCertificate(
                certificateFile: certificates.client,
                privateKeyFile: TestCertificates.key(of: certificates.client)
            )
            for (certificate, code) in [(own, nil), (nil, ScaleError.Code.connectionFailed)] {
                try await ClientFixture.run(
                    configure: self.change {
                        $0.certificateAuthorityFile = certificates.authority
                        $0.clientCertificate = certificate
                    },
                    tls: tls,
                    answers: [.json(taskJSON())]
                ) { fixture in
                    #expect(await self.taskError(fixture)?.code == code)
                    #expect(fixture.server.requests.count == (code == nil ? 1 : 0))
                }
            }
        }
    }

    @Test func `certificate files that are no good are refused with option and file`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let nonsense = try makeFile(folder + "/nonsense", "nonsense")
            let key = TestCertificates.key(of: certificates.client)
            let cases: [(String?, ClientCertificate?, [String])] = [
                (folder + "/none", nil, ["certificateAuthorityFile", folder + "/none"]),
                (nonsense, nil, ["certificateAuthorityFile", nonsense]),
                (folder, nil, ["certificateAuthorityFile", folder]),
                (
                    nil, .init(certificateFile: nonsense, privateKeyFile: key),
                    ["clientCertificate.certificateFile", nonsense]
                ),
                (
                    nil, .init(certificateFile: certificates.client, privateKeyFile: nonsense),
                    ["clientCertificate.privateKeyFile", nonsense]
                ),
                (
                    nil, .init(certificateFile: certificates.server, privateKeyFile: key),
                    ["clientCertificate", key, certificates.server, "does not belong"]
                ),
            ]
            for (authority, certificate, words) in cases {
                var configuration = ScaleClient.Configuration(apiKey: Secret("k"))
                configuration.certificateAuthorityFile = authority
                configuration.clientCertificate = certificate
                let error = await scaleError { () throws(ScaleError) in try configuration.httpClientConfiguration }
                #expect(error?.code == .invalidArgument)
                for word in words { #expect(error?.message.contains(word) == true) }
            }
        }
    }

    @Test func `what is configured reaches the HTTP client`() throws {
        var configuration = ScaleClient.Configuration(apiKey: Secret("k"))
        configuration.connections = 3
        configuration.connectTimeout = .seconds(7)
        configuration.idleTimeout = .seconds(8)
        let made = try configuration.httpClientConfiguration
        #expect(made.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit == 3)
        #expect(made.timeout.connect == .seconds(7))
        #expect(made.connectionPool.idleTimeout == .seconds(8))
        // The pool would stop the process for less than one.
        configuration.connections = -1
        #expect(
            try configuration.httpClientConfiguration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit == 1
        )
    }

    @Test func `no more connections are made than allowed`() async throws {
        try await ClientFixture.run(
            configure: self.change { $0.connections = 2 },
            answers: [.json(taskJSON())]
        ) { fixture in
            let client = fixture.client
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await client.task("5f00") } }
                try await group.waitForAll()
            }
            #expect(fixture.server.requests.count == 50)
            #expect(fixture.server.connections <= 2)
        }
    }

    @Test(arguments: [("", 8080), ("proxy", 0), ("proxy", 70_000)])
    func `a proxy without a host or with an impossible port is refused`(host: String, port: Int) async {
        var configuration = ScaleClient.Configuration(apiKey: Secret("k"))
        configuration.proxy = Proxy(host: host, port: port)
        let error = await scaleError { () throws(ScaleError) in try configuration.httpClientConfiguration }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("proxy:") == true)
    }

    @Test func `calls go through the proxy, which sees neither key nor path`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            for tls in [nil, try certificates.serverContext()] {
                try await TestProxy.run { proxy, proxyPort in
                    try await ClientFixture.run(
                        configure: self.change {
                            $0.certificateAuthorityFile = certificates.authority
                            $0.proxy = Proxy(host: "127.0.0.1", port: proxyPort)
                        },
                        tls: tls,
                        answers: [.json(taskJSON())]
                    ) { fixture in
                        let task = try await fixture.client.task("5f00")
                        #expect(task.id == "5f00")
                        #expect(proxy.heads.count == 1)
                        let head = proxy.heads.first ?? ""
                        #expect(head.hasPrefix("CONNECT 127.0.0.1:\(fixture.port) "))
                        #expect(!head.lowercased().contains("authorization"))
                    }
                }
            }
        }
    }

    @Test func `a proxy that asks for credentials gets them, and without them nothing is sent`() async throws {
        let expected = "Basic " + Data("me:secret".utf8).base64EncodedString()
        for (password, code) in [("secret", nil), ("wrong", ScaleError.Code.connectionFailed)] {
            try await TestProxy.run(authorization: expected) { proxy, proxyPort in
                try await ClientFixture.run(
                    configure: self.change {
                        $0.connectTimeout = code == nil ? .seconds(5) : .milliseconds(600)
                        $0.proxy = Proxy(
                            host: "127.0.0.1",
                            port: proxyPort,
                            userName: "me",
                            password: Secret(password)
                        )
                    },
                    answers: [.json(taskJSON())]
                ) { fixture in
                    let error = await scaleError { () throws(ScaleError) in
                        try await fixture.client.auditTask("5f00", accepted: true)
                    }
                    #expect(error?.code == code)
                    #expect(error?.isOutcomeUnknown != true)
                    #expect(error?.description.contains(password) != true)
                    #expect(fixture.server.requests.count == (code == nil ? 1 : 0))
                    #expect(!proxy.heads.isEmpty)
                }
            }
        }
    }
}
