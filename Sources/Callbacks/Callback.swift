public import ScaleAPI

/// What the body of a callback says, as far as it matters for keeping, ordering and handing it out.
///
/// Reading never fails for valid JSON: what is not understood becomes `Kind.unrecognised` (contract A8, rule 2).
public struct Callback: Sendable {
    /// What happened, as far as the body tells (contract A4, A5).
    public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
        /// The task has a response that nobody has judged yet, also after a redo.
        case completed
        /// The task could not be processed.
        case error
        /// A customer has judged the response: accepted, rejected, fixed or commented.
        case audit
        /// Scale has taken the task back for more work: it is pending again.
        case recalled
        /// The task was canceled. Not a documented callback; it is kept and ranked all the same.
        case canceled
        /// A batch has finished.
        case batch
        /// Valid JSON of a shape, or with a status, that is not known here.
        case unrecognised
    }

    /// What a callback is about.
    public enum Subject: Sendable, Hashable {
        /// A task, by its id.
        case task(String)
        /// A batch, by its name: batch callbacks hold no id (contract A5).
        case batch(String)
        /// Neither can be told.
        case unrecognised
    }

    /// What happened.
    public let kind: Kind
    /// What it happened to.
    public let subject: Subject
    /// The task's type, such as `imageannotation`.
    public let taskType: String?
    /// The status as Scale wrote it: the top level's, else the task's (contract A3).
    public let status: String?
    /// The project's name.
    public let project: String?
    /// The batch's name: the task's batch, or the batch that finished.
    public let batch: String?
    /// What a customer said of the response; nil while nobody has.
    public let reviewStatus: String?
    /// When the task was completed, in milliseconds since 1970.
    public let completedAt: Int64?
    /// The newest time that the body gives for its state, in milliseconds since 1970: of update, audit and completion.
    public let changedAt: Int64?
    /// How many earlier responses the task had.
    public let priorResponseCount: Int
    /// Recognises a repeat of the same callback, however its text is written: 32 bytes (contract A8, rule 3).
    public let fingerprint: [UInt8]
    /// The body.
    public let document: JSONDocument

    /// The task's id, when the callback is about a task.
    public var taskID: String? {
        if case .task(let id) = self.subject { id } else { nil }
    }

    /// The task object, when the body has one.
    public var task: JSONDocument.Node? {
        self.document.root["task"].flatMap { $0.kind == .object ? $0 : nil }
    }

    /// The response: the top level's, else the task's (contract A3).
    public var response: JSONDocument.Node? {
        self.document.root["response"] ?? self.task?["response"]
    }

    /// The task's tags; none when it has none.
    public var tags: [String] {
        self.task?["tags"]?.elements.compactMap(\.string) ?? []
    }

    /// The keys of the task's metadata.
    public var metadataKeys: [String] {
        self.task?["metadata"]?.members.map(\.key) ?? []
    }

    /// Reads a body.
    ///
    /// - Throws: `JSONSyntaxError` when `body` is not strict JSON in UTF-8.
    public init(body: [UInt8]) throws(JSONSyntaxError) {
        self.init(try JSONOutline(body, inner: "task"))
    }

    /// The callback that Scale would send for a task as it is now, to compare with one that came.
    ///
    /// An unaltered task has the same `fingerprint` as its last callback.
    public init(task: ScaleTask) {
        let body = JSON.object(["task": .object(task.json), "task_id": .string(task.id)]).encoded
        // What was JSON a moment ago is JSON now; only nesting at the limit could grow past it by the new level.
        if let document = try? JSONDocument(body) {
            self.init(document: document)
        } else {
            self.init(unrecognised: JSONDocument.empty)
        }
    }
}
