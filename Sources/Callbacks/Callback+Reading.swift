public import ScaleAPI

/// Reading a body: which members matter, and the fingerprint made of them.
extension Callback {
    /// Reads a checked document.
    public init(document: JSONDocument) {
        let root = JSONMembers(document.root)
        let task = JSONMembers(root["task"])
        guard !root.hasRepeatedKey, !task.hasRepeatedKey else {
            self.init(unrecognised: document)
            return
        }
        let outerID = root.string("task_id")
        let innerID = task.string("task_id")
        if let id = outerID ?? innerID {
            guard outerID == nil || innerID == nil || outerID == innerID, Self.isPlausibleTaskID(id) else {
                self.init(unrecognised: document)
                return
            }
            self.init(taskID: id, root: root, task: task, document: document)
        } else if root["task"] == nil, root["task_id"] == nil, let batch = root.string("batch"),
            (1...Self.maximumNameLength).contains(batch.utf8.count)
        {
            self.init(batch: batch, root: root, document: document)
        } else {
            self.init(unrecognised: document)
        }
    }

    private static let maximumNameLength = 1000

    /// Task ids are 24 hexadecimal characters today; they are treated as opaque, but not as arbitrary (contract B0).
    private static func isPlausibleTaskID(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private init(taskID: String, root: JSONMembers, task: JSONMembers, document: JSONDocument) {
        let status = root.string("status") ?? task.string("status")
        let reviewStatus = task.string("customer_review_status").flatMap { $0 == "pending" ? nil : $0 }
        let newestAudit = JSONMembers(task["audits"]?.elements.first)
        let auditedText = task.string("customer_audited_at") ?? newestAudit.string("audited_at")
        let completedText = task.string("completed_at")
        let completedAt = completedText.flatMap(ScaleDate.milliseconds(from:))
        let auditedAt = auditedText.flatMap(ScaleDate.milliseconds(from:))
        let updatedAt = task.string("updated_at").flatMap(ScaleDate.milliseconds(from:))
        let priorResponseCount = task["prior_responses"]?.elements.count ?? 0

        self.kind =
            switch status {
            case "completed":
                // A verdict on an earlier response does not judge the one that came after it (a redo).
                if let completedAt, let auditedAt, auditedAt < completedAt {
                    .completed
                } else {
                    reviewStatus == nil ? .completed : .audit
                }
            case "error": .error
            case "pending": .recalled
            case "canceled", "cancelled": .canceled
            default: .unrecognised
            }
        self.subject = .task(taskID)
        self.taskType = task.string("type")
        self.status = status
        self.project = task.string("project")
        self.batch = task.string("batch")
        self.reviewStatus = reviewStatus
        self.completedAt = completedAt
        self.changedAt = [updatedAt, auditedAt, completedAt].compactMap(\.self).max()
        self.priorResponseCount = priorResponseCount
        self.document = document

        let response = root["response"] ?? task["response"]
        var key = FingerprintInput()
        key.append("task")
        key.append(taskID)
        key.append(status)
        key.append(completedText)
        key.append(reviewStatus)
        key.append(auditedText)
        key.append(String(priorResponseCount))
        key.append(response.flatMap { $0.kind == .null ? nil : $0 })
        self.fingerprint = key.digest
    }

    private init(batch: String, root: JSONMembers, document: JSONDocument) {
        let status = root.string("status")
        var key = FingerprintInput()
        key.append("batch")
        key.append(batch)
        key.append(status)
        key.append(root["stats"])
        self.init(
            kind: status == nil ? .unrecognised : .batch,
            subject: .batch(batch),
            status: status,
            batch: batch,
            fingerprint: key.digest,
            document: document
        )
    }

    /// A body that is kept and parked, told apart by all of its content.
    init(unrecognised document: JSONDocument) {
        var key = FingerprintInput()
        key.append("unrecognised")
        key.append(document.root)
        self.init(kind: .unrecognised, subject: .unrecognised, fingerprint: key.digest, document: document)
    }

    /// A callback that is not about a task.
    private init(
        kind: Kind,
        subject: Subject,
        status: String? = nil,
        batch: String? = nil,
        fingerprint: [UInt8],
        document: JSONDocument
    ) {
        self.kind = kind
        self.subject = subject
        self.taskType = nil
        self.status = status
        self.project = nil
        self.batch = batch
        self.reviewStatus = nil
        self.completedAt = nil
        self.changedAt = nil
        self.priorResponseCount = 0
        self.fingerprint = fingerprint
        self.document = document
    }
}

/// Collects the parts of a fingerprint so that no two lists of parts give the same bytes.
private struct FingerprintInput {
    private var bytes: [UInt8] = []

    init() { self.bytes.reserveCapacity(256) }

    mutating func append(_ text: String?) {
        guard let text else {
            self.bytes.append(UInt8(ascii: "-"))
            return
        }
        self.append(part: text.utf8)
    }

    mutating func append(_ node: JSONDocument.Node?) {
        guard let node else {
            self.bytes.append(UInt8(ascii: "-"))
            return
        }
        self.append(part: Digest.sha256(node.canonicalBytes))
    }

    var digest: [UInt8] { Digest.sha256(self.bytes) }

    private mutating func append(part: some Collection<UInt8>) {
        self.bytes.append(contentsOf: String(part.count).utf8)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(contentsOf: part)
    }
}
