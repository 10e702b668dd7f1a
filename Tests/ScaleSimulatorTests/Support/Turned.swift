import NIOHTTP1
import Testing

@testable import ScaleSimulator

/// A fast simulator whose knobs were turned over HTTP while it ran, and a receiver for its callbacks.
struct Turned {
    let api: API
    let simulator: ScaleSimulator
    let receiver: Receiver
    let url: String

    /// Runs both for the length of a closure.
    static func with(
        _ knobs: JSON,
        answers: [Int] = [],
        location: String = "/elsewhere",
        _ body: (Turned) async throws -> Void
    ) async throws {
        try await Receiver.with(answers: answers, location: location) { url, receiver in
            try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                let turned = try await api.root.call(.PATCH, "/simulator/knobs", knobs)
                guard turned.status == 200 else { throw API.Unexpected(answer: turned) }
                try await body(Turned(api: api, simulator: simulator, receiver: receiver, url: url))
            }
        }
    }

    /// Creates a task of test mode that calls the receiver.
    func createTestTask(_ more: JSONObject = JSONObject()) async throws -> String {
        var more = more
        more["callback_url"] = .string(self.url)
        return try await self.api.test.createTask(more)
    }

    /// What the journal knows of callbacks, oldest first.
    var tries: [JSON] { self.simulator.journal().map(\.json).filter { $0["kind"] == "callback" } }

    /// Waits until so many callbacks arrived, and nothing is on its way any more.
    func settled(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(count) callbacks", sourceLocation: sourceLocation) {
            self.receiver.callbacks.count >= count && self.simulator.summary.callbacksPending == 0
        }
    }
}
