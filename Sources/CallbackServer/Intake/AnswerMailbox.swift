internal import NIOCore
internal import Synchronization

/// Carries answers from the writer's thread to one event loop.
///
/// A group commit ends many requests at once; the first answer wakes the loop, the others ride along.
final class AnswerMailbox: Sendable {
    private struct Letter: Sendable {
        let answer: IntakeAnswer
        let handler: NIOLoopBound<IntakeHandler>
    }

    private let eventLoop: any EventLoop
    private let waiting = Mutex<[Letter]>([])

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Has an answer given to a handler on the event loop.
    func post(_ answer: IntakeAnswer, to handler: NIOLoopBound<IntakeHandler>) {
        let isFirst = self.waiting.withLock { waiting in
            waiting.append(Letter(answer: answer, handler: handler))
            return waiting.count == 1
        }
        if isFirst { self.eventLoop.execute { self.deliverAll() } }
    }

    private func deliverAll() {
        let all = self.waiting.withLock { waiting in
            let all = waiting
            waiting = []
            // The next commit ends about as many.
            waiting.reserveCapacity(all.count)
            return all
        }
        for letter in all { letter.handler.value.stored(letter.answer) }
    }
}
