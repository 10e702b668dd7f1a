/// Which tasks `GET /tasks` asks for (contract T3).
struct TaskFilter: Sendable {
    private let project: String?
    private let batch: String?
    private let type: String?
    private let status: SimulatedTask.Status?
    private let reviewStatuses: Set<String>
    private let uniqueIDs: Set<String>
    private let tags: Set<String>
    private let created: Query.TimeRange
    private let completed: Query.TimeRange
    private let updated: Query.TimeRange

    /// - Throws: 400 for a status that does not exist and for anything that is not a date.
    init(_ query: Query) throws(APIError) {
        self.project = query["project"]
        self.batch = query["batch"]
        self.type = query["type"]
        if let status = query["status"] {
            guard let known = SimulatedTask.Status(rawValue: status) else {
                throw .invalid("\"status\" must be one of pending, completed, canceled, error")
            }
            self.status = known
        } else {
            self.status = nil
        }
        let reviews = query.all("customer_review_status").flatMap { $0.split(separator: ",").map(String.init) }
        guard Set(reviews).isSubset(of: ["accepted", "rejected", "fixed", "commented", "pending"]) else {
            throw .invalid("\"customer_review_status\" must be of accepted, rejected, fixed, commented, pending")
        }
        self.reviewStatuses = Set(reviews)
        self.uniqueIDs = Set(query.all("unique_id"))
        self.tags = Set(query.all("tags"))
        self.created = try query.range("start_time", "end_time")
        self.completed = try query.range("completed_after", "completed_before")
        self.updated = try query.range("updated_after", "updated_before")
    }

    /// Whether the task is asked for.
    ///
    /// A completed task nobody reviewed counts as `pending` review.
    func matches(_ task: SimulatedTask) -> Bool {
        if let project, task.project != project { return false }
        if let batch, task.batch != batch { return false }
        if let type, task.type != type { return false }
        if let status, task.status != status { return false }
        if !self.reviewStatuses.isEmpty {
            guard let review = task.reviewStatus ?? (task.status == .completed ? "pending" : nil),
                self.reviewStatuses.contains(review)
            else { return false }
        }
        if !self.uniqueIDs.isEmpty {
            guard let uniqueID = task.uniqueID, self.uniqueIDs.contains(uniqueID) else { return false }
        }
        if !self.tags.isEmpty, self.tags.isDisjoint(with: task.tags ?? []) { return false }
        return self.created.contains(task.createdAt) && self.completed.contains(task.completedAt)
            && self.updated.contains(task.updatedAt)
    }
}
