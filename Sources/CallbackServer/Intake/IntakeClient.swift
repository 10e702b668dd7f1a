internal import NIOCore

/// Whoever waits at one connection for answers, as all threads may see them. Made once a connection.
final class IntakeClient: Sendable {
    /// Their address, when it is known.
    let remote: SocketAddress?
    private let handler: NIOLoopBound<IntakeHandler>
    private let mailbox: AnswerMailbox

    /// - Parameter mailbox: The one of the handler's event loop.
    init(_ handler: NIOLoopBound<IntakeHandler>, remote: SocketAddress?, mailbox: AnswerMailbox) {
        self.handler = handler
        self.remote = remote
        self.mailbox = mailbox
    }

    /// Answers the one callback of this connection that is being stored.
    func answer(_ answer: IntakeAnswer) { self.mailbox.post(answer, to: self.handler) }
}
