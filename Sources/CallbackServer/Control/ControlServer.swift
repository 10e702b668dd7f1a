package import CallbackQueue
internal import Callbacks
internal import Foundation
package import Hummingbird
package import Logging

/// The control socket: how the command line changes something while the service runs.
///
/// A unix socket beside the store that only its owner can open, so it needs no key.
package enum ControlServer {
    /// The server as a service.
    ///
    /// Call it with the store's lock held: a socket that lies there belongs to a process that is gone.
    package static func makeApplication(
        store: EventStore,
        dispatcher: Dispatcher,
        logger: Logger
    ) throws(StoreError) -> some ApplicationProtocol {
        let path = Control.socketPath(ofStore: store.configuration.path)
        guard path.utf8.count <= Control.maximumSocketPathBytes else {
            throw .unusable(
                "The path of the control socket, \(path), is over \(Control.maximumSocketPathBytes) bytes. "
                    + "Put the store in a shorter path."
            )
        }
        unlink(path)
        return Application(
            router: Self.makeRouter(store: store, dispatcher: dispatcher),
            configuration: .init(address: .unixDomainSocket(path: path), serverName: nil),
            onServerRunning: { _ in chmod(path, 0o600) },
            logger: logger
        )
    }

    static func makeRouter(store: EventStore, dispatcher: Dispatcher) -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/deliveries/retry") { request, context in
            let body = try await request.decode(as: Control.RetryRequest.self, context: context)
            let count = try await store.retryDeliveries(body.selection, now: Now.milliseconds)
            dispatcher.wakeAll()
            return Control.ChangeResponse(changed: count)
        }
        router.post("/handlers") { request, context in
            let body = try await request.decode(as: Control.HandlerRequest.self, context: context)
            let isKnown =
                if let reason = body.holdReason {
                    try await store.holdHandler(named: body.name, reason: reason, now: Now.milliseconds)
                } else {
                    try await store.resumeHandler(named: body.name)
                }
            dispatcher.wakeAll()
            return Control.ChangeResponse(changed: isKnown ? 1 : 0)
        }
        router.post("/hold") { request, context in
            let body = try await request.decode(as: Control.HoldRequest.self, context: context)
            var isChanged = true
            if body.isHeld {
                try await store.holdAll(reason: body.reason ?? "paused by an operator", now: Now.milliseconds)
            } else {
                isChanged = try await store.resumeAll()
            }
            dispatcher.wakeAll()
            return Control.ChangeResponse(changed: isChanged ? 1 : 0)
        }
        router.post("/mode") { request, context in
            let body = try await request.decode(as: Control.ModeRequest.self, context: context)
            // What goes live here must be what whoever asks has looked at.
            let isSame = dispatcher.handlers.values.contains { $0.name == body.name && $0.digest == body.digest }
            guard isSame || body.mode == .shadow else { return Control.ChangeResponse(changed: 0) }
            let isKnown = try await store.setMode(
                body.mode,
                for: body.digest,
                ofHandler: body.name,
                now: Now.milliseconds
            )
            dispatcher.wakeAll()
            return Control.ChangeResponse(changed: isKnown ? 1 : 0)
        }
        router.post("/replay") { request, context in
            let body = try await request.decode(as: Control.ReplayRequest.self, context: context)
            guard body.ids.count <= Control.ReplayRequest.mostIDs else { throw HTTPError(.contentTooLarge) }
            let answer = try await store.replay(
                body.ids,
                forHandler: body.handler,
                repeatsEffects: body.repeatsEffects,
                now: Now.milliseconds
            )
            dispatcher.wakeAll()
            return answer
        }
        router.post("/prune") { request, context in
            let pass = try await request.decode(as: PrunePass.self, context: context)
            return try await Pruner.slice(of: pass, in: store)
        }
        return router
    }
}

extension Control.ChangeResponse: ResponseEncodable {}
extension PrunePass: ResponseEncodable {}
extension ReplayAnswer: ResponseEncodable {}
