internal import NIOCore

/// How long a client may take, as the event loops count: `IntakeServer.Deadlines` in numbers made once.
struct IntakeDeadlines: Sendable {
    let header: TimeAmount
    let request: TimeAmount
    let idle: TimeAmount
    let linger: TimeAmount

    init(_ deadlines: IntakeServer.Deadlines) {
        self.header = TimeAmount(deadlines.header)
        self.request = TimeAmount(deadlines.request)
        self.idle = TimeAmount(deadlines.idle)
        self.linger = TimeAmount(deadlines.linger)
    }
}
