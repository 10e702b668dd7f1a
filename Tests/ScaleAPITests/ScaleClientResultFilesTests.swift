import Foundation
import NIOHTTP1
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientResultFilesTests {
    private func error(_ fixture: ClientFixture, _ url: String, limit: Int? = nil) async -> ScaleError? {
        await scaleError { () throws(ScaleError) in try await fixture.client.resultFile(at: url, limit: limit) }
    }

    private func redirect(_ target: String, _ status: Int = 302) -> ScriptedServer.Answer {
        .status(status, headers: [("Location", target)])
    }

    /// Lets every address be fetched from, at the first attempt or not at all.
    private static var open: ClientFixture.Change {
        .init {
            $0.allowsPrivateResultHosts = true
            $0.retry.attempts = 1
        }
    }

    @Test func `the API host gets the key and its private address needs no leave`() async throws {
        try await ClientFixture.run(answers: [.json("[1]")]) { fixture in
            let content = try await fixture.client.resultFile(
                at: "http://127.0.0.1:\(fixture.port)/v1/task/5f00/response_url/u-1"
            )
            #expect(String(decoding: content, as: UTF8.self) == "[1]")
            let request = try #require(fixture.server.requests.first)
            #expect(request.headers.first(name: "authorization")?.hasPrefix("Basic ") == true)
        }
    }

    @Test func `another host gets nothing of ours`() async throws {
        try await ScriptedServer.run(answer: .json("[2]")) { other, otherPort in
            try await ClientFixture.run(configure: Self.open, answers: [.json("[1]")]) { fixture in
                let content = try await fixture.client.resultFile(at: "http://127.0.0.1:\(otherPort)/file?x=%20y")
                #expect(String(decoding: content, as: UTF8.self) == "[2]")
                #expect(fixture.server.connections == 0)
            }
            let request = try #require(other.requests.first)
            #expect(request.uri == "/file?x=%20y")
            #expect(Set(request.headers.map { $0.name.lowercased() }).isSubset(of: ["host", "accept", "connection"]))
        }
    }

    @Test func `private addresses are refused by figures and by name, also behind a redirect`() async throws {
        try await ScriptedServer.run(answer: .json("[2]")) { other, otherPort in
            for url in [
                "http://127.0.0.1:\(otherPort)/", "http://localhost:\(otherPort)/", "http://[::1]:\(otherPort)/",
                "http://2130706433:\(otherPort)/", "http://0x7f.1:\(otherPort)/", "http://10.0.0.1/",
                "http://169.254.169.254/latest/meta-data",
            ] {
                try await ClientFixture.run(answers: [self.redirect(url)]) { fixture in
                    let direct = await self.error(fixture, url)
                    #expect(direct?.code == .invalidArgument)
                    #expect(direct?.message.contains("allowsPrivateResultHosts") == true)
                    let redirected = await self.error(fixture, "http://127.0.0.1:\(fixture.port)/v1/x")
                    #expect(redirected?.code == .invalidArgument)
                }
            }
            #expect(other.connections == 0)
        }
    }

    @Test func `a name with one private address among public ones is refused`() async throws {
        let hosts = ["results.test": ["8.8.8.8", "127.0.0.1"]]
        try await ClientFixture.run(hosts: hosts, answers: [.never]) { fixture in
            #expect(await self.error(fixture, "http://results.test/")?.code == .invalidArgument)
            #expect(await self.error(fixture, "http://unknown.test/")?.code == .connectionFailed)
        }
    }

    @Test func `the connection is made to the address that was looked up, in the name of the host`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            for tls in [nil, try certificates.serverContext()] {
                try await ScriptedServer.run(tls: tls, script: { _, _ in .json("[2]") }) { other, otherPort in
                    // Nobody else knows this name, so that only the looked up address can lead there.
                    let name = tls == nil ? "Results.test" : "localhost"
                    try await ClientFixture.run(
                        configure: .init {
                            Self.open.apply(&$0)
                            $0.certificateAuthorityFile = certificates.authority
                            $0.connectTimeout = .seconds(5)
                        },
                        hosts: [name: ["127.0.0.1"]],
                        answers: [.never]
                    ) { fixture in
                        let scheme = tls == nil ? "http" : "https"
                        let content = try await fixture.client.resultFile(at: "\(scheme)://\(name):\(otherPort)/")
                        #expect(String(decoding: content, as: UTF8.self) == "[2]")
                    }
                    #expect(other.requests.first?.headers.first(name: "host") == "\(name):\(otherPort)")
                }
            }
        }
    }

    @Test func `behind a proxy names are left to it, and figures are still checked`() async throws {
        try await TestProxy.run { proxy, proxyPort in
            try await ScriptedServer.run(answer: .json("[2]")) { _, otherPort in
                for isAllowed in [true, false] {
                    try await ClientFixture.run(
                        configure: .init {
                            $0.allowsPrivateResultHosts = isAllowed
                            $0.connectTimeout = .seconds(5)
                            $0.proxy = .init(host: "127.0.0.1", port: proxyPort)
                        },
                        // Nothing is looked up here.
                        hosts: [:],
                        answers: [.never]
                    ) { fixture in
                        let error = await self.error(fixture, "http://127.0.0.1:\(otherPort)/")
                        #expect(error?.code == (isAllowed ? nil : .invalidArgument))
                    }
                }
                #expect(proxy.heads.count == 1)
                #expect(proxy.heads.first?.hasPrefix("CONNECT 127.0.0.1:\(otherPort) ") == true)
            }
        }
    }

    @Test func `a redirect is followed without the key`() async throws {
        for status in [301, 302, 303, 307, 308] {
            try await ScriptedServer.run(answer: .json("[2]")) { other, otherPort in
                let answers = [
                    self.redirect("/v1/elsewhere", status), self.redirect("http://127.0.0.1:\(otherPort)/f", status),
                ]
                try await ClientFixture.run(configure: Self.open, answers: answers) { fixture in
                    let content = try await fixture.client.resultFile(at: "http://127.0.0.1:\(fixture.port)/v1/f")
                    #expect(String(decoding: content, as: UTF8.self) == "[2]")
                    let keys = fixture.server.requests.map { $0.headers.contains(name: "authorization") }
                    #expect(keys == [true, false])
                    #expect(fixture.server.requests.last?.uri == "/v1/elsewhere")
                }
                #expect(other.requests.map { $0.headers.contains(name: "authorization") } == [false])
            }
        }
    }

    @Test func `endless, empty and unencrypted redirects are errors`() async throws {
        try await ClientFixture.run(configure: Self.open, answers: [self.redirect("/v1/again")]) { fixture in
            #expect(await self.error(fixture, "http://127.0.0.1:\(fixture.port)/v1/f")?.code == .redirected)
            #expect(fixture.server.requests.count == 4)
        }
        for target in ["", "ftp://a/", "http://user@127.0.0.1/", "http://[/"] {
            try await ClientFixture.run(configure: Self.open, answers: [self.redirect(target)]) { fixture in
                let error = await self.error(fixture, "http://127.0.0.1:\(fixture.port)/v1/f", limit: 10)
                #expect(error?.code == .redirected)
            }
        }
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            try await ScriptedServer.run(answer: .json("[2]")) { other, otherPort in
                try await ClientFixture.run(
                    configure: .init {
                        Self.open.apply(&$0)
                        $0.certificateAuthorityFile = certificates.authority
                        $0.connectTimeout = .seconds(5)
                    },
                    tls: try certificates.serverContext(),
                    answers: [self.redirect("http://127.0.0.1:\(otherPort)/")]
                ) { fixture in
                    let error = await self.error(fixture, "https://127.0.0.1:\(fixture.port)/v1/f")
                    #expect(error?.code == .redirected)
                    #expect(error?.message.contains("encryption") == true)
                }
                #expect(other.connections == 0)
            }
        }
    }

    @Test(arguments: [
        "", "file:///etc/passwd", "ftp://a/b", "http://", "http:///x", "//a/b", "a", "http://u@127.0.0.1/",
        "http://u:p@127.0.0.1/", "http://@127.0.0.1/", "http://a\\@b/", "http://a b/", "http://%31/", "http://ü/",
        "http://a:0/", "http://a:99999/", "http://a:x/", "http://[::1/", "http://[fe80::1%25eth0]/", "http://a\n/",
        "http://a/" + String(repeating: "x", count: 8192),
    ])
    func `a URL that is suspicious is not followed`(url: String) async throws {
        try await ClientFixture.run(configure: Self.open, hosts: [:], answers: [.never]) { fixture in
            #expect(await self.error(fixture, url)?.code == .invalidArgument)
        }
    }

    @Test func `a saved file is whole or not there, and replaces the one before`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/result.json", "old")
            let long = String(repeating: "0123456789", count: 50_000)
            let failures: [[ScriptedServer.Answer]] = [
                [.status(404)], [.truncated(200, "half")], [.json(long + "0")],
                [.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7a121\r\n\(long)0\r\n0\r\n\r\n")],
            ]
            for answers in failures {
                try await ClientFixture.run(configure: Self.open, answers: answers) { fixture in
                    let error = await scaleError { () throws(ScaleError) in
                        try await fixture.client.saveResultFile(
                            at: "http://127.0.0.1:\(fixture.port)/v1/f",
                            to: path,
                            limit: long.utf8.count
                        )
                    }
                    #expect(error != nil)
                }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result.json"])
            }
            try await ClientFixture.run(answers: [.truncated(200, "half"), .json(long)]) { fixture in
                try await fixture.client.saveResultFile(
                    at: "http://127.0.0.1:\(fixture.port)/v1/f",
                    to: path,
                    limit: long.utf8.count
                )
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == long)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result.json"])
        }
    }

    @Test func `a cancelled fetch leaves nothing behind, from whatever host`() async throws {
        let half = ScriptedServer.Answer.raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", .keepOpen)
        try await withTemporaryFolder { folder in
            try await ScriptedServer.run(answer: half) { other, otherPort in
                try await ClientFixture.run(configure: Self.open, answers: [half]) { fixture in
                    for (server, port) in [(fixture.server, fixture.port), (other, otherPort)] {
                        let client = fixture.client
                        let fetch = Task {
                            await scaleError { () throws(ScaleError) in
                                try await client.saveResultFile(
                                    at: "http://127.0.0.1:\(port)/v1/f",
                                    to: folder + "/result"
                                )
                            }
                        }
                        while server.requests.isEmpty { await Task.yield() }
                        fetch.cancel()
                        #expect(await fetch.value?.code == .cancelled)
                        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                        #expect(left.isEmpty)
                    }
                }
            }
        }
    }

    @Test func `a place that cannot be written is an error before anything is asked`() async throws {
        try await ClientFixture.run(answers: [.json("[]")]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.saveResultFile(
                    at: "http://127.0.0.1:\(fixture.port)/v1/f",
                    to: "/nonexistent/folder/file"
                )
            }
            #expect(error?.code == .fileFailed)
            #expect(error?.message.contains("/nonexistent/folder/file") == true)
            #expect(fixture.server.connections == 0)
        }
    }

    @Test func `a 429 of the API holds back all calls, one of another host none`() async throws {
        let slow = ScriptedServer.Answer.status(429, headers: [("Retry-After", "20")])
        try await ScriptedServer.run(answer: slow) { _, otherPort in
            for isAPI in [true, false] {
                try await ClientFixture.run(
                    configure: Self.open,
                    answers: isAPI ? [slow, .json(taskJSON())] : [.json(taskJSON())]
                ) {
                    fixture in
                    let port = isAPI ? fixture.port : otherPort
                    #expect(await self.error(fixture, "http://127.0.0.1:\(port)/v1/f")?.code == .tooManyRequests)
                    _ = try await fixture.client.task("5f00")
                    #expect(fixture.clock.sleeps == (isAPI ? [.seconds(20)] : []))
                }
            }
        }
    }
}
