/// One task of the simulated Scale with everything its books know of it.
struct SimulatedTask: Sendable {
    /// Where a task stands (contract C1).
    enum Status: String, Sendable, CaseIterable {
        case pending
        case completed
        case canceled
        case error

        /// Nothing more happens to the task by itself.
        var isFinished: Bool { self != .pending }
    }

    /// Place in the order of creation within its mode, from 0.
    ///
    /// Seeds the made-up response.
    let number: Int

    /// 24 hexadecimal characters.
    let id: String

    let type: String

    /// Whether the task belongs to test mode.
    let isTest: Bool

    let createdAt: Timestamp
    var updatedAt: Timestamp
    var completedAt: Timestamp?
    var status: Status = .pending

    /// Where callbacks go: a URL, an email address, or nil.
    var callbackURL: String?

    var instruction: String?
    var params = JSONObject()
    var metadata: JSON = [:]
    var project: String?
    var batch: String?

    /// Which version of the project's parameters the task took over.
    var projectParamVersion: Int?

    var priority: Int?
    var uniqueID: String?
    var clearsUniqueIDOnError = false

    /// Nil until tags were first set: the member is absent then.
    var tags: [String]?

    var response: JSON?

    /// Earlier responses, oldest first; nil until there was a review or a recall.
    var priorResponses: [JSON]?

    var reviewStatus: String?
    var reviewComments: [String] = []

    /// Oldest first here; written newest first.
    var audits: [Audit] = []

    /// Nil while no callback was acknowledged or given up yet (contract A6).
    var callbackSucceeded: Bool?

    /// When the last callback was acknowledged.
    var callbackSucceededAt: Timestamp?

    /// How often the task went to work: 1, and one more for each recall.
    var round = 1

    /// What is wrong on purpose with the response.
    var plantedFault: PlantedFault?

    /// Callbacks ordered so far; numbers them for the seeded choice of duplicates.
    var callbacksOrdered = 0

    /// Callback attempts that were answered 2xx.
    var acknowledgedCallbacks = 0
}

extension SimulatedTask {
    /// The task as the API and the callbacks show it (contract C1).
    func json(_ knobs: Knobs) -> JSON {
        var task: JSONObject = [
            "task_id": .string(self.id),
            "created_at": .string("\(self.createdAt)"),
            "updated_at": .string("\(self.updatedAt)"),
        ]
        task["completed_at"] = self.completedAt.map { .string("\($0)") }
        task["callback_url"] = self.callbackURL.map(JSON.string)
        task["type"] = .string(self.type)
        task["status"] = .string(self.status.rawValue)
        task["instruction"] = self.instruction.map(JSON.string)
        task["params"] = .object(self.params)
        task["is_test"] = .bool(self.isTest)
        task["urgency"] = "standard"
        task["metadata"] = self.metadata
        task["processed_attachments"] = []
        task["project"] = self.project.map(JSON.string)
        task["batch"] = self.batch.map(JSON.string)
        task["project_param_version"] = self.projectParamVersion.map { JSON($0) }
        task["priority"] = self.priority.map { JSON($0) }
        task["unique_id"] = self.uniqueID.map(JSON.string)
        task["tags"] = self.tags.map { .array($0.map(JSON.string)) }
        task["work_started"] = .bool(self.status == .completed || self.round > 1)
        task["response"] = self.response
        if self.type == "documenttranscription", self.response != nil, self.status == .completed {
            // Beside the response, not within it.
            task["document_pages"] = [
                ["width": JSON(ImageAnnotation.width), "height": JSON(ImageAnnotation.height)]
            ]
        }
        task["prior_responses"] = self.priorResponses.map(JSON.array)
        if let last = self.audits.last, let reviewStatus = self.reviewStatus {
            task["customer_review_status"] = .string(reviewStatus)
            switch knobs.reviewComments {
            case .array: task["customer_review_comments"] = .array(self.reviewComments.map(JSON.string))
            case .string: task["customer_review_comments"] = self.reviewComments.last.map(JSON.string)
            }
            task["customer_reviewed_by"] = .string(last.auditedBy)
            task["customer_audited_at"] = .string("\(last.auditedAt)")
            task["customer_audit_time_secs"] = JSON(last.seconds)
        }
        if !self.audits.isEmpty { task["audits"] = .array(self.audits.reversed().map(\.json)) }
        if let callbackSucceeded {
            switch knobs.callbackField {
            case .succeeded, .completed: task[knobs.callbackField.rawValue] = .bool(callbackSucceeded)
            case .succeededAt:
                task[knobs.callbackField.rawValue] = JSON(self.callbackSucceededAt.map { "\($0)" })
            }
        }
        return .object(task)
    }

    /// The few members of `limited_response=true`.
    var limitedJSON: JSON {
        [
            "task_id": .string(self.id), "status": .string(self.status.rawValue), "metadata": self.metadata,
            "project": JSON(self.project), "otherVersion": .null,
        ]
    }

    /// The body of a task callback, rendered from what the task is now (contract A3).
    func callbackBody(_ knobs: Knobs) -> JSON {
        var body = JSONObject()
        if knobs.callbackKeyOrder == .taskFirst { body["task"] = self.json(knobs) }
        body["response"] = self.response
        body["task_id"] = .string(self.id)
        if knobs.callbackKeyOrder == .responseFirst { body["task"] = self.json(knobs) }
        if knobs.callbackStatus { body["status"] = .string(self.status.rawValue) }
        return .object(body)
    }

    /// Moves `updated_at` forward, always by at least one millisecond, so that changes can be put in order.
    @discardableResult mutating func touch(_ now: Timestamp) -> Timestamp {
        self.updatedAt = max(now, Timestamp(milliseconds: self.updatedAt.milliseconds + 1))
        return self.updatedAt
    }
}
