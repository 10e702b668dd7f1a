internal import ScaleAPI

/// The durable record of one callback, as handlers see it.
public struct Event: Sendable, Identifiable {
    /// Where an event came from.
    public enum Origin: String, Sendable, Hashable, Codable {
        /// Scale posted it.
        case callback
        /// Reconciliation fetched what never arrived.
        case reconcile
    }

    /// The number of the event in its store: rises in the order of arrival and is never used twice.
    public let id: Int64
    /// The name of the account whose key came with the callback.
    public let account: String
    /// When it was kept, in milliseconds since 1970.
    public let receivedAt: Int64
    /// How it came.
    public let origin: Origin
    /// What the body says, and the body itself, byte for byte as received.
    public let callback: Callback

    /// Makes an event, as a store does when it reads one back.
    public init(id: Int64, account: String, receivedAt: Int64, origin: Origin, callback: Callback) {
        self.id = id
        self.account = account
        self.receivedAt = receivedAt
        self.origin = origin
        self.callback = callback
    }

    /// The bytes as received.
    public var body: [UInt8] { self.callback.document.bytes }
}
