import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct ForwardHandlerTests {
    private static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let other = Secret("whsec_" + Data(repeating: 7, count: 32).base64EncodedString())

    private static func handler(
        _ change: (inout ForwardHandler.Configuration) -> Void = { _ in }
    ) throws -> ForwardHandler {
        var configuration = ForwardHandler.Configuration(url: "https://pipeline.example.com/in", secrets: [Self.secret])
        change(&configuration)
        return try ForwardHandler(configuration: configuration)
    }

    @Test func `signatures are those of the specification's example`() throws {
        let headers = try WebhookSigner(secrets: [Self.secret])
            .headers(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
                timestamp: 1_614_265_330,
                body: Array(#"{"test": 2432232314}"#.utf8)
            )
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.map(\.value) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ]
        )
    }

    @Test func `while a secret is rotated there is a signature by each`() throws {
        func signature(_ secrets: [Secret]) throws -> String {
            try WebhookSigner(secrets: secrets).headers(id: "evt_1", timestamp: 5, body: []).last?.value ?? ""
        }
        let (first, second) = (try signature([Self.secret]), try signature([Self.other]))
        #expect(first != second)
        #expect(try signature([Self.secret, Self.other]) == "\(first) \(second)")
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_" + Data(count: 23).base64EncodedString(), "whsec_" + Data(count: 65).base64EncodedString(),
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw", "whsec_!!!!",
    ]) func `a secret of another form is refused without being told`(secret: String) {
        #expect {
            _ = try WebhookSigner(secrets: [Secret(secret)])
        } throws: { error in
            let body = secret.dropFirst(6)
            return error is WebhookSigner.BadSecret && (body.count < 5 || !"\(error)".contains(body))
        }
    }

    @Test(arguments: [24, 64]) func `keys of 24 to 64 bytes are taken`(count: Int) throws {
        _ = try WebhookSigner(secrets: [Secret("whsec_" + Data(count: count).base64EncodedString())])
    }

    @Test func `the id is the event's for ever and differs between events and accounts`() throws {
        let callback = try Example.callback("01-")
        func id(_ callback: Callback, _ id: Int64, _ account: String = "live") -> String {
            ForwardHandler.webhookID(
                of: Event(id: id, account: account, receivedAt: id, origin: .callback, callback: callback)
            )
        }
        #expect(id(callback, 1) == id(callback, 2))
        #expect(id(callback, 1).count == 36 && id(callback, 1).hasPrefix("evt_"))
        #expect(id(callback, 1) != id(callback, 1, "test"))
        #expect(id(callback, 1) != id(try Example.callback("50-"), 1))
    }

    @Test(
        arguments: [
            (200, Outcome.Disposition.completed, nil), (201, .completed, nil), (204, .completed, nil),
            (299, .completed, nil), (301, .retry(after: .seconds(9)), .rejected),
            (308, .retry(after: .seconds(9)), .rejected),
            (400, .dead, .rejected), (401, .retry(after: .seconds(9)), .rejected),
            (403, .retry(after: .seconds(9)), .rejected),
            (404, .retry(after: .seconds(9)), .rejected), (405, .dead, .rejected),
            (408, .retry(after: .seconds(9)), .unavailable), (409, .retry(after: .seconds(9)), .rejected),
            (410, .hold, .rejected), (413, .dead, .rejected), (415, .dead, .rejected), (422, .dead, .rejected),
            (425, .retry(after: .seconds(9)), .unavailable), (429, .retry(after: .seconds(9)), .unavailable),
            (500, .retry(after: .seconds(9)), .unavailable), (501, .dead, .rejected),
            (502, .retry(after: .seconds(9)), .unavailable), (503, .retry(after: .seconds(9)), .unavailable),
            (599, .retry(after: .seconds(9)), .unavailable), (100, .retry(after: .seconds(9)), .unavailable),
        ] as [(Int, Outcome.Disposition, Outcome.FailureClass?)]
    ) func `what an answer means for the delivery`(
        status: Int,
        disposition: Outcome.Disposition,
        failureClass: Outcome.FailureClass?
    ) throws {
        let answer = OutsideServer.Answer(status: status, retryAfter: .seconds(9), body: Array("a\u{1B}[2Jb\nc".utf8))
        let outcome = try Self.handler().outcome(of: answer, id: "evt_1")
        #expect((outcome.disposition, outcome.failureClass) == (disposition, failureClass))
        #expect(outcome.detail?["status"] == .number(.init(status)))
        #expect(outcome.detail?["answer"] == "a [2Jb c")
    }

    @Test func `what a header kept secret does not come onto the record in the answer`() throws {
        let handler = try Self.handler {
            $0.headers = [.init(name: "Authorization", value: Secret("Bearer token-4711-x"))]
        }
        let body = Array("you sent Bearer token-4711-x, token-4711-x".utf8)
        let outcome = handler.outcome(of: .init(status: 400, body: body), id: "evt_1")
        #expect(!"\(outcome)".contains("4711"))
        #expect(outcome.summary.contains("<redacted>"))
    }

    @Test(arguments: [
        (ScaleError.Code.timeout, Outcome.Disposition.retry(after: nil)), (.connectionFailed, .retry(after: nil)),
        (.invalidArgument, .hold),
    ]) func `what no answer means for the delivery`(code: ScaleError.Code, disposition: Outcome.Disposition) throws {
        let error = ScaleError(code: code, message: "m", operation: "o")
        #expect(try Self.handler().outcome(of: error, id: "evt_1").disposition == disposition)
    }

    @Test(arguments: [
        ("", "x"), ("a b", "x"), ("a:", "x"), ("a\r\nb", "x"), ("ä", "x"), ("x-a", "b\r\nc: d"), ("x-a", "b\nc"),
        ("x-a", "é"), ("x-a", " b"), ("x-a", "b\u{0}"), ("x-a", String(repeating: "b", count: 4097)), ("Host", "x"),
        ("content-LENGTH", "1"), ("Transfer-Encoding", "chunked"), ("webhook-id", "x"), ("Webhook-Signature", "x"),
        ("scale-callback-auth", "x"), ("Connection", "close"), ("Proxy-Authorization", "x"), ("Expect", "100-continue"),
    ]) func `a header that is ours or could smuggle is refused`(name: String, value: String) {
        #expect(throws: ForwardError.self) {
            try Self.handler { $0.headers = [.init(name: name, value: Secret(value))] }
        }
    }

    @Test func `what cannot be used is refused when the handler is built`() throws {
        for change: (inout ForwardHandler.Configuration) -> Void in [
            { $0.url = "http://169.254.169.254/latest" }, { $0.url = "ftp://pipeline.example.com/" }, { $0.url = "" },
            { $0.url = "https://u:p@pipeline.example.com/" }, { $0.secrets = [] }, { $0.secrets = [Secret("short")] },
            { $0.allowedNetworks = ["publik"] }, { $0.url = "http://127.0.0.1:9/" },
        ] {
            #expect(throws: ForwardError.self) { try Self.handler(change) }
        }
        _ = try Self.handler {
            $0.url = "http://127.0.0.1:9/"
            $0.allowedNetworks = ["private"]
        }
    }

    @Test(arguments: ["01-", "50-"]) func `an envelope is one line of JSON and loses nothing of the callback`(
        example: String
    ) throws {
        let callback = try Callback(body: Example.body(example))
        let line = Example.event(callback).envelope([("attempt", 3)])
        #expect(!line.contains(0x0A))
        let object = try #require(try JSON(parsing: line).object)
        #expect(object["callback"] == (try JSON(parsing: Example.body(example))))
        #expect(object["id"] == 7 && object["attempt"] == 3 && object["account"] == "live")
        #expect(object["kind"] == .string(callback.kind.rawValue))
        #expect(object["task_id"] == callback.taskID.map(JSON.string) ?? .null)
        #expect(object["received_at"] == "2025-03-11T13:33:20.000Z")
    }
}
