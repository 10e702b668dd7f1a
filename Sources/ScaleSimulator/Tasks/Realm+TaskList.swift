import Foundation

/// What `GET /tasks` asks for, read and judged before anything is locked.
struct TaskListRequest: Sendable {
    let filter: TaskFilter
    let limit: Int
    let offset: Int
    let isLimited: Bool

    /// Whether presigned URLs of the attachments are wanted.
    let includesAttachmentURLs: Bool

    /// The id of the last task of the page before.
    let token: String?

    /// - Throws: 400 that names the first parameter which is wrong.
    init(_ query: Query) throws(APIError) {
        self.filter = try TaskFilter(query)
        self.limit = try query.limit()
        self.offset = try query.int("offset", within: 0...1_000_000_000) ?? 0
        self.isLimited = try query.bool("limited_response") ?? false
        self.includesAttachmentURLs = try query.bool("include_attachment_url") ?? false
        guard let token = query["next_token"] else {
            self.token = nil
            return
        }
        guard let data = Data(base64Encoded: token), let id = JSON(parsing: data)?["id"]?.string else {
            throw .invalidToken
        }
        self.token = id
    }
}

/// A page of tasks, taken out under the lock and written afterwards.
struct TaskPage: Sendable {
    let request: TaskListRequest
    let knobs: Knobs
    let tasks: [SimulatedTask]
    let total: Int
    let hasMore: Bool

    /// The answer of `GET /tasks`.
    var json: JSON {
        let docs = self.tasks.map { task in
            if self.request.isLimited { return task.limitedJSON }
            return self.request.includesAttachmentURLs ? task.jsonWithAttachmentURLs(self.knobs) : task.json(self.knobs)
        }
        var answer: JSONObject = [
            "docs": .array(docs), "total": JSON(self.total), "limit": JSON(self.request.limit),
            "offset": JSON(self.request.offset), "has_more": .bool(self.hasMore),
        ]
        if self.hasMore, let last = self.tasks.last {
            let token: JSON = ["id": .string(last.id), "created_at": .string("\(last.createdAt)")]
            answer["next_token"] = .string(Data(token.utf8).base64EncodedString())
        }
        return .object(answer)
    }
}

extension Realm {
    /// A page of tasks, newest first (contract T3).
    ///
    /// The token names the last task of the page before, so a page neither repeats nor misses a task when others are
    /// created meanwhile.
    func taskPage(_ request: TaskListRequest) throws(APIError) -> TaskPage {
        var end = self.tasks.count
        if let token = request.token {
            guard let number = self.taskNumbers[token] else { throw .invalidToken }
            end = number
        }
        let (numbers, total) = self.numbers(request, below: end)
        return TaskPage(
            request: request,
            knobs: self.knobs,
            tasks: numbers.prefix(request.limit).map { self.tasks[$0] },
            total: total,
            hasMore: numbers.count > request.limit
        )
    }

    /// The tasks of one page, and one more if there is one; and how many there are on all pages.
    private func numbers(_ request: TaskListRequest, below end: Int) -> (page: [Int], total: Int) {
        guard let filter = request.filter.rows(of: self.tasks) else { return ([], 0) }
        // Times of creation never step back, so they are a range of numbers.
        let first = self.firstNumber { $0 >= request.filter.created.lowest ?? $0 }
        let last = self.firstNumber { $0 > request.filter.created.highest ?? $0 }
        if filter.isOpen {
            let newest = min(end, last) - request.offset
            return (
                Array((max(first, newest - request.limit - 1)..<max(first, newest)).reversed()), max(0, last - first)
            )
        }
        // Who has a unique_id is known, and a batch knows its tasks; the rest is found by walking over the rows.
        var known: [Int]?
        if !request.filter.uniqueIDs.isEmpty {
            known = request.filter.uniqueIDs.compactMap { self.uniqueIDs[$0] }.sorted()
        } else if let batch = request.filter.batch {
            known = self.batches[batch]?.tasks ?? []
        }
        var page: [Int] = []
        var total = 0
        var skipped = 0
        var place = known?.count ?? last
        let lowest = known == nil ? first : 0
        while place > lowest {
            place -= 1
            let number = known?[place] ?? place
            guard filter.matches(number, in: self.tasks) else { continue }
            total += 1
            guard number < end, page.count <= request.limit else { continue }
            if skipped < request.offset { skipped += 1 } else { page.append(number) }
        }
        return (page, total)
    }

    /// The first task whose time of creation is late enough; the number of tasks when none is.
    private func firstNumber(_ isLateEnough: (Timestamp) -> Bool) -> Int {
        var low = 0
        var high = self.tasks.count
        while low < high {
            let middle = (low + high) / 2
            if isLateEnough(self.tasks.rows[middle].created) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension APIError {
    fileprivate static let invalidToken = APIError.invalid("\"next_token\" is not valid")
}
