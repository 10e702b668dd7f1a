import NIOHTTP1
import Synchronization
import Testing

@testable import ScaleAPI

@Suite(.timeLimit(.minutes(1))) struct OutsideServerTests {
    private static func surroundings(
        _ addresses: @escaping @Sendable (String) async throws -> [String] = { try await HostAddress.look(up: $0) }
    ) -> Surroundings {
        // Noon of 6 November 1994.
        Surroundings(clock: ContinuousClock(), now: { 784_123_200_000 }, random: { 0.5 }, addresses: addresses)
    }

    private static func post(
        _ url: String,
        allowed: [AddressRange] = AddressRange.privateNetworks,
        timeout: Duration = .seconds(20),
        attempt: Int = 1,
        _ surroundings: Surroundings = Self.surroundings()
    ) async -> Result<OutsideServer.Answer, any Error> {
        do {
            let server = try OutsideServer(url: url, allowed: allowed, timeout: timeout, surroundings: surroundings)
            return .success(
                try await server.post(
                    Array("{}".utf8),
                    headers: [("content-type", "application/json")],
                    attempt: attempt
                )
            )
        } catch {
            return .failure(error)
        }
    }

    private static func failure(_ result: Result<OutsideServer.Answer, any Error>) -> ScaleError? {
        if case .failure(let error as ScaleError) = result { error } else { nil }
    }

    @Test(arguments: [
        "", "pipeline", "//pipeline", "ftp://pipeline/", "file:///etc/passwd", "unix:///run/x.sock", "http://",
        "http:///path", "http://user@pipeline/", "http://user:word@pipeline/", "http://pipeline:0/",
        "http://pipeline:70000/", "http://pipe line/", "http://pipeline/\r\nx: y", "http://pipeline\\@other/",
        "http://p%69peline/", "http://127.0.0.1@pipeline/", "http://pipeline:80@127.0.0.1/", "http://pípeline/",
        "HTTP://[::1/", "http://pipeline/" + String(repeating: "x", count: 8192), "javascript:alert(1)",
    ]) func `a URL that two readers could understand differently is refused`(url: String) {
        #expect(throws: ScaleError.self) {
            try OutsideServer(url: url, allowed: AddressRange.privateNetworks, timeout: .seconds(1))
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "10.0.0.1", "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "0.0.0.0", "0", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fd12::1]",
        "[fe80::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "[::127.0.0.1]",
        "[ff02::1]",
    ]) func `an address in figures outside of the public internet is refused at once`(host: String) {
        #expect { _ = try OutsideServer(url: "http://\(host)/", timeout: .seconds(1)) } throws: { error in
            (error as? ScaleError)?.message.contains("public internet") == true
        }
    }

    @Test func `allowed networks open what they name and nothing else`() throws {
        let ten = [try #require(AddressRange("10.0.0.0/8"))]
        #expect(throws: Never.self) { try OutsideServer(url: "http://10.1.2.3/", allowed: ten, timeout: .seconds(1)) }
        #expect(throws: Never.self) {
            try OutsideServer(url: "http://[::ffff:10.1.2.3]/", allowed: ten, timeout: .seconds(1))
        }
        for host in ["127.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]"] {
            #expect(throws: ScaleError.self) {
                try OutsideServer(url: "http://\(host)/", allowed: ten, timeout: .seconds(1))
            }
        }
        #expect(throws: ScaleError.self) {
            try OutsideServer(
                url: "http://169.254.169.254/",
                allowed: AddressRange.privateNetworks,
                timeout: .seconds(1)
            )
        }
    }

    @Test(arguments: [
        ["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["169.254.169.254"], ["fe80::1%lo"], ["::ffff:10.0.0.1"],
    ]) func `a name is refused when one of its addresses is private, without a connection`(addresses: [String])
        async throws
    {
        try await ScriptedServer.run(answer: .json("{}")) { server, port in
            let result = await Self.post(
                "http://pipeline.test:\(port)/",
                allowed: [],
                Self.surroundings { _ in addresses }
            )
            #expect(Self.failure(result)?.code == .invalidArgument)
            #expect(server.connections == 0)
        }
    }

    @Test func `a name that changes its address after it was checked gains nothing`() async throws {
        try await ScriptedServer.run(answer: .status(204)) { server, port in
            let lookups = Mutex(0)
            let surroundings = Self.surroundings { _ in
                lookups.withLock { $0 += 1 }
                return ["127.0.0.1"]
            }
            // Nobody else knows these names: only the checked address can lead there.
            for host in ["pipeline.test", "Pipeline.Test", "pipeline.test."] {
                let result = await Self.post("http://\(host):\(port)/in?x=1", surroundings)
                let answer = try result.get()
                #expect(answer.status == 204)
                #expect(
                    server.requests.last?.headers.first(name: "host")?.lowercased().hasPrefix("pipeline.test") == true
                )
            }
            #expect(server.requests.map(\.uri) == Array(repeating: "/in?x=1", count: 3))
            #expect(lookups.withLock { $0 } == 3)
        }
    }

    @Test func `each attempt takes the next address`() async throws {
        try await ScriptedServer.run(answer: .status(200)) { _, port in
            // Nobody listens on the first.
            let surroundings = Self.surroundings { _ in ["127.0.0.77", "127.0.0.1"] }
            let url = "http://pipeline.test:\(port)/"
            #expect(Self.failure(await Self.post(url, attempt: 1, surroundings))?.code == .connectionFailed)
            let answer = try await Self.post(url, attempt: 2, surroundings).get()
            #expect(answer.status == 200)
            #expect(Self.failure(await Self.post(url, attempt: 3, surroundings))?.code == .connectionFailed)
        }
    }

    @Test func `redirects are not followed`() async throws {
        try await ScriptedServer.run(answer: .status(200)) { other, otherPort in
            for status in [301, 302, 303, 307, 308] {
                let target = "http://127.0.0.1:\(otherPort)/"
                try await ScriptedServer.run(answer: .status(status, headers: [("Location", target)])) { _, port in
                    let answer = try await Self.post("http://127.0.0.1:\(port)/").get()
                    #expect((answer.status, answer.location) == (status, target))
                }
            }
            #expect(other.connections == 0)
        }
    }

    @Test(arguments: [
        ("7", Duration.seconds(7)), ("0", .zero), ("999999999999", .seconds(86_400)), ("soon", nil), ("-1", nil),
        ("1.5", nil), ("Sun, 06 Nov 1994 12:00:30 GMT", .seconds(30)), ("Sun, 06 Nov 1994 11:00:00 GMT", .zero),
    ]) func `Retry-After is read in seconds and as a date`(value: String, expected: Duration?) async throws {
        try await ScriptedServer.run(answer: .status(429, headers: [("Retry-After", value)])) { _, port in
            let answer = try await Self.post("http://127.0.0.1:\(port)/").get()
            #expect(answer.retryAfter == expected)
        }
    }

    @Test func `of an endless answer 64 KB are read`() async throws {
        let text = "HTTP/1.1 500 Reason\r\nContent-Length: 100000000\r\n\r\n" + String(repeating: "x", count: 300_000)
        try await ScriptedServer.run(answer: .raw(text, .keepOpen)) { _, port in
            let answer = try await Self.post("http://127.0.0.1:\(port)/").get()
            #expect((answer.status, answer.body.count) == (500, 65_536))
        }
    }

    @Test(arguments: [
        (ScriptedServer.Answer.never, ScaleError.Code.timeout), (.close, .connectionFailed),
        (.reset, .connectionFailed),
        (.raw("SSH-2.0-OpenSSH_9.6\r\n"), .connectionFailed), (.raw("HTTP/1.1 "), .connectionFailed),
    ]) func `no answer is a failure within the timeout`(answer: ScriptedServer.Answer, code: ScaleError.Code)
        async throws
    {
        try await ScriptedServer.run(answer: answer) { _, port in
            let result = await Self.post("http://127.0.0.1:\(port)/", timeout: .milliseconds(500))
            #expect(Self.failure(result)?.code == code)
        }
    }

    @Test func `a name that is not looked up in time is a failure`() async {
        let never = Self.surroundings { _ in
            try await Task.sleep(for: .seconds(3600))
            return []
        }
        #expect(
            Self.failure(await Self.post("http://pipeline.test/", timeout: .milliseconds(100), never))?.code == .timeout
        )
        let none = Self.surroundings { _ in [] }
        #expect(Self.failure(await Self.post("http://pipeline.test/", none))?.code == .connectionFailed)
    }

    @Test func `a cancelled post ends at once`() async throws {
        try await ScriptedServer.run(answer: .never) { server, port in
            let task = Task { await Self.post("http://127.0.0.1:\(port)/", timeout: .seconds(3600)) }
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            #expect(Self.failure(await task.value)?.code == .cancelled)
        }
    }
}
