import ArgumentParser
import Callbacks
import Foundation
import NIOCore
import NIOHTTP1
import ScaleAPI
import Testing

@testable import CallbackService

@Suite struct SendCommandTests {
    private static func thenRefuses(_ status: Int) -> @Sendable (Int) -> TestReceiver.Behaviour {
        { .status($0 == 0 ? 200 : status) }
    }

    @Test(arguments: zip(SampleCallback.allCases, [Callback.Kind.completed, .error, .audit, .batch]))
    func `each sample is read as what it is named after`(sample: SampleCallback, kind: Callback.Kind) throws {
        let callback = try Callback(body: sample.body(taskID: "65c5704c6bf306f6b6e3422f", now: Date()).encoded)
        #expect(callback.kind == kind)
        #expect(callback.taskID == (sample == .batch ? nil : "65c5704c6bf306f6b6e3422f"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a callback is posted with the key and its answer is told`() async throws {
        try await TestReceiver.run(answering: Self.thenRefuses(401)) { receiver, port in
            let sender = CallbackSender(url: "http://127.0.0.1:\(port)/callbacks", key: Secret("auth-key-4711"))
            let first = try await sender.send(Array("{\"a\":1}".utf8))
            let second = try await sender.send(Array("{\"a\":2}".utf8))
            #expect(first.status == 200)
            #expect(second.status == 401)
            #expect(receiver.requests.map(\.body) == [Array("{\"a\":1}".utf8), Array("{\"a\":2}".utf8)])
            #expect(receiver.requests[0].headers["scale-callback-auth"] == ["auth-key-4711"])
            #expect(receiver.requests[0].headers["content-type"] == ["application/json"])

            var answer = second
            answer.duration = .microseconds(1540)
            #expect(SendCommand.report(answer, subject: "audit x\u{1B}") == #"401 in 1.5 ms: audit x\u{1b}: answer"#)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the command posts a file as it is and fails when it is refused`() async throws {
        try await withTemporaryFolder { folder in
            let payload = Array("{ \"odd\" :\t[1.0] }\n".utf8)
            try Data(payload).write(to: URL(filePath: "\(folder)/payload.json"))
            try Data("key-from-a-file\n".utf8).write(to: URL(filePath: "\(folder)/key"))
            try await TestReceiver.run(answering: Self.thenRefuses(503)) { receiver, port in
                let arguments = [
                    "--url", "http://127.0.0.1:\(port)/x", "--file", "\(folder)/payload.json",
                    "--key-file", "\(folder)/key",
                ]
                try await SendCommand.parse(arguments).run()
                #expect(receiver.requests.map(\.body) == [payload])
                #expect(receiver.requests[0].headers["scale-callback-auth"] == ["key-from-a-file"])
                await #expect(throws: ExitCode.failed) { try await SendCommand.parse(arguments).run() }
            }
        }
    }

    @Test func `a key that would break the header is refused without showing it`() throws {
        let options = try KeyOptions.parse([])
        #expect(try options.key(environment: [:]) == nil)
        let error = #expect(throws: (any Error).self) {
            try options.key(environment: ["SCALE_CALLBACK_AUTH_KEY": "a\r\nb: c"])
        }
        #expect(try !"\(#require(error))".contains("b: c"))
        #expect(throws: (any Error).self) { try KeyOptions.parse(["--key-env", "OTHER"]).key(environment: [:]) }
    }
}
