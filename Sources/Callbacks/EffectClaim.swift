public import ScaleAPI

/// What a handler is about to do that cannot be undone, and the limits that it keeps to.
public struct EffectClaim: Sendable, Hashable {
    /// One word for what it does, such as `accept` or `reject`.
    public var verdict: String
    /// Whether it counts as a reject.
    public var isReject: Bool
    /// Past these it must not be done.
    public var limits: Limits
    /// What is kept on the attempt's record, as `HandlerContext.note(_:)` does.
    public var note: JSON

    /// How often something may be done.
    public struct Limits: Sendable, Hashable {
        /// For one task, by whatever handler; nil for any number.
        public var perTask: Int?
        /// By this handler within any hour; nil for any number.
        public var perHour: Int?
        /// How many rejects there may be among so many in a row; nil for any number.
        public var rejects: RejectLimit?

        /// Limits; without arguments there are none.
        public init(perTask: Int? = nil, perHour: Int? = nil, rejects: RejectLimit? = nil) {
            self.perTask = perTask
            self.perHour = perHour
            self.rejects = rejects
        }
    }

    /// A share of rejects that must not be passed.
    public struct RejectLimit: Sendable, Hashable {
        /// The largest share, from 0 to 1.
        public var share: Double
        /// Among how many in a row. Fewer may all be rejects, as long as that many would be within the share.
        public var window: Int

        /// For example 20 % over 100: at most 20 rejects in any 100.
        public init(share: Double, window: Int) {
            self.share = share
            self.window = window
        }

        /// How many rejects a full window may hold.
        public var most: Int {
            // Without the bit more, 0.07 * 100 would be 7.000000000000001 and 0.29 * 100 would be 28.
            Int((self.share * Double(self.window) + 1e-9).rounded(.down))
        }
    }

    /// A claim.
    public init(verdict: String, isReject: Bool = false, limits: Limits = Limits(), note: JSON) {
        self.verdict = verdict
        self.isReject = isReject
        self.limits = limits
        self.note = note
    }

    /// What is said to a claim. But for `granted` nothing must be done.
    public enum Answer: Sendable, Hashable {
        /// It may be done, and is on record as if it were done.
        case granted
        /// So much was done for this task already, which is the limit.
        case taskLimit(Int)
        /// An earlier delivery of the same event has claimed it, and nobody said that effects are to be repeated.
        case repeated
        /// The handler is held, or a limit has just held it, for this reason. End with `Outcome.released`.
        case held(String)
    }
}
