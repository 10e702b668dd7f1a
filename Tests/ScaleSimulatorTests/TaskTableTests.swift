import Testing

@testable import ScaleSimulator

@Suite struct TaskTableTests {
    private let statuses = SimulatedTask.Status.allCases

    /// A realm with tasks of a few projects, types, statuses and reviews, made without HTTP.
    private func makeRealm(count: Int) -> Realm {
        var realm = Realm(mode: .live, responses: ResponseMaker(seed: 1, faultShare: 0), idSalt: "0123456789")
        var generator = SeededGenerator(seed: 5)
        for number in 0..<count {
            let created = Timestamp(milliseconds: Int64(number) * 1000)
            var task = SimulatedTask(
                number: number,
                id: realm.makeID(created),
                type: generator.pick(["chat", "textcollection"]) ?? "",
                isTest: false,
                createdAt: created,
                updatedAt: created
            )
            task.project = generator.pick(["p", "q", nil]) ?? nil
            if generator.int(0, 9) == 0 { task.tags = ["x"] }
            realm.taskNumbers[task.id] = number
            realm.tasks.append(task)
            realm.tasks[number].status = generator.pick(self.statuses) ?? .pending
            realm.tasks[number].reviewStatus = generator.pick([nil, nil, "accepted", "rejected"]) ?? nil
            realm.tasks[number].touch(Timestamp(milliseconds: Int64(generator.int(0, count)) * 1000))
        }
        return realm
    }

    private func page(_ realm: Realm, _ query: String) throws -> TaskPage {
        try realm.taskPage(TaskListRequest(Query(query)))
    }

    @Test(arguments: [
        "", "project=p", "type=chat&status=error", "project=q&status=completed&customer_review_status=pending",
        "customer_review_status=accepted,rejected", "tags=x", "tags=x&tags=y&project=p", "project=none",
        "start_time=1970-01-01T00:01:00Z&end_time=1970-01-01T00:03:20Z", "start_time=1970-01-01T00:03:00Z&status=error",
        "updated_after=1970-01-01T00:04:00Z", "end_time=1969-12-31", "start_time=1980-01-01",
        "start_time=1970-01-01T00:03:00Z&end_time=1970-01-01T00:01:00Z", "completed_after=1970-01-01",
    ])
    func `pages through the rows are what walking over the tasks would find`(query: String) throws {
        let realm = self.makeRealm(count: 300)
        let asked = try Query(query)
        let created = try asked.range("start_time", "end_time")
        let updated = try asked.range("updated_after", "updated_before")
        let reviews = asked["customer_review_status"]?.split(separator: ",").map(String.init)
        let expected = realm.tasks.reversed()
            .filter { task in
                let review = task.reviewStatus ?? (task.status == .completed ? "pending" : "none")
                return (asked["project"] ?? task.project) == task.project && (asked["type"] ?? task.type) == task.type
                    && (asked["status"] ?? task.status.rawValue) == task.status.rawValue
                    && reviews?.contains(review) ?? true && created.contains(task.createdAt)
                    && updated.contains(task.updatedAt) && (asked["tags"] == nil || task.tags == ["x"])
                    && asked["completed_after"] == nil
            }
            .map(\.id)
        var found: [String] = []
        var token = ""
        while true {
            let page = try self.page(realm, "limit=7&\(query)\(token)")
            #expect(page.total == expected.count)
            found += page.tasks.map(\.id)
            guard page.hasMore, let next = page.json["next_token"]?.string else { break }
            token = "&next_token=" + next.replacing("+", with: "%2B")
        }
        #expect(found == expected)
        let second = try self.page(realm, "limit=5&offset=3&\(query)")
        #expect(second.tasks.map(\.id) == Array(expected.dropFirst(3).prefix(5)))
    }

    @Test func `totals follow every change`() {
        let realm = self.makeRealm(count: 300)
        for status in self.statuses {
            #expect(realm.tasks.totals.statuses[status] == realm.tasks.count { $0.status == status })
        }
        var changed = realm
        changed.tasks[3].plantedFault = .empty
        changed.tasks[3].plantedFault = .tooSmall
        #expect(changed.tasks.totals.plantedFaults.filter { $0.value != 0 } == [.tooSmall: 1])
    }

    @Test func `the newest page of a hundred thousand tasks comes without looking at the rest`() throws {
        let realm = self.makeRealm(count: 100_000)
        /// The shortest of a few looks, so that a busy machine does no harm.
        func time(_ query: String) throws -> Duration {
            try (0..<5)
                .map { _ in
                    let request = try TaskListRequest(Query(query))
                    return try ContinuousClock().measure { _ = try realm.taskPage(request) }
                }
                .min() ?? .zero
        }
        #expect(try self.page(realm, "limit=1").total == 100_000)
        // A filter has to walk over all of them.
        #expect(try time("limit=1") * 10 < time("limit=1&updated_after=1970-01-01"))
    }
}
