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
        /// Changes the metadata of the task.
        case metadata(MetadataHandler.Configuration)
        /// Writes the event to a file.
        case file(FileHandler.Configuration)
        /// Posts the event to another server.
        case forward(ForwardHandler.Configuration)
        /// Hands the event to a program.
        case command(CommandHandler.Configuration)
        /// Appends the task's image to a dataset.
        case nucleus(NucleusHandler.Configuration)

        /// The key that chooses it in the file.
        var name: String {
            switch self {
            case .audit: "audit"
            case .tags: "tags"
            case .metadata: "metadata"
            case .file: "file"
            case .forward: "forward"
            case .command: "command"
            case .nucleus: "nucleus"
            }
        }

        /// Whether it sends requests to Scale, for which the account needs an API key.
        var callsScale: Bool {
            switch self {
            case .audit(let audit): audit.mode == .live || audit.fetch != nil
            case .tags, .metadata, .nucleus: true
            case .file(let file): file.fetch != nil
            case .forward, .command: false
            }
        }

        /// How many deliveries run at the same time unless something else is said: many where they only wait for a disk.
        var usualConcurrency: Int { if case .file(let file) = self, file.fetch == nil { 32 } else { 4 } }

        /// How long an attempt may take unless something else is said: long where large files are fetched.
        var usualTimeout: Duration {
            switch self {
            case .file(let file) where file.fetch != nil: .seconds(600)
            case .audit(let audit) where audit.fetch != nil: .seconds(600)
            default: .seconds(60)
            }
        }
    }

    /// Whether it sends verdicts to Scale.
    var auditsLive: Bool { if case .audit(let audit) = self.kind { audit.mode == .live } else { false } }

    /// By what a handler that has modes is recognised when it was promoted; nil for one without.
    var digest: [UInt8]? { if case .audit(let audit) = self.kind { audit.digest } else { nil } }

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
