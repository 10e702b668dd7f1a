import ScaleAPI
import ScaleSimulator
import Testing

@Suite(.timeLimit(.minutes(1))) struct SimulatedBatchesTests {
    private let name = "a bc/dé?#%"

    @Test func `a batch is made, found, changed and refused a second time`() async throws {
        try await SimulatedScale.runIdle { scale in
            _ = try await scale.live.createProject("pets", type: .categorization)
            let made = try await scale.live.createBatch(
                self.name,
                inProject: "pets",
                callback: "me@example.com",
                isCalibration: true,
                metadata: ["owner": "vision"]
            )
            #expect(made.name == self.name && made.project == "pets" && made.callback == "me@example.com")
            #expect(made.status == .inProgress && made.metadata == ["owner": "vision"] && made.createdAt != nil)
            #expect(made.json["calibration_batch"] == true && made.json["self_label_batch"] == false)
            #expect(try await scale.live.batch(self.name) == made)
            #expect(try await scale.live.setMetadata(["a": 1], ofBatch: self.name).metadata == ["a": 1])
            #expect(try await scale.live.setMetadata([:], ofBatch: self.name).metadata == [:])
            let taken = await scaleError { () throws(ScaleError) in
                try await scale.live.createBatch(self.name, inProject: "pets")
            }
            #expect(taken?.code == .conflict && taken?.isOutcomeUnknown == false)
            let missing = await scaleError { () throws(ScaleError) in try await scale.live.batch("none") }
            #expect(missing?.code == .notFound)
            let orphan = await scaleError { () throws(ScaleError) in
                try await scale.live.createBatch("b", inProject: "none")
            }
            #expect(orphan?.code == .notFound)
        }
    }

    @Test(arguments: Knobs.BatchStatusKeys.allCases)
    func `the progress of a batch is counted under either name`(keys: Knobs.BatchStatusKeys) async throws {
        try await SimulatedScale.runIdle { scale in
            scale.simulator.turnKnobs { $0.batchStatusKeys = keys }
            _ = try await scale.live.createProject("pets", type: .categorization)
            _ = try await scale.live.createBatch("march", inProject: "pets")
            for _ in 0..<3 { _ = try await scale.makeTask(.init(batch: "march")) }
            let last = try await scale.makeTask(.init(batch: "march"))
            _ = try await scale.live.cancelTask(last.id)
            let progress = try await scale.live.batchProgress("march")
            #expect(progress.status == .inProgress)
            #expect(progress.count(.pending) == 3 && progress.count(.canceled) == 1 && progress.count(.completed) == 0)
        }
    }

    @Test func `a staged batch is worked on once it is finalized, which can be done once`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("pets", type: .categorization, isRapid: true)
            #expect(try await scale.live.createBatch("march", inProject: "pets").status == .staging)
            let task = try await scale.makeTask(.init(batch: "march"))
            #expect(task.status == .pending && task.project == "pets")
            #expect(try await scale.live.finalizeBatch("march").status == .inProgress)
            _ = try await scale.completed(task)
            try await scale.eventually { try await scale.live.batch("march").status == .completed }
            #expect(try await scale.live.batchProgress("march").count(.completed) == 1)
            let again = await scaleError { () throws(ScaleError) in try await scale.live.finalizeBatch("march") }
            #expect(again?.code == .badRequest && again?.isOutcomeUnknown == false)
            let late = await scaleError { () throws(ScaleError) in
                try await scale.live.createTask(type: "categorization", parameters: ["batch": "march"])
            }
            #expect(late?.code == .badRequest)
        }
    }

    @Test func `the batch of an enterprise project is not changed by finalizing it`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("pets", type: .categorization)
            let made = try await scale.live.createBatch("march", inProject: "pets")
            for _ in 0..<2 { #expect(try await scale.live.finalizeBatch("march") == made) }
        }
    }

    @Test func `a batch is prioritized with its tasks`() async throws {
        try await SimulatedScale.runIdle { scale in
            _ = try await scale.live.createProject("pets", type: .categorization)
            _ = try await scale.live.createBatch("march", inProject: "pets")
            let task = try await scale.makeTask(.init(batch: "march"))
            try await scale.live.prioritizeBatch("march", priority: 20)
            #expect(try await scale.live.task(task.id).priority == 20)
            #expect(try await scale.makeTask(.init(batch: "march")).priority == 20)
            let error = await scaleError { () throws(ScaleError) in
                try await scale.live.prioritizeBatch("march", priority: 31)
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test func `batches are listed by every filter, page by page and newest first`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("pets", type: .categorization)
            _ = try await scale.live.createProject("rapid", type: .categorization, isRapid: true)
            var batches: [ScaleBatch] = []
            for index in 0..<5 {
                // Times are told in milliseconds, and no two batches shall share one.
                try await Task.sleep(for: .milliseconds(3))
                let project = index % 2 == 0 ? "pets" : "rapid"
                batches.append(try await scale.live.createBatch("b\(index)", inProject: project))
            }
            let task = try await scale.makeCompletedTask(.init(batch: "b2"))
            try await scale.live.auditTask(task.id, accepted: true)
            try await scale.order("/simulator/projects/rapid/archive")
            let time = try #require(batches[2].createdAt)
            let done = try #require(task.completedAt)
            func check(
                _ names: [String],
                sourceLocation: SourceLocation = #_sourceLocation,
                _ set: (inout BatchFilter) -> Void
            ) async throws {
                var filter = BatchFilter()
                set(&filter)
                let found = try await scale.live.batches(filter).all().map(\.name)
                #expect(found == names, sourceLocation: sourceLocation)
                #expect(try await scale.live.batchCount(filter) == names.count, sourceLocation: sourceLocation)
            }
            try await check(["b4", "b3", "b2", "b1", "b0"]) { _ in }
            try await check(["b4", "b2", "b0"]) { $0.project = "pets" }
            try await check(["b3", "b1"]) { $0.status = .staging }
            try await check(["b2"]) { $0.status = .completed }
            try await check(["b4", "b3", "b2"]) { $0.createdAfter = time }
            try await check(["b2", "b1", "b0"]) { $0.createdBefore = time }
            try await check(["b2"]) { $0.completedAfter = done }
            try await check([]) { $0.completedBefore = time }
            try await check(["b2"]) { $0.auditedAfter = done }
            try await check([]) { $0.auditedBefore = time }
            try await check(["b4", "b2", "b0"]) { $0.excludesArchived = true }
            try await check(["b4", "b3", "b2", "b1", "b0"]) { $0.isDetailed = true }
            let before = scale.count("GET /batches")
            try await check(["b4", "b3", "b2", "b1", "b0"]) { $0.pageSize = 2 }
            #expect(scale.count("GET /batches") == before + 3 + 1)
        }
    }

    @Test func `more than a hundred batches are all listed`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("pets", type: .categorization)
            for index in 0..<105 { _ = try await scale.live.createBatch("b\(index)", inProject: "pets") }
            let names = try await scale.live.batches().all().map(\.name)
            #expect(names == (0..<105).reversed().map { "b\($0)" })
            #expect(scale.count("GET /batches") == 2)
        }
    }
}
