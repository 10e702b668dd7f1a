internal import NIOCore
internal import Synchronization

/// Carries answers from the writer's thread to one event loop.
///
/// A group commit ends many requests at once; the first answer wakes the loop, the others ride along.
final class AnswerMailbox: Sendable {
    private let eventLoop: any EventLoop
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Has `deliver` called on the event loop.
    func post(_ deliver: @escaping @Sendable () -> Void) {
        let isFirst = self.waiting.withLock { waiting in
            waiting.append(deliver)
            return waiting.count == 1
        }
        if isFirst { self.eventLoop.execute { self.deliverAll() } }
    }

    private func deliverAll() {
        let all = self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for deliver in all { deliver() }
    }
}
