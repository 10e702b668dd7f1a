import Hummingbird
import NIOCore

/// What a request carries through the middlewares: its connection and the mode its key belongs to.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    /// The connection, so that a test can have it closed without an answer.
    let channel: any Channel

    /// What the journal is to hold of the request.
    let notes = RequestNotes()

    /// Nil until the key is known.
    var mode: Mode?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }
}
