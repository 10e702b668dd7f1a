import Callbacks
import NIOHTTP1
import ScaleAPI
import Testing

@testable import CallbackServer

/// The judgement of heads as a value, above all its order.
@Suite struct RequestJudgeTests {
    private let heads = RequestJudge(
        path: "/callbacks",
        bodyLimit: 1000,
        verifier: CallbackVerifier(accounts: [
            Account(name: "live", callbackAuthKeys: [Secret("old"), Secret("new")]),
            Account(name: "test", callbackAuthKeys: [Secret("trial")]),
        ])
    )

    private func judge(
        _ method: HTTPMethod,
        _ uri: String,
        _ fields: [(String, String)],
        version: HTTPVersion = .http1_1
    ) -> RequestJudge.Judgement {
        self.heads.judge(HTTPRequestHead(version: version, method: method, uri: uri, headers: HTTPHeaders(fields)))
    }

    /// Everything that can be wrong, each fault from the one that is told first to the one that is told last.
    private static let faults: [(reason: RefusalReason, fields: [(String, String)])] = [
        (.missingKey, []),
        (.wrongKey, [("scale-callback-auth", "x")]),
        (.repeatedKey, [("scale-callback-auth", "new"), ("scale-callback-auth", "new")]),
    ]

    @Test func `faults are told in the order framing, path, method, key, coding, length, expectation`() {
        // Each step mends the fault that was told before; all others are still there.
        var fields = [("content-encoding", "gzip"), ("content-length", "1001"), ("expect", "tea")]
        for coding in ["chunked", "", " \t", ","] {
            #expect(self.judge(.GET, "/x", fields + [("transfer-encoding", coding)]) == .refused(.badRequest))
        }
        #expect(self.judge(.GET, "/x", fields) == .refused(.badHost))
        fields.append(("host", "a"))
        #expect(self.judge(.GET, "/x", fields) == .refused(.unknownPath))
        #expect(self.judge(.GET, "/callbacks", fields) == .refused(.wrongMethod))
        for fault in Self.faults {
            #expect(self.judge(.POST, "/callbacks", fields + fault.fields) == .refused(fault.reason))
        }
        fields.append(("scale-callback-auth", "new"))
        #expect(self.judge(.POST, "/callbacks", fields) == .refused(.encodedBody))
        fields[0].1 = "identity"
        #expect(self.judge(.POST, "/callbacks", fields) == .refused(.bodyTooLarge))
        fields[1].1 = "0"
        #expect(self.judge(.POST, "/callbacks", fields) == .refused(.emptyBody))
        fields[1].1 = "1000"
        #expect(self.judge(.POST, "/callbacks", fields) == .refused(.badExpectation))
        fields[2].1 = "100-continue"
        #expect(
            self.judge(.POST, "/callbacks", fields)
                == .callback(.init(account: "live", keyIndex: 1, declaredLength: 1000, expectsContinue: true))
        )
    }

    @Test(arguments: [("old", "live", 0), ("new", "live", 1), ("trial", "test", 0), (" \tnew ", "live", 1)])
    func `a key names its account and its place`(key: String, account: String, index: Int) {
        #expect(
            self.judge(.POST, "/callbacks", [("Host", "a"), ("Scale-Callback-Auth", key), ("Content-Length", "5")])
                == .callback(.init(account: account, keyIndex: index, declaredLength: 5, expectsContinue: false))
        )
    }

    @Test func `a body in chunks has no length, and HTTP 1.0 neither Host nor 100`() {
        let fields = [("scale-callback-auth", "new"), ("transfer-encoding", "chunked"), ("expect", "100-continue")]
        #expect(
            self.judge(.POST, "/callbacks", fields, version: .http1_0)
                == .callback(.init(account: "live", keyIndex: 1, declaredLength: nil, expectsContinue: false))
        )
        #expect(self.judge(.POST, "/callbacks", fields) == .refused(.badHost))
    }

    @Test(arguments: [HTTPMethod.GET, .HEAD])
    func `probes need no key`(method: HTTPMethod) {
        #expect(self.judge(method, "/healthz", [("host", "a")]) == .health)
        #expect(self.judge(method, "/readyz?verbose", [("host", "a")]) == .readiness)
        #expect(self.judge(method, "/healthz", []) == .refused(.badHost))
    }

    @Test(arguments: [
        "", "?", "/", "*", "http:", "http://", "http://a", "http://a?/callbacks", "https://a/", "HTTP:///",
        "//callbacks",
        "/callbacks/", "ftp://a/callbacks", "a:443",
    ])
    func `no other target is the path`(target: String) {
        #expect(self.judge(.POST, target, [("host", "a")]) == .refused(.unknownPath))
    }

    @Test(arguments: ["/callbacks?", "/callbacks?a?b", "http://a/callbacks", "HTTPS://a:1/callbacks?x=/y"])
    func `the path may have a query, or scheme and host`(target: String) {
        #expect(self.judge(.POST, target, [("host", "a")]) == .refused(.missingKey))
    }

    @Test(arguments: ["99999999999999999999999999", "1001", "9223372036854775807", "-1", "x"])
    func `a length that is over, or not to be had, is too large`(length: String) {
        let fields = [("host", "a"), ("scale-callback-auth", "new"), ("content-length", length)]
        // The parser refuses what is not digits; here it must only not be taken.
        guard case .refused = self.judge(.POST, "/callbacks", fields) else {
            Issue.record("\(length) was taken")
            return
        }
    }

    @Test func `the connection ends when version or client say so`() {
        func isLast(_ version: HTTPVersion, _ fields: [(String, String)]) -> Bool {
            self.heads.isLast(
                HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(fields))
            )
        }
        #expect(!isLast(.http1_1, []))
        #expect(isLast(.http1_1, [("connection", "close")]))
        #expect(isLast(.http1_0, []))
        #expect(!isLast(.http1_0, [("connection", "keep-alive")]))
        #expect(isLast(.http1_0, [("connection", "keep-alive"), ("transfer-encoding", "chunked")]))
    }

    @Test func `no refusal is a success, and no explanation names a key`() {
        for reason in RefusalReason.allCases {
            #expect(reason.status.code >= 400)
            #expect(reason.status.code < 500 || reason.status == .serviceUnavailable)
            let answer = IntakeAnswer.refused(reason, closes: true)
            #expect(answer.headers.contains { $0.name == "retry-after" } == (reason.status == .serviceUnavailable))
        }
    }
}
