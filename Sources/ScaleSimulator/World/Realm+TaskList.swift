import Foundation

extension Realm {
    /// A page of tasks, newest first (contract T3).
    ///
    /// The token names the last task of the page before, so a page neither repeats nor misses a task when others are
    /// created meanwhile.
    func tasks(_ query: Query) throws(APIError) -> JSON {
        let filter = try TaskFilter(query)
        let limit = try query.limit()
        let offset = try query.int("offset", within: 0...1_000_000_000) ?? 0
        let isLimited = try query.bool("limited_response") ?? false
        _ = try query.bool("include_attachment_url")
        var end = self.tasks.count
        if let token = query["next_token"] {
            guard let number = self.number(ofToken: token) else { throw .invalid("\"next_token\" is not valid") }
            end = number
        }
        // A batch knows its tasks; everything else is found by walking over all of them.
        let ofBatch = query["batch"].map { self.batches[$0]?.tasks ?? [] }
        var place = ofBatch?.count ?? self.tasks.count
        var total = 0
        var skipped = 0
        var page: [Int] = []
        while place > 0 {
            place -= 1
            let number = ofBatch?[place] ?? place
            guard filter.matches(self.tasks[number]) else { continue }
            total += 1
            guard number < end, page.count <= limit else { continue }
            if skipped < offset { skipped += 1 } else { page.append(number) }
        }
        let hasMore = page.count > limit
        page = Array(page.prefix(limit))
        var answer: JSONObject = [
            "docs": .array(page.map { isLimited ? self.tasks[$0].limitedJSON : self.tasks[$0].json }),
            "total": JSON(total), "limit": JSON(limit), "offset": JSON(offset), "has_more": .bool(hasMore),
        ]
        if hasMore, let last = page.last { answer["next_token"] = .string(self.token(of: last)) }
        return .object(answer)
    }

    private func token(of number: Int) -> String {
        let token: JSON = [
            "id": .string(self.tasks[number].id), "created_at": .string("\(self.tasks[number].createdAt)"),
        ]
        return Data(token.utf8).base64EncodedString()
    }

    private func number(ofToken token: String) -> Int? {
        guard let data = Data(base64Encoded: token), let id = JSON(parsing: data)?["id"]?.string else { return nil }
        return self.taskNumbers[id]
    }
}
