import CallbackQueue
import CallbackServer
import Callbacks
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Changing a running service over its socket.
@Suite struct ControlSocketTests {
    /// Says no until it is told to say yes.
    private final class Moody: CallbackHandler {
        private let isGood = Mutex(false)

        func cheerUp() { self.isGood.withLock { $0 = true } }

        func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
            self.isGood.withLock { $0 } ? .completed("yes") : .dead(.refused, "no")
        }
    }

    private static func post(_ path: String, _ body: String, to receiver: Receiver) async throws -> RawAnswer {
        let client = try await RawClient.connect(toSocketAt: Control.socketPath(ofStore: receiver.storePath))
        let bytes = Requests.post(Array(body.utf8), target: path, key: nil, headers: ["Content-Type: application/json"])
        await client.send(bytes)
        let (answers, _) = await client.receive(1)
        await client.close()
        return try #require(answers.first)
    }

    /// The console and the intake listen; the control socket may come a moment later.
    private static func waitForSocket(_ receiver: Receiver) async throws {
        let path = Control.socketPath(ofStore: receiver.storePath)
        try await eventually {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int == 0o600
        }
    }

    private static func states(_ receiver: Receiver) async throws -> [String] {
        try await StoreReader(path: receiver.storePath).deliveries().rows.map(\.state)
    }

    @Test(.timeLimit(.minutes(1))) func `a dead letter is retried and a held handler resumed`() async throws {
        let handler = Moody()
        let setup = Setup(handlers: [HandlerRegistration(name: "moody", type: "test", handler: handler)])
        try await withReceiver(setup) { receiver in
            try await Self.waitForSocket(receiver)
            _ = try await receiver.exchange(Requests.post(Requests.callback(1)))
            try await eventually { try await Self.states(receiver) == ["dead"] }

            handler.cheerUp()
            let hold = try await Self.post("/handlers", #"{"name":"moody","holdReason":"a look"}"#, to: receiver)
            #expect(hold.status == 200)
            #expect(hold.text == #"{"changed":1}"#)
            let retry = try await Self.post("/deliveries/retry", #"{"states":["dead"]}"#, to: receiver)
            #expect(retry.text == #"{"changed":1}"#)
            _ = try await receiver.exchange(Requests.post(Requests.callback(2)))
            #expect(try await Self.states(receiver) == ["pending", "pending"])

            let resume = try await Self.post("/handlers", #"{"name":"moody"}"#, to: receiver)
            #expect(resume.text == #"{"changed":1}"#)
            try await eventually { try await Self.states(receiver) == ["completed", "completed"] }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `what it cannot do it says`() async throws {
        try await withReceiver { receiver in
            try await Self.waitForSocket(receiver)
            #expect(try await Self.post("/handlers", #"{"name":"nobody"}"#, to: receiver).text == #"{"changed":0}"#)
            #expect(try await Self.post("/deliveries/retry", "{}", to: receiver).text == #"{"changed":0}"#)
            for body in ["", "{", "[]", #"{"name":7}"#, "{}", String(repeating: "[", count: 10_000)] {
                let answer = try await Self.post("/handlers", body, to: receiver)
                #expect((400..<500).contains(answer.status), "\(body.prefix(20)) gave \(answer.status)")
            }
            #expect(try await Self.post("/deliveries/retry", #"{"ids":"all"}"#, to: receiver).status == 400)
            #expect(try await Self.post("/", "{}", to: receiver).status == 404)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a socket that was left behind is replaced`() async throws {
        try await withTemporaryFolder { folder in
            let path = Control.socketPath(ofStore: folder.appendingPathComponent("store.db").path)
            let left = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(unixDomainSocketPath: path).get()
            try await left.close()
            if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
            try await withReceiver(Setup(folder: folder)) { receiver in
                try await Self.waitForSocket(receiver)
                #expect(try await Self.post("/handlers", #"{"name":"nobody"}"#, to: receiver).status == 200)
            }
        }
    }
}
