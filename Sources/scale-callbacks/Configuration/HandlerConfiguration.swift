import Callbacks
import Handlers

/// One entry of `handlers` in the configuration file.
struct HandlerConfiguration: Sendable, Hashable {
    /// What a handler does, with its own settings.
    enum Kind: Sendable, Hashable {
        /// Accepts, rejects or leaves responses by rules.
        case audit(AuditHandler.Configuration)
        /// Changes the tags of the task.
        case tags(TagsHandler.Configuration)
        /// Writes the event to a file.
        case file(FileHandler.Configuration)

        /// The key that chooses it in the file.
        var name: String {
            switch self {
            case .audit: "audit"
            case .tags: "tags"
            case .file: "file"
            }
        }

        /// Whether it sends requests to Scale, for which the account needs an API key.
        var callsScale: Bool {
            switch self {
            case .audit(let audit): audit.mode == .live
            case .tags: true
            case .file: false
            }
        }
        /// How many deliveries run at the same time unless something else is said: many where they only wait for a disk.
        var usualConcurrency: Int { if case .file = self { 32 } else { 4 } }
    }

    /// Whether it sends verdicts to Scale.
    var auditsLive: Bool { if case .audit(let audit) = self.kind { audit.mode == .live } else { false } }

    /// The name that its deliveries belong to.
    var name: String
    /// Which events it takes.
    var match = EventMatch()
    /// How many deliveries run at the same time.
    var concurrency = 4
    /// How long one attempt may take.
    var timeout: Duration = .seconds(60)
    /// When a failed attempt is repeated.
    var backoff = Backoff()
    /// What it does.
    var kind: Kind
    /// The line of the file its entry begins on, for messages.
    var line: Int
}
