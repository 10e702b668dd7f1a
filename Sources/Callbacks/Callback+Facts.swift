package import ScaleAPI

extension Callback {
    /// What a store keeps of a callback of a task beside its body.
    package struct Facts: Sendable, Hashable {
        package var kind: Kind
        package var taskID: String
        package var taskType: String?
        package var status: String?
        package var project: String?
        package var batch: String?
        package var reviewStatus: String?
        package var completedAt: Int64?
        package var changedAt: Int64?
        package var priorResponseCount: Int

        package init(
            kind: Kind,
            taskID: String,
            taskType: String?,
            status: String?,
            project: String?,
            batch: String?,
            reviewStatus: String?,
            completedAt: Int64?,
            changedAt: Int64?,
            priorResponseCount: Int
        ) {
            self.kind = kind
            self.taskID = taskID
            self.taskType = taskType
            self.status = status
            self.project = project
            self.batch = batch
            self.reviewStatus = reviewStatus
            self.completedAt = completedAt
            self.changedAt = changedAt
            self.priorResponseCount = priorResponseCount
        }
    }

    /// A callback of which these facts were read before, without reading them again.
    ///
    /// It is for looking back at many. Its fingerprint, which takes the longest, is left empty: it must not be compared.
    package init(facts: Facts, document: JSONDocument) {
        self.kind = facts.kind
        self.subject = .task(facts.taskID)
        self.taskType = facts.taskType
        self.status = facts.status
        self.project = facts.project
        self.batch = facts.batch
        self.reviewStatus = facts.reviewStatus
        self.completedAt = facts.completedAt
        self.changedAt = facts.changedAt
        self.priorResponseCount = facts.priorResponseCount
        self.fingerprint = []
        self.document = document
    }
}
