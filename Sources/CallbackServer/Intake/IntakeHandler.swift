internal import CallbackQueue
internal import Callbacks
internal import NIOCore
internal import NIOHTTP1

/// The shell around `IntakeConnection` on one channel: bytes in, decisions asked for, answers out.
final class IntakeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let intake: Intake
    private let judge: RequestJudge
    private let deadlines: IntakeServer.Deadlines
    private let mailbox: AnswerMailbox
    private let seat: ConnectionLimit.Seat
    /// Asked for once: each time it would be a system call.
    private var remote: SocketAddress?
    private var connection: IntakeConnection
    private var deadline = NIODeadline.distantFuture
    private var request = RequestLine()
    private var isAnswering = false
    private var nextAnswer: IntakeAnswer?
    private var closesAfterAnswer = false
    /// Where reading can be asked for past the handler that keeps requests one behind the other.
    private var reading: ChannelHandlerContext?
    private var hasReadAhead = false

    /// What is remembered of the request for the answer and for the list of refusals.
    private struct RequestLine: Sendable {
        var method = ""
        var uri = ""
        var isHead = false

        /// Cut and printable, whatever the client sent.
        var description: String {
            let text = "\(self.method) \(self.uri.prefix { $0 != "?" })"
            return String(
                text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) }
            )
        }

        /// What is kept of it when it is refused.
        func refusal(_ reason: RefusalReason, from remote: SocketAddress?) -> Refusal {
            Refusal(
                at: Now.milliseconds,
                reason: reason.rawValue,
                remote: remote?.ipAddress ?? "unknown",
                request: self.description
            )
        }
    }

    /// The head of most answers, made once.
    private static let keptHead = IntakeAnswer.kept.head

    init(
        intake: Intake,
        judge: RequestJudge,
        deadlines: IntakeServer.Deadlines,
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

    func handlerAdded(context: ChannelHandlerContext) {
        self.reading = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.reading = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.remote = context.remoteAddress
        self.setDeadline(after: self.deadlines.header)
        self.watchDeadline(context, in: TimeAmount(self.deadlines.header))
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.request = RequestLine(
                method: head.method.rawValue,
                uri: head.uri,
                isHead: head.method == .HEAD
            )
            self.setDeadline(after: self.deadlines.request)
            let judgement = self.judge.judge(head)
            if case .callback = judgement { self.seat.keep() }
            self.perform(
                self.connection.received(
                    judgement,
                    isReady: self.intake.isReady,
                    hasRoom: self.intake.hasRoom,
                    isLast: self.judge.isLast(head)
                ),
                context
            )
        case .body(let part):
            self.perform(self.connection.received(part), context)
        case .end:
            self.perform(self.connection.receivedEnd(), context)
        }
    }

    /// Stays ready to read while a callback is being stored. That handler would not: it takes the socket from the
    /// selector and gives it back with every request, two system calls. More is read once a request and not again, so
    /// that requests sent in advance do not pile up.
    func channelReadComplete(context: ChannelHandlerContext) {
        if self.connection.isStoring, !self.hasReadAhead {
            self.hasReadAhead = true
            self.reading?.read()
        }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
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
        if case ChannelEvent.inputClosed = event { self.perform(self.connection.receivedLast(), context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: self.perform(self.connection.receivedLast(), context)
        case is HTTPParserError, is ByteToMessageDecoderError: self.perform(self.connection.failedToParse(), context)
        default: context.close(promise: nil)
        }
    }

    private func perform(_ action: IntakeConnection.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .sendContinue:
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(self.wrapOutboundOut(.head(head)), promise: nil)
        case .answer(let answer):
            self.write(answer, context)
        case .refuse(let reason, let answer):
            self.intake.record(self.request.refusal(reason, from: self.remote))
            if context.channel.isActive { self.write(answer, context) }
        case .store(let admission, let body):
            self.store(body, admission, context)
        case .close where self.isAnswering:
            self.closesAfterAnswer = true
        case .close:
            context.close(promise: nil)
        }
    }

    private func store(_ body: ByteBuffer, _ admission: RequestJudge.Admission, _ context: ChannelHandlerContext) {
        let this = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        self.intake.accept(
            body,
            admission: admission,
            refusal: { [intake, request, remote] reason, body in
                // Made here and not before: most callbacks are not refused.
                var refusal = request.refusal(reason, from: remote)
                refusal.bodySize = body.count
                refusal.bodySHA256 = Digest.sha256(body)
                refusal.firstBytes = Array(body.prefix(256))
                intake.record(refusal)
            },
            completion: { [mailbox] answer in
                mailbox.post {
                    let (handler, context) = this.value
                    handler.perform(handler.connection.stored(answer), context)
                }
            }
        )
    }

    /// Writes an answer, and then those of requests pipelined behind it that could be answered at once.
    ///
    /// Writing the end of an answer delivers the next request from inside the call. Its answer is put aside until the
    /// call has returned: with one call inside the other, a read full of tiny requests would use up the stack.
    private func write(_ answer: IntakeAnswer, _ context: ChannelHandlerContext) {
        guard !self.isAnswering else {
            self.nextAnswer = answer
            return
        }
        var next: IntakeAnswer? = answer
        while let answer = next {
            self.writeOne(answer, context)
            next = self.nextAnswer
            self.nextAnswer = nil
        }
    }

    private func writeOne(_ answer: IntakeAnswer, _ context: ChannelHandlerContext) {
        context.write(self.wrapOutboundOut(.head(answer == .kept ? Self.keptHead : answer.head)), promise: nil)
        if !answer.text.isEmpty, !self.request.isHead {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.text)))), promise: nil)
        }
        // The next request begins inside the call: its deadline must not be overwritten afterwards, and closing has to
        // wait for the flush.
        self.setDeadline(after: answer.closes ? self.deadlines.linger : self.deadlines.idle)
        self.isAnswering = true
        self.hasReadAhead = false
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
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
        self.watchDeadline(context, in: TimeAmount(self.deadlines.linger))
    }

    private func setDeadline(after delay: Duration) {
        self.deadline = .now() + TimeAmount(delay)
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
