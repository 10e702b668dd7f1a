import NIOCore

/// One connection of a load: a request, its answer, the next request.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Why the connection is being closed by us.
    private enum Ending {
        /// There is nothing more to send.
        case done
        /// The receiver said that it takes no more requests here.
        case replaced
        /// Something went wrong, and it is counted.
        case failed
    }

    private let run: LoadRun
    private let template: CallbackTemplate
    private let earlierFailures: Int
    private var hasAnswer = false
    private var request: ByteBuffer
    private var received = ByteBuffer()
    private var reader = AnswerReader()
    private var inFlight: (ticket: LoadRun.Ticket, since: NIODeadline)?
    private var ending: Ending?
    private var context: ChannelHandlerContext?

    /// A connection of `run`.
    ///
    /// - Parameter failures: How many connections before it in its place ended without an answer.
    init(run: LoadRun, template: CallbackTemplate, failures: Int) {
        self.run = run
        self.template = template
        self.earlierFailures = failures
        self.request = ByteBuffer(bytes: template.request)
    }

    // MARK: - What the run asks

    /// Sends a request. The run calls it when the connection has nothing else to do.
    func send(_ ticket: LoadRun.Ticket, now: NIODeadline) {
        guard let context = self.context else { return self.run.failed(ticket, .closed) }
        if self.template.isPatched { self.template.patch(&self.request, id: ticket.id, number: ticket.number) }
        self.inFlight = (ticket, now)
        context.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
    }

    /// Closes, unless an answer is still to come.
    func closeWhenIdle() {
        guard self.inFlight == nil else { return }
        self.close(.done)
    }

    /// Closes when the answer is overdue.
    func closeIfLate(now: NIODeadline, timeout: TimeAmount) {
        guard let inFlight = self.inFlight, now - inFlight.since > timeout else { return }
        self.fail(.timeout)
    }

    // MARK: - What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.run.opened(self)
        self.sendNext()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = self.unwrapInboundIn(data)
        if self.received.readableBytes == 0 {
            self.received = part
        } else {
            self.received.writeBuffer(&part)
        }
        while self.ending == nil, self.received.readableBytes > 0 {
            do {
                guard let answer = try self.reader.next(from: &self.received) else { return }
                let now = NIODeadline.now()
                guard self.settle(answer, now: now) else { throw AnswerReader.Malformed() }
                if answer.keepsAlive {
                    self.sendNext(now: now)
                } else {
                    self.close(.replaced)
                }
            } catch {
                self.fail(.malformed)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.ending == nil, let answer = self.reader.end(), self.settle(answer) {
            self.ending = .replaced
        }
        if let inFlight = self.inFlight {
            self.inFlight = nil
            self.run.failed(inFlight.ticket, .closed)
        }
        switch self.ending {
        case .done: self.run.ended(self, failures: nil)
        case .replaced: self.run.ended(self, failures: 0)
        // After an answer the next attempt may come at once, but not in a tight circle.
        case .failed, nil: self.run.ended(self, failures: (self.hasAnswer ? 0 : self.earlierFailures) + 1)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset counts as a connection that has ended; `channelInactive` follows.
        context.close(promise: nil)
    }

    // MARK: - Requests

    private func sendNext(now: NIODeadline = .now()) {
        switch self.run.next(for: self, now: now) {
        case .send(let ticket): self.send(ticket, now: now)
        case .wait: break
        case .end: self.close(.done)
        }
    }

    /// Whether there was a request for this answer.
    private func settle(_ answer: AnswerReader.Answer, now: NIODeadline = .now()) -> Bool {
        guard let inFlight = self.inFlight else { return false }
        self.inFlight = nil
        self.hasAnswer = true
        self.run.answered(inFlight.ticket, status: answer.status, now: now)
        return true
    }

    private func fail(_ failure: BenchReport.Failure) {
        if let inFlight = self.inFlight {
            self.inFlight = nil
            self.run.failed(inFlight.ticket, failure)
        }
        self.close(.failed)
    }

    private func close(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        self.context?.close(promise: nil)
    }
}
