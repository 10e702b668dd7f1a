package import CallbackQueue
internal import Callbacks
internal import Dispatch
internal import NIOCore
internal import Synchronization

/// What happens to a callback behind the HTTP: its body is checked and read, and it is kept.
package final class Intake: Sendable {
    /// Bodies above this many bytes are read on a thread of their own, so that no event loop is held up by one.
    private static let largeBody = 256 << 10

    private let store: EventStore
    private let dispatcher: Dispatcher
    private let refusals: RefusalLog
    private let accountIDs: [String: Int64]
    /// One after the other: a body takes four times its size while it is read, and the budget of the intake counts it
    /// once.
    private let largeBodies = DispatchQueue(label: "scale-callbacks.large-bodies")
    private let readiness: Readiness

    /// An intake for some accounts, which are given their numbers in the store.
    package init(
        store: EventStore,
        dispatcher: Dispatcher,
        refusals: RefusalLog,
        accounts: [String],
        readiness: Readiness
    ) async throws(StoreError) {
        self.store = store
        self.dispatcher = dispatcher
        self.refusals = refusals
        self.accountIDs = try await store.accountIDs(for: accounts)
        self.readiness = readiness
    }

    /// Whether callbacks can be kept now.
    var isReady: Bool { self.readiness.isReady }

    /// Whether the disk has room for them.
    var hasRoom: Bool { self.readiness.hasRoom }

    /// Says from now on that the service is not ready. What has begun is still kept.
    func announceStop() { self.readiness.isReady = false }

    /// Notes a refused request.
    func record(_ refusal: Refusal) { self.refusals.record(refusal) }

    /// Checks, reads and keeps one body. The client is answered from any thread, once, after the sync.
    func accept(
        _ body: ByteBuffer,
        admission: RequestJudge.Admission,
        line: RequestLine,
        from client: IntakeClient
    ) {
        guard body.readableBytes > Self.largeBody else {
            let bytes = Array(body.readableBytesView)
            return self.read(bytes, admission: admission, line: line, from: client)
        }
        let waiting = WaitingBody(body)
        self.largeBodies.async {
            self.read(waiting.take(), admission: admission, line: line, from: client)
        }
    }

    private func read(
        _ body: [UInt8],
        admission: RequestJudge.Admission,
        line: RequestLine,
        from client: IntakeClient
    ) {
        let callback: Callback
        do {
            callback = try Callback(body: body)
        } catch {
            return self.refuse(.notJSON, body, line, client)
        }
        let now = Now.milliseconds
        guard let accountID = self.accountIDs[admission.account] else {
            return self.refuse(.storage, body, line, client)
        }
        let handlerIDs = self.dispatcher.handlerIDs(accepting: callback, account: admission.account)
        let arrival = Arrival(callback: callback, accountID: accountID, receivedAt: now, handlerIDs: handlerIDs)
        self.store.keep(arrival) { [keyIndex = admission.keyIndex] result in
            switch result {
            case .success(let kept):
                self.refusals.recordKeyUse(accountID: accountID, keyIndex: keyIndex, now: now)
                client.answer(.kept)
                if case .kept = kept { self.dispatcher.wake(handlerIDs) }
            case .failure(let error):
                self.refuse(error.isOverload ? .overloaded : .storage, body, line, client)
            }
        }
    }

    /// Notes and answers a body that is not kept. The connection goes on: all of the request has been read.
    private func refuse(_ reason: RefusalReason, _ body: [UInt8], _ line: RequestLine, _ client: IntakeClient) {
        self.record(line.refusal(reason, from: client.remote, body: body))
        client.answer(.refused(reason, closes: false))
    }
}

/// A large body that is given up as soon as there is a copy to read.
private final class WaitingBody: Sendable {
    private let buffer: Mutex<ByteBuffer>

    init(_ buffer: ByteBuffer) { self.buffer = Mutex(buffer) }

    /// Its bytes, once.
    func take() -> [UInt8] {
        self.buffer.withLock { buffer in
            defer { buffer = ByteBuffer() }
            return Array(buffer.readableBytesView)
        }
    }
}

extension StoreError {
    fileprivate var isOverload: Bool { if case .overloaded = self { true } else { false } }
}
