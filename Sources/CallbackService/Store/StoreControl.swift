import AsyncHTTPClient
import CallbackQueue
import CallbackServer
import Callbacks
import Foundation
import Logging
import NIOCore
import NIOHTTP1

/// Changes a store: through the running service's control socket, or directly when no service holds the store.
struct StoreControl: Sendable {
    /// The store's path.
    let storePath: String

    /// Makes deliveries due now; how many.
    func retry(_ selection: DeliverySelection) async throws -> Int {
        try await self.change(path: "/deliveries/retry", request: Control.RetryRequest(selection)) { store in
            Control.ChangeResponse(changed: try await store.retryDeliveries(selection, now: Now.milliseconds))
        }
        .changed
    }

    /// Holds a handler for a reason, or with nil lets it go on; false when there is no such handler.
    func setHold(_ reason: String?, ofHandler name: String) async throws -> Bool {
        let request = Control.HandlerRequest(name: name, holdReason: reason)
        return try await self
            .change(path: "/handlers", request: request) { store in
                let isKnown =
                    if let reason {
                        try await store.holdHandler(named: name, reason: reason, now: Now.milliseconds)
                    } else {
                        try await store.resumeHandler(named: name)
                    }
                return Control.ChangeResponse(changed: isKnown ? 1 : 0)
            }
            .changed > 0
    }

    /// Holds every handler for a reason, or with nil ends that; false when there was nothing to end.
    func setHoldOfAll(_ reason: String?) async throws -> Bool {
        let request = Control.HoldRequest(isHeld: reason != nil, reason: reason)
        return try await self
            .change(path: "/hold", request: request) { store in
                guard let reason else { return Control.ChangeResponse(changed: try await store.resumeAll() ? 1 : 0) }
                try await store.holdAll(reason: reason, now: Now.milliseconds)
                return Control.ChangeResponse(changed: 1)
            }
            .changed > 0
    }

    /// Switches a handler to a mode; false when there is no such handler, or the service runs it with other settings.
    func setMode(_ mode: HandlerMode, for digest: [UInt8], ofHandler name: String) async throws -> Bool {
        let request = Control.ModeRequest(name: name, digest: digest, mode: mode)
        return try await self
            .change(path: "/mode", request: request) { store in
                let isKnown = try await store.setMode(mode, for: digest, ofHandler: name, now: Now.milliseconds)
                return Control.ChangeResponse(changed: isKnown ? 1 : 0)
            }
            .changed > 0
    }

    /// Makes deliveries of stored events; how many, or nil when the store knows no such handler.
    func replay(_ ids: [Int64], forHandler name: String, repeatsEffects: Bool) async throws -> Int? {
        let request = Control.ReplayRequest(handler: name, ids: ids, repeatsEffects: repeatsEffects)
        return
            try await self
            .change(path: "/replay", request: request) { store in
                try await store.replay(
                    ids,
                    forHandler: name,
                    repeatsEffects: repeatsEffects,
                    now: Now.milliseconds
                )
            }
            .created
    }

    /// Removes what is past its time; told after every second or so how far it is.
    func prune(_ pass: PrunePass, progress: (PrunePass) throws -> Void) async throws -> PrunePass {
        var pass = pass
        while !pass.isFinished {
            let start = pass
            pass = try await self.change(path: "/prune", request: start) { store in
                try await Pruner.slice(of: start, in: store)
            }
            try progress(pass)
        }
        return pass
    }

    private func change<Answer: Decodable & Sendable>(
        path: String,
        request: some Encodable & Sendable,
        directly: (EventStore) async throws -> Answer
    ) async throws -> Answer {
        let store: EventStore
        do {
            // Opening makes a store where there is none; a command that changes one must find one.
            _ = try StoreReader(path: self.storePath)
            var logger = Logger(label: "scale-callbacks") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .warning
            store = try EventStore.open(.init(path: self.storePath), logger: logger)
        } catch StoreError.locked {
            return try await self.ask(path: path, request: request)
        }
        do {
            let answer = try await directly(store)
            try await store.close()
            return answer
        } catch {
            try? await store.close()
            throw error
        }
    }

    private func ask<Answer: Decodable & Sendable>(path: String, request body: some Encodable) async throws -> Answer {
        let socket = Control.socketPath(ofStore: self.storePath)
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        do {
            return try await HTTPClient.withCommandClient { client in
                let response = try await client.execute(request, timeout: .seconds(30))
                let answer = try await response.body.collect(upTo: 1 << 20)
                guard response.status == .ok else {
                    throw CommandError("The service answered \(response.status.code) on its control socket.")
                }
                return try JSONDecoder().decode(Answer.self, from: Data(answer.readableBytesView))
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(
                "The store is open in another process, and its control socket \(socket) does not answer (\(error)). "
                    + "Is it a service of this version, and are you its user?",
                exitCode: .unavailable
            )
        }
    }
}
