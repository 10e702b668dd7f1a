import Foundation
import ScaleAPI
import ScaleSimulator
import Testing

/// Lists of tasks: every filter, paging and counting.
@Suite(.timeLimit(.minutes(1))) struct SimulatedTaskListTests {
    /// Seven tasks that differ in everything that can be asked for; oldest first.
    private func populate(_ scale: SimulatedScale) async throws -> [ScaleTask] {
        for name in ["pets", "cars"] { _ = try await scale.live.createProject(name, type: .categorization) }
        _ = try await scale.live.createBatch("march", inProject: "pets")
        var ids: [String] = []
        for (index, options) in [
            TaskOptions(project: "pets", batch: "march", uniqueID: "p/0"), .init(project: "pets", uniqueID: "p/1"),
            .init(project: "cars", uniqueID: "c/2"), .init(), .init(), .init(project: "cars"),
        ]
        .enumerated() {
            // Times are told in milliseconds, and no two tasks shall share one.
            try await Task.sleep(for: .milliseconds(3))
            var options = options
            options.tags = index % 2 == 0 ? ["even", "t\(index)"] : ["odd"]
            ids.append(try await scale.makeCompletedTask(options).id)
        }
        scale.simulator.turnKnobs { $0.completionDelay = 3600 }
        let text = NamedEntityTask(text: "Anna", labels: ["person"])
        try await Task.sleep(for: .milliseconds(3))
        ids.append(try await scale.live.createTask(text).id)
        try await scale.live.auditTask(ids[0], accepted: true)
        try await Task.sleep(for: .milliseconds(3))
        try await scale.live.auditTask(ids[1], accepted: false)
        _ = try await scale.live.cancelTask(ids[6])
        var tasks: [ScaleTask] = []
        for id in ids { tasks.append(try await scale.live.task(id)) }
        return tasks
    }

    @Test func `every filter finds its tasks, newest first, and counts them`() async throws {
        try await SimulatedScale.run { scale in
            let tasks = try await self.populate(scale)
            func check(
                _ comment: Comment,
                sourceLocation: SourceLocation = #_sourceLocation,
                _ set: (inout TaskFilter) -> Void,
                finds isMeant: (ScaleTask) -> Bool
            ) async throws {
                var filter = TaskFilter()
                set(&filter)
                let meant = tasks.filter(isMeant).reversed().map(\.id)
                #expect(!meant.isEmpty && meant.count < tasks.count, comment, sourceLocation: sourceLocation)
                let found = try await scale.live.tasks(filter).all().map(\.id)
                #expect(found == meant, comment, sourceLocation: sourceLocation)
                let count = try await scale.live.taskCount(filter)
                #expect(count == meant.count, comment, sourceLocation: sourceLocation)
            }
            let third = try #require(tasks[2].createdAt)
            let done = try #require(tasks[3].completedAt)
            let changed = try #require(tasks[1].updatedAt)
            try await check("project") {
                $0.project = "pets"
            } finds: {
                $0.project == "pets"
            }
            try await check("batch") {
                $0.batch = "march"
            } finds: {
                $0.batch == "march"
            }
            try await check("type") {
                $0.type = .namedEntityRecognition
            } finds: {
                $0.type == .namedEntityRecognition
            }
            for status in [ScaleTask.Status.completed, .canceled] {
                try await check("status") {
                    $0.status = status
                } finds: {
                    $0.status == status
                }
            }
            try await check("review") {
                $0.customerReviewStatuses = [.rejected]
            } finds: {
                $0.customerReviewStatus == .rejected
            }
            try await check("reviews") {
                $0.customerReviewStatuses = [.accepted, .rejected]
            } finds: {
                $0.customerReviewStatus != nil
            }
            try await check("unique ids") {
                $0.uniqueIDs = ["p/1", "c/2", "none"]
            } finds: {
                ["p/1", "c/2"].contains($0.uniqueID)
            }
            try await check("tags") {
                $0.tags = ["t2", "odd"]
            } finds: {
                !Set($0.tags).isDisjoint(with: ["t2", "odd"])
            }
            try await check("created after") {
                $0.createdAfter = third
            } finds: {
                $0.createdAt ?? third >= third
            }
            try await check("created before") {
                $0.createdBefore = third
            } finds: {
                $0.createdAt ?? third <= third
            }
            try await check("completed after") {
                $0.completedAfter = done
            } finds: {
                $0.completedAt.map { $0 >= done } ?? false
            }
            try await check("completed before") {
                $0.completedBefore = done
            } finds: {
                $0.completedAt.map { $0 <= done } ?? false
            }
            try await check("updated after") {
                $0.updatedAfter = changed
            } finds: {
                $0.updatedAt.map { $0 >= changed } ?? false
            }
            try await check("updated before") {
                $0.updatedBefore = done
            } finds: {
                $0.updatedAt.map { $0 <= done } ?? false
            }
            try await check("two together") {
                $0.project = "cars"
                $0.tags = ["t2"]
            } finds: {
                $0.uniqueID == "c/2"
            }
        }
    }

    @Test func `tasks come with less or with more when asked for`() async throws {
        try await SimulatedScale.runIdle { scale in
            var options = TaskOptions()
            options.metadata = ["a": 1]
            let task = try await scale.makeTask(options)
            var filter = TaskFilter()
            filter.isLimited = true
            let short = try #require(try await scale.live.tasks(filter).all().first)
            #expect(short.id == task.id && short.status == .pending && short.metadata == ["a": 1])
            #expect(short.type == nil && short.json.members.count == 5)
            filter.isLimited = false
            filter.includesAttachmentURL = true
            let long = try #require(try await scale.live.tasks(filter).all().first)
            #expect(long.json["attachmentS3Downloads"]?[0]?["attachmentURL"] == "https://assets.example.com/1.jpg")
            #expect(long.type == .categorization)
        }
    }

    @Test func `more than a page is fetched page by page, also while tasks are made`() async throws {
        try await SimulatedScale.runIdle { scale in
            var ids: [String] = []
            for _ in 0..<230 { ids.append(try await scale.makeTask().id) }
            let all = try await scale.live.tasks().all().map(\.id)
            #expect(all == ids.reversed())
            #expect(scale.count("GET /tasks") == 3)
            #expect(try await scale.live.taskCount(TaskFilter(status: .pending)) == 230)

            var filter = TaskFilter(type: .categorization)
            filter.pageSize = 50
            var pages = scale.live.tasks(filter).makeAsyncIterator()
            var seen: [String] = []
            while let task = try await pages.next() {
                seen.append(task.id)
                // The keyset paging of Scale neither repeats nor misses what was there.
                if seen.count % 60 == 0 { _ = try await scale.makeTask() }
            }
            #expect(seen == ids.reversed())
            #expect(scale.count("GET /tasks") == 3 + 1 + 5)
        }
    }

    @Test func `a page that fails is asked for again, and a wrong filter is refused`() async throws {
        try await SimulatedScale.runIdle { scale in
            for _ in 0..<5 { _ = try await scale.makeTask() }
            var filter = TaskFilter()
            filter.pageSize = 2
            var pages = scale.live.tasks(filter).makeAsyncIterator()
            for _ in 0..<2 { _ = try await pages.next() }
            try scale.simulator.failNext(.init(pathContains: "/tasks", status: 403))
            do throws(ScaleError) {
                _ = try await pages.next()
                Issue.record("the page failed")
            } catch {
                #expect(error.code == .forbidden)
            }
            var rest = 0
            while try await pages.next() != nil { rest += 1 }
            #expect(rest == 3)
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.taskCount(TaskFilter(status: "lost"))
            }
            #expect(error?.code == .badRequest)
        }
    }
}
