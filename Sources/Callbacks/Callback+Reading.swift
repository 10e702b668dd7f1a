public import ScaleAPI

/// Reading a body: which members matter, and the fingerprint made of them.
extension Callback {
    /// Reads a checked document.
    public init(document: JSONDocument) {
        self.init(JSONOutline(document, inner: "task"))
    }

    /// Reads a body of which the members of the top level and of the task were found.
    init(_ outline: JSONOutline) {
        let document = outline.document
        let root = outline.outer
        let task = outline.inner
        guard !root.hasRepeatedKey, !task.hasRepeatedKey else {
            self.init(unrecognised: document)
            return
        }
        let outerID = root.string("task_id")
        let innerID = task.string("task_id", unlike: outerID)
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
        let auditedText =
            task.string("customer_audited_at")
            ?? task["audits"].flatMap { JSONMembers($0.elements.first).string("audited_at") }
        let completedAt = task.milliseconds("completed_at")
        let auditedAt = auditedText.flatMap(ScaleDate.milliseconds(from:))
        let updatedAt = task.milliseconds("updated_at")
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
        self.changedAt = Self.newest(updatedAt, Self.newest(auditedAt, completedAt))
        self.priorResponseCount = priorResponseCount
        self.document = document

        let response = root["response"] ?? task["response"]
        var key = FingerprintInput()
        key.append("task")
        key.append(taskID)
        key.append(status)
        task.withString("completed_at") { key.append($0) }
        key.append(reviewStatus)
        key.append(auditedText)
        key.append(String(priorResponseCount))
        key.append(response.flatMap { $0.kind == .null ? nil : $0 })
        self.fingerprint = key.digest
    }

    private static func newest(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right else { return left ?? right }
        return max(left, right)
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
        guard var text else { return self.append(nil as UnsafeBufferPointer<UInt8>?) }
        text.withUTF8 { self.append($0) }
    }

    mutating func append(_ node: JSONDocument.Node?) {
        guard let node else { return self.append(nil as UnsafeBufferPointer<UInt8>?) }
        node.canonicalDigest.withUnsafeBufferPointer { self.append($0) }
    }

    /// A part, or that there is none.
    mutating func append(_ part: UnsafeBufferPointer<UInt8>?) {
        guard let part else {
            self.bytes.append(UInt8(ascii: "-"))
            return
        }
        self.append(decimal: part.count)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(contentsOf: part)
    }

    private mutating func append(decimal value: Int) {
        if value >= 10 { self.append(decimal: value / 10) }
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }

    var digest: [UInt8] { Digest.sha256(self.bytes) }
}
