internal import CallbackQueue
internal import Callbacks
internal import NIOCore
internal import NIOHTTP1

/// The shell around `IntakeConnection` on one channel: bytes in, decisions asked for, answers out.
///
/// One request after the other: what comes behind one that is being stored waits for its answer.
final class IntakeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What came behind a request that is being stored.
    private enum Input {
        case part(HTTPServerRequestPart)
        case parserError(HTTPParserError)
        /// The client has finished sending.
        case last
    }

    private let intake: Intake
    private let judge: RequestJudge
    private let deadlines: IntakeDeadlines
    private let mailbox: AnswerMailbox
    private let seat: ConnectionLimit.Seat
    /// While the handler is in a pipeline.
    private var context: ChannelHandlerContext?
    /// Asked for once: each time it would be a system call.
    private var remote: SocketAddress?
    /// Made when it is first needed: most strangers never send a body.
    private var client: IntakeClient?
    private var connection: IntakeConnection
    private var deadline = NIODeadline.distantFuture
    private var line = RequestLine()
    private var waiting = CircularBuffer<Input>(initialCapacity: 0)
    private var isAnswering = false
    private var closesAfterAnswer = false
    private var hasReadAhead = false
    private var isReadHeldBack = false

    init(
        intake: Intake,
        judge: RequestJudge,
        deadlines: IntakeDeadlines,
        budget: InFlightBudget,
        seat: ConnectionLimit.Seat,
        mailbox: AnswerMailbox
    ) {
        self.intake = intake
        self.judge = judge
        self.deadlines = deadlines
        self.mailbox = mailbox
        self.seat = seat
        self.connection = IntakeConnection(bodyLimit: judge.bodyLimit, budget: budget)
    }

    /// Whether no callback has been believed on this connection yet.
    var isStranger: Bool { self.connection.isStranger }
    /// Whether nothing that still comes will be looked at.
    var isClosing: Bool { self.connection.isClosing }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.client = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.remote = context.remoteAddress
        self.setDeadline(after: self.deadlines.header)
        self.watchDeadline(context, in: self.deadlines.header)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = self.unwrapInboundIn(data)
        guard !self.connection.isStoring, self.waiting.isEmpty else {
            self.waiting.append(.part(part))
            return
        }
        self.take(part, context)
    }

    /// Stays ready to read while a callback is being stored: not to be costs two system calls with every request, which
    /// take the socket from the selector and give it back. More is read once a request and not again, so that requests
    /// sent in advance do not pile up.
    func read(context: ChannelHandlerContext) {
        let isStoring = self.connection.isStoring
        self.isReadHeldBack = isStoring && self.hasReadAhead
        guard !self.isReadHeldBack else { return }
        self.hasReadAhead = isStoring
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.waiting.removeAll()
        self.perform(self.connection.disconnected(), context)
        self.deadline = .distantFuture
        context.fireChannelInactive()
    }

    /// Whoever lets answers pile up unread gets no more of them: they would fill the memory.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable { self.perform(self.connection.receivedLast(), context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            if self.waiting.isEmpty { self.take(.last, context) } else { self.waiting.append(.last) }
        case is ChannelShouldQuiesceEvent:
            self.perform(self.connection.stopped(), context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            if self.connection.isStoring {
                self.waiting.append(.parserError(error))
            } else {
                self.take(.parserError(error), context)
            }
        case is ByteToMessageDecoderError: self.perform(self.connection.failedToParse(), context)
        default: context.close(promise: nil)
        }
    }

    /// The callback that was being stored is answered; what came behind it has its turn.
    func stored(_ answer: IntakeAnswer) {
        guard let context = self.context else { return }
        self.perform(self.connection.stored(answer), context)
        while let next = self.waiting.first {
            // The end of what a client sends is told at once: the answer before it is the last.
            if self.connection.isStoring { guard case .last = next else { break } }
            self.waiting.removeFirst()
            self.take(next, context)
        }
        if self.isReadHeldBack { self.read(context: context) }
    }

    private func take(_ input: Input, _ context: ChannelHandlerContext) {
        switch input {
        case .part(let part): self.take(part, context)
        case .parserError(.invalidEOFState): self.perform(self.connection.receivedLast(), context)
        case .parserError: self.perform(self.connection.failedToParse(), context)
        case .last:
            // There is nothing more to read.
            self.isReadHeldBack = false
            self.perform(self.connection.receivedLast(), context)
        }
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head): self.begin(head, context)
        case .body(let part): self.perform(self.connection.received(part), context)
        case .end: self.perform(self.connection.receivedEnd(), context)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !self.connection.isClosing else { return }
        self.line = RequestLine(head)
        self.setDeadline(after: self.deadlines.request)
        let fields = HeadFields(head.headers)
        let judgement = self.judge.judge(head, fields)
        if case .callback = judgement { self.seat.keep() }
        self.perform(
            self.connection.received(
                judgement,
                isReady: self.intake.isReady,
                hasRoom: self.intake.hasRoom,
                isLast: self.judge.isLast(head, fields)
            ),
            context
        )
    }

    private func perform(_ action: IntakeConnection.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .sendContinue:
            context.writeAndFlush(self.wrapOutboundOut(IntakeAnswer.goOn), promise: nil)
        case .answer(let answer):
            self.write(answer, context)
        case .refuse(let reason, let answer):
            self.intake.record(self.line.refusal(reason, from: self.remote))
            if context.channel.isActive { self.write(answer, context) }
        case .store(let admission, let body):
            self.intake.accept(body, admission: admission, line: self.line, from: self.client(context))
        case .close where self.isAnswering:
            self.closesAfterAnswer = true
        case .close:
            context.close(promise: nil)
        }
    }

    private func client(_ context: ChannelHandlerContext) -> IntakeClient {
        if let client = self.client { return client }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let client = IntakeClient(handler, remote: self.remote, mailbox: self.mailbox)
        self.client = client
        return client
    }

    private func write(_ answer: IntakeAnswer, _ context: ChannelHandlerContext) {
        self.setDeadline(after: answer.closes ? self.deadlines.linger : self.deadlines.idle)
        self.hasReadAhead = false
        // Closing has to wait for the flush.
        self.isAnswering = true
        context.writeAndFlush(self.wrapOutboundOut(answer.bytes(isHead: self.line.isHead)), promise: nil)
        self.isAnswering = false
        if self.closesAfterAnswer {
            context.close(promise: nil)
        } else if answer.closes {
            self.linger(context)
        }
    }

    /// Ends the connection so that the client can still read the answer: our side first, the rest when it has gone or a
    /// moment later. Closing at once with unread bytes would reset the connection and destroy the answer.
    private func linger(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        self.watchDeadline(context, in: self.deadlines.linger)
    }

    private func setDeadline(after delay: TimeAmount) {
        self.deadline = .now() + delay
    }

    /// Looks at the deadline when it should be over; a deadline that has moved is looked at again then. So moving one,
    /// which happens twice a request, costs nothing.
    private func watchDeadline(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        let this = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: delay) {
            let (handler, context) = this.value
            guard context.channel.isActive, handler.deadline != .distantFuture else { return }
            let now = NIODeadline.now()
            if handler.deadline > now {
                handler.watchDeadline(context, in: handler.deadline - now)
                return
            }
            handler.perform(handler.connection.timedOut(), context)
            if context.channel.isActive { handler.watchDeadline(context, in: .seconds(1)) }
        }
    }
}
