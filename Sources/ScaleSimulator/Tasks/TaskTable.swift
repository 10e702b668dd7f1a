/// The tasks of one mode in the order of creation, with what lists and totals need kept beside them.
///
/// Looking through 100,000 tasks for a page would touch far-flung memory under the lock. So a short row of plain
/// numbers is kept per task, and the totals are kept up to date: whoever changes a task through the subscript changes
/// both.
struct TaskTable: Sendable {
    /// What filters look at, without anything that has to be followed or counted.
    struct Row: Sendable {
        let created: Timestamp
        var updated: Timestamp
        var completed: Timestamp?
        var status: SimulatedTask.Status

        /// Bit of the review status, 0 without one.
        var review: UInt8

        /// Numbers for names; 0 is no name.
        let type: Int32
        let project: Int32
        let batch: Int32
    }

    /// Sums over all tasks.
    struct Totals: Sendable {
        var statuses: [SimulatedTask.Status: Int] = [:]
        var audits = 0
        var tasksAuditedMoreThanOnce = 0
        var plantedFaults: [PlantedFault: Int] = [:]

        fileprivate mutating func add(_ task: SimulatedTask, _ sign: Int) {
            self.statuses[task.status, default: 0] += sign
            self.audits += sign * task.audits.count
            if task.audits.count > 1 { self.tasksAuditedMoreThanOnce += sign }
            if let fault = task.plantedFault { self.plantedFaults[fault, default: 0] += sign }
        }
    }

    /// The review statuses a filter may name; each has the bit of its place.
    static let reviewStatuses = ["accepted", "rejected", "fixed", "commented", "pending"]

    private var tasks: [SimulatedTask] = []
    private(set) var rows: [Row] = []
    private(set) var totals = Totals()
    private var names: [String: Int32] = [:]

    /// Adds a task; its type, project and batch must not change any more.
    mutating func append(_ task: SimulatedTask) {
        self.rows.append(
            Row(
                created: task.createdAt,
                updated: task.updatedAt,
                completed: task.completedAt,
                status: task.status,
                review: Self.review(task),
                type: self.intern(task.type),
                project: self.intern(task.project),
                batch: self.intern(task.batch)
            )
        )
        self.tasks.append(task)
        self.totals.add(task, 1)
    }

    /// The number of a name in the rows; nil when no task has it.
    func number(ofName name: String) -> Int32? { self.names[name] }

    /// The bits of these review statuses; unknown ones have none.
    static func reviews(_ statuses: Set<String>) -> UInt8 {
        self.reviewStatuses.enumerated().reduce(0) { $0 | (statuses.contains($1.element) ? 1 << $1.offset : 0) }
    }

    /// A completed task nobody reviewed counts as `pending` review.
    private static func review(_ task: SimulatedTask) -> UInt8 {
        if let status = task.reviewStatus { return self.reviews([status]) }
        return task.status == .completed ? self.reviews(["pending"]) : 0
    }

    private mutating func intern(_ name: String?) -> Int32 {
        guard let name else { return 0 }
        if let number = self.names[name] { return number }
        let number = Int32(self.names.count) + 1
        self.names[name] = number
        return number
    }
}

extension TaskTable: RandomAccessCollection, MutableCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { self.tasks.count }

    subscript(position: Int) -> SimulatedTask {
        get { self.tasks[position] }
        set {
            self.totals.add(self.tasks[position], -1)
            self.totals.add(newValue, 1)
            self.rows[position].updated = newValue.updatedAt
            self.rows[position].completed = newValue.completedAt
            self.rows[position].status = newValue.status
            self.rows[position].review = Self.review(newValue)
            self.tasks[position] = newValue
        }
    }
}
