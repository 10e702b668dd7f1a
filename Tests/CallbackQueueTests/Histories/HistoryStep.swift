import Callbacks

/// One step of a history, with everything in it that chance decided.
enum HistoryStep: CustomStringConvertible {
    /// A callback of the pool comes, for these handlers.
    case keep(callback: Int, handlers: [Int])
    case lease(handler: Int, limit: Int)
    /// A lease is settled, by its place among all leases that are remembered.
    case settle(lease: Int, Outcome.Disposition)
    case renew(lease: Int)
    case note(lease: Int)
    case hold(handler: Int)
    case resume(handler: Int)
    /// Everything is held, or goes on.
    case holdAll(Bool)
    case retry(handler: Int, onlyDead: Bool)
    /// The process dies with its leases; `reopens` also makes a new one that opens the store.
    case crash(reopens: Bool)
    /// The clock is set, forwards or back.
    case clock(milliseconds: Int64)
    /// Bodies and facts older than this go.
    case prune(bodies: Int64?, facts: Int64?)

    var description: String {
        switch self {
        case .keep(let callback, let handlers): "keep callback \(callback) for handlers \(handlers)"
        case .lease(let handler, let limit): "lease \(limit) of handler \(handler)"
        case .settle(let lease, let disposition): "settle lease \(lease) as \(disposition)"
        case .renew(let lease): "renew lease \(lease)"
        case .note(let lease): "note on lease \(lease)"
        case .hold(let handler): "hold handler \(handler)"
        case .resume(let handler): "resume handler \(handler)"
        case .holdAll(let isHeld): isHeld ? "hold all" : "resume all"
        case .retry(let handler, let onlyDead): "retry \(onlyDead ? "the dead" : "all") of handler \(handler)"
        case .crash(let reopens): reopens ? "crash and open again" : "crash"
        case .clock(let milliseconds): "clock \(milliseconds >= 0 ? "+" : "")\(milliseconds) ms"
        case .prune(let bodies, let facts):
            "prune bodies over \(bodies.map { "\($0) ms" } ?? "-"), facts over \(facts.map { "\($0) ms" } ?? "-")"
        }
    }
}
