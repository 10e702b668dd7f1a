/// Evaluation and training tasks, and fixless audits, of one mode (contract B6).
struct Quality: Sendable {
    /// What a quality task is for.
    enum Kind: String, Sendable {
        case evaluation
        case training
    }

    /// A task whose right answer is known beforehand.
    struct Item: Sendable {
        let id: String
        let kind: Kind
        let type: String

        /// The quality task as its creation shows it: the key is `id`, not `task_id`.
        let json: JSON
    }

    /// A customer's findings on a task that changes nothing of it.
    struct FixlessAudit: Sendable {
        let id: String
        let taskID: String

        /// The audit as the API shows it.
        let json: JSON
    }

    /// Quality tasks and fixless audits, each, at most.
    static let maximum = 50_000

    /// The most bytes of JSON that one of them may hold.
    static let maximumBytes = 256 * 1024

    /// The types that quality tasks exist for.
    static let types: Set<String> = [
        "documenttranscription", "segmentannotation", "videoplaybackannotation", "imageannotation", "textcollection",
        "namedentityrecognition",
    ]

    /// In the order of creation.
    var items: [Item] = []

    /// In the order they came.
    var audits: [FixlessAudit] = []
}
