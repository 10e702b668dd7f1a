import Callbacks
import Histogram
import NIOCore
import NIOPosix

/// One run of a load. Everything in it happens on its event loop.
final class LoadRun {
    /// One request that may be sent.
    struct Ticket {
        /// Its task id.
        let id: [UInt8]
        /// Its number in the run.
        let number: Int
        /// When it was meant to be sent: its latency counts from then.
        let intended: NIODeadline
        /// Whether it belongs to the measurement and not to the warm-up.
        let isMeasured: Bool
    }

    /// What a connection that has its answer is to do.
    enum Next {
        /// Send this.
        case send(Ticket)
        /// Nothing is due yet: the run says when.
        case wait
        /// There is nothing more to send.
        case end
    }

    /// What becomes of the run.
    let report: EventLoopPromise<BenchReport>
    private let configuration: LoadGenerator.Configuration
    private let template: CallbackTemplate
    private let acknowledged: AcknowledgedIDs?
    private let progress: (@Sendable (LoadGenerator.Progress) -> Void)?
    private let loop: any EventLoop

    private var figures = BenchReport()
    private var ids: TaskIDSequence
    private let repeated: (id: [UInt8], number: Int)
    private var connections: [ObjectIdentifier: LoadConnection] = [:]
    private var schedule: LoadSchedule?
    /// Connections that wait for a request to be due, the longest waiting first.
    private var idle = CircularBuffer<LoadConnection>()
    private var alarm: Scheduled<Void>?
    private var openSlots = 0
    private var isStopping = false
    private var fileError: (any Error)?
    private var ticker: RepeatedTask?
    private var startedAt = NIODeadline.now()
    private var measuredFrom: NIODeadline?
    private var measuredTo: NIODeadline?
    private var lastProgress = NIODeadline.now()

    /// A run that `start` begins.
    init(
        _ configuration: LoadGenerator.Configuration,
        _ template: CallbackTemplate,
        _ acknowledged: AcknowledgedIDs?,
        _ progress: (@Sendable (LoadGenerator.Progress) -> Void)?,
        on loop: any EventLoop
    ) {
        self.configuration = configuration
        self.template = template
        self.acknowledged = acknowledged
        self.progress = progress
        self.loop = loop
        self.report = loop.makePromise()
        var generator = SystemRandomNumberGenerator()
        self.ids = TaskIDSequence(using: &generator)
        self.repeated = self.ids.take()
    }

    /// Opens the connections and starts the clock.
    func start() {
        self.startedAt = .now()
        self.lastProgress = self.startedAt
        self.schedule = self.configuration.rate.map { LoadSchedule(start: self.startedAt, rate: $0) }
        self.figures.schedule = self.configuration.rate.map { BenchReport.Schedule(rate: $0) }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        if let duration = self.configuration.duration {
            let end = TimeAmount(self.configuration.warmup) + TimeAmount(duration)
            self.loop.scheduleTask(in: end) { bound.value.stop() }
        }
        self.ticker = self.loop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { _ in
            bound.value.tick()
        }
        self.openSlots = self.configuration.connections
        for _ in 0..<self.configuration.connections { self.connect(failures: 0) }
    }

    /// Sends nothing more; what is on the way is waited for.
    func stop() {
        guard !self.isStopping else { return }
        self.isStopping = true
        let now = NIODeadline.now()
        self.measuredTo = now
        self.figures.acceptedInTime = self.figures.accepted
        if self.configuration.count == nil { self.figures.schedule?.notSent = self.schedule?.missed(until: now) ?? 0 }
        self.alarm?.cancel()
        self.idle.removeAll()
        for connection in self.connections.values { connection.closeWhenIdle() }
        self.finishWhenDone()
    }

    // MARK: - What connections ask and tell

    /// What `connection` is to do next. When it has to wait, the run gives it a request later.
    func next(for connection: LoadConnection, now: NIODeadline) -> Next {
        guard !self.isStopping, !self.isCountReached else { return .end }
        guard self.schedule != nil else { return .send(self.ticket(intended: now, now: now)) }
        if let intended = self.schedule?.takeDue(now: now) { return .send(self.ticket(intended: intended, now: now)) }
        self.idle.append(connection)
        self.setAlarm()
        return .wait
    }

    /// A request has its whole answer.
    func answered(_ ticket: Ticket, status: Int, now: NIODeadline) {
        if (200..<300).contains(status) { self.acknowledged?.append(ticket.id) }
        guard ticket.isMeasured else { return }
        self.figures.statuses[status, default: 0] += 1
        self.figures.latencies.record(UInt64(max((now - ticket.intended).nanoseconds, 1)))
        // The last answer is the end when the count is reached before the duration is over.
        if !self.isStopping { self.measuredTo = now }
    }

    /// A request will have no answer.
    func failed(_ ticket: Ticket, _ failure: BenchReport.Failure) {
        guard ticket.isMeasured else { return }
        self.figures.failures[failure, default: 0] += 1
    }

    /// A connection is open.
    func opened(_ connection: LoadConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    /// A connection has ended.
    ///
    /// - Parameter failures: How many connections ended here without an answer, one after the other; nil when this one
    ///   has done all it could.
    func ended(_ connection: LoadConnection, failures: Int?) {
        self.connections[ObjectIdentifier(connection)] = nil
        if self.schedule != nil { self.idle.removeAll { $0 === connection } }
        if let failures {
            self.connect(failures: failures)
        } else {
            self.endSlot()
        }
    }

    // MARK: - Requests

    private func ticket(intended: NIODeadline, now: NIODeadline) -> Ticket {
        let isMeasured = intended - self.startedAt >= TimeAmount(self.configuration.warmup)
        if isMeasured {
            self.figures.requests += 1
            self.measuredFrom = self.measuredFrom ?? now
            self.figures.schedule?.sent(after: now - intended)
        }
        let (id, number) = self.configuration.variety == .unique ? self.ids.take() : self.repeated
        return Ticket(id: id, number: number, intended: intended, isMeasured: isMeasured)
    }

    /// Wakes up for the next request, when there is a connection for it. When there is none, the first that has its
    /// answer takes what is due.
    private func setAlarm() {
        guard self.alarm == nil, !self.idle.isEmpty, let next = self.schedule?.next else { return }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        self.alarm = self.loop.scheduleTask(deadline: next) {
            bound.value.alarm = nil
            bound.value.sendDue()
        }
    }

    private func sendDue() {
        let now = NIODeadline.now()
        while !self.idle.isEmpty, !self.isStopping {
            guard !self.isCountReached else {
                // The others wait for nothing any more.
                for connection in self.idle { connection.closeWhenIdle() }
                return self.idle.removeAll()
            }
            guard let intended = self.schedule?.takeDue(now: now) else { break }
            self.idle.removeFirst().send(self.ticket(intended: intended, now: now), now: now)
        }
        self.setAlarm()
    }

    // MARK: - Connections

    private func connect(failures: Int) {
        guard !self.isStopping, !self.isCountReached else {
            self.endSlot()
            return
        }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        guard failures == 0 else {
            // 10 ms to half a second: a receiver that starts again should be met soon, but not be stormed.
            let delay = min(500, 10 << min(failures - 1, 6))
            self.loop.scheduleTask(in: .milliseconds(Int64(delay))) { bound.value.dial(failures: failures) }
            return
        }
        self.dial(failures: 0)
    }

    private func dial(failures: Int) {
        guard !self.isStopping, !self.isCountReached else {
            self.endSlot()
            return
        }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        let template = self.template
        ClientBootstrap(group: self.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(TimeAmount(self.configuration.timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = LoadConnection(run: bound.value, template: template, failures: failures)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(host: self.configuration.target.host, port: self.configuration.target.port)
            .assumeIsolated()
            .whenFailure { _ in
                self.figures.failures[.connect, default: 0] += 1
                if self.configuration.reconnects {
                    self.connect(failures: failures + 1)
                } else {
                    self.endSlot()
                }
            }
    }

    private var isCountReached: Bool {
        self.configuration.count.map { self.figures.requests >= $0 } ?? false
    }

    private func endSlot() {
        self.openSlots -= 1
        self.finishWhenDone()
    }

    private func finishWhenDone() {
        guard self.openSlots == 0, let ticker = self.ticker else { return }
        ticker.cancel()
        self.ticker = nil
        self.flush()
        if !self.isStopping {
            self.isStopping = true
            self.figures.acceptedInTime = self.figures.accepted
        }
        if let from = self.measuredFrom, let to = self.measuredTo, to > from {
            self.figures.elapsed = .nanoseconds((to - from).nanoseconds)
        }
        if let fileError = self.fileError {
            self.report.fail(fileError)
        } else {
            self.report.succeed(self.figures)
        }
    }

    // MARK: - Every 50 ms

    private func tick() {
        self.flush()
        let now = NIODeadline.now()
        for connection in self.connections.values {
            connection.closeIfLate(now: now, timeout: TimeAmount(self.configuration.timeout))
        }
        if let progress = self.progress, now - self.lastProgress >= .seconds(1) {
            self.lastProgress = now
            progress(
                LoadGenerator.Progress(
                    elapsed: .nanoseconds((now - self.startedAt).nanoseconds),
                    accepted: self.figures.accepted,
                    notAccepted: self.figures.refused + self.figures.failed
                )
            )
        }
    }

    private func flush() {
        do {
            try self.acknowledged?.flush()
        } catch {
            self.fileError = self.fileError ?? error
            self.stop()
        }
    }
}
