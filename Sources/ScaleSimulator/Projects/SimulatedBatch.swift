/// A batch of tasks within a project (contract B2).
struct SimulatedBatch: Sendable {
    /// Where a batch stands.
    enum Status: String, Sendable {
        case staging
        case inProgress = "in_progress"
        case completed
    }

    /// 24 hexadecimal characters, shown by Studio alone.
    let id: String

    let name: String
    let project: String

    /// A URL, an email address, or empty for none.
    let callback: String

    let createdAt: Timestamp
    var metadata: JSON = [:]
    var status: Status
    var isCalibration = false
    var isSelfLabel = false

    /// Rapid and Studio batches start in staging and take no tasks once they are finalized.
    var isStaged: Bool

    /// When the last task finished.
    var completedAt: Timestamp?

    /// When one of its tasks was audited last.
    var auditedAt: Timestamp?

    /// What its tasks were given by `prioritize`, 10 to 30; new tasks without one take it over.
    var priority: Int?

    /// Place in the order that Studio works in, from 1; nil for the order of age.
    var studioPriority: Int?

    /// The names of the groups that Studio lets work on it.
    var studioGroups: [String] = []

    /// The numbers of its tasks in the order of creation.
    var tasks: [Int] = []

    /// How many tasks are in each status; statuses without tasks are absent or 0.
    var counts: [SimulatedTask.Status: Int] = [:]

    /// Callbacks ordered so far; numbers them for the seeded choice of duplicates.
    var callbacksOrdered = 0

    /// The batch as the API shows it.
    var json: JSON {
        var batch: JSONObject = [
            "project": .string(self.project), "name": .string(self.name), "callback": .string(self.callback),
            "status": .string(self.status.rawValue), "created_at": .string("\(self.createdAt)"),
            "calibration_batch": .bool(self.isCalibration), "self_label_batch": .bool(self.isSelfLabel),
            "metadata": self.metadata,
        ]
        batch["priority"] = self.priority.map { JSON($0) }
        return .object(batch)
    }

    /// The answer of `GET /batches/{name}/status`: statuses without tasks are absent.
    func statusJSON(_ knobs: Knobs) -> JSON {
        let prefix = knobs.batchStatusKeys == .prefixed ? knobs.batchStatusKeys.rawValue : ""
        var answer: JSONObject = ["status": .string(self.status.rawValue)]
        for stat in self.stats.members {
            answer[prefix + stat.key] = stat.value
        }
        return .object(answer)
    }

    /// The body of the batch callback (contract A5).
    var callbackBody: JSON {
        ["batch": .string(self.name), "status": .string(self.status.rawValue), "stats": .object(self.stats)]
    }

    private var stats: JSONObject {
        var stats = JSONObject()
        for status in [SimulatedTask.Status.pending, .completed, .canceled, .error] {
            if let count = self.counts[status], count > 0 { stats[status.rawValue] = JSON(count) }
        }
        return stats
    }
}
