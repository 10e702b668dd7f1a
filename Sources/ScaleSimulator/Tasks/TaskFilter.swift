/// Which tasks `GET /tasks` asks for (contract T3).
struct TaskFilter: Sendable {
    let batch: String?
    let uniqueIDs: Set<String>
    let created: Query.TimeRange
    private let project: String?
    private let type: String?
    private let status: SimulatedTask.Status?
    private let reviewStatuses: Set<String>
    private let tags: Set<String>
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
        guard Set(reviews).isSubset(of: TaskTable.reviewStatuses) else {
            throw .invalid(
                "\"customer_review_status\" must be of \(TaskTable.reviewStatuses.joined(separator: ", "))"
            )
        }
        self.reviewStatuses = Set(reviews)
        self.uniqueIDs = Set(query.all("unique_id"))
        self.tags = Set(query.all("tags"))
        self.created = try query.range("start_time", "end_time")
        self.completed = try query.range("completed_after", "completed_before")
        self.updated = try query.range("updated_after", "updated_before")
    }

    /// Whether every task is asked for, apart from the time of creation.
    private var isOpen: Bool {
        self.project == nil && self.batch == nil && self.type == nil && self.status == nil
            && self.reviewStatuses.isEmpty && self.uniqueIDs.isEmpty && self.tags.isEmpty
            && self.completed.isOpen && self.updated.isOpen
    }

    /// The filter for the rows of one table; nil when nothing in it can match.
    func rows(of table: TaskTable) -> Rows? {
        var numbers: [Int32?] = []
        for name in [self.project, self.batch, self.type] {
            guard let name else {
                numbers.append(nil)
                continue
            }
            guard let number = table.number(ofName: name) else { return nil }
            numbers.append(number)
        }
        return Rows(
            isOpen: self.isOpen,
            project: numbers[0],
            batch: numbers[1],
            type: numbers[2],
            status: self.status,
            reviews: TaskTable.reviews(self.reviewStatuses),
            tags: self.tags,
            created: self.created,
            completed: self.completed,
            updated: self.updated
        )
    }

    /// The filter with its names replaced by the numbers of one table.
    struct Rows {
        /// Whether every task matches that was created in time.
        let isOpen: Bool

        fileprivate let project: Int32?
        fileprivate let batch: Int32?
        fileprivate let type: Int32?
        fileprivate let status: SimulatedTask.Status?
        fileprivate let reviews: UInt8
        fileprivate let tags: Set<String>
        fileprivate let created: Query.TimeRange
        fileprivate let completed: Query.TimeRange
        fileprivate let updated: Query.TimeRange

        /// Whether the task with this number is asked for; `unique_id` apart, which narrows the numbers before.
        func matches(_ number: Int, in table: TaskTable) -> Bool {
            let row = table.rows[number]
            if let project, row.project != project { return false }
            if let batch, row.batch != batch { return false }
            if let type, row.type != type { return false }
            if let status, row.status != status { return false }
            if self.reviews != 0, row.review & self.reviews == 0 { return false }
            guard self.created.contains(row.created), self.completed.contains(row.completed),
                self.updated.contains(row.updated)
            else { return false }
            return self.tags.isEmpty || !self.tags.isDisjoint(with: table[number].tags ?? [])
        }
    }
}
