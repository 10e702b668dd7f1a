/// A batch of tasks within a project (contract B2).
struct SimulatedBatch: Sendable {
    /// Where a batch stands.
    enum Status: String, Sendable {
        case staging
        case inProgress = "in_progress"
        case completed
    }

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

    /// The numbers of its tasks in the order of creation.
    var tasks: [Int] = []

    /// How many tasks are in each status; statuses without tasks are absent or 0.
    var counts: [SimulatedTask.Status: Int] = [:]

    /// Callbacks ordered so far; numbers them for the seeded choice of duplicates.
    var callbacksOrdered = 0

    /// The batch as the API shows it.
    var json: JSON {
        [
            "project": .string(self.project), "name": .string(self.name), "callback": .string(self.callback),
            "status": .string(self.status.rawValue), "created_at": .string("\(self.createdAt)"),
            "calibration_batch": .bool(self.isCalibration), "self_label_batch": .bool(self.isSelfLabel),
            "metadata": self.metadata,
        ]
    }

    /// The answer of `GET /batches/{name}/status`: statuses without tasks are absent.
    var statusJSON: JSON {
        var answer: JSONObject = ["status": .string(self.status.rawValue)]
        answer.merge(self.stats)
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
