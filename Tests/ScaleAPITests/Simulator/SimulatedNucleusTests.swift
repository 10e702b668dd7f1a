import Foundation
import ScaleAPI
import ScaleSimulator
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct SimulatedNucleusTests {
    private func makeDataset(_ scale: SimulatedScale) async throws -> String {
        let answer = try await scale.order("/v1/nucleus/dataset/create", ["name": "quay"])
        return try #require(answer["dataset_id"]?.string)
    }

    private func items(_ dataset: String, _ scale: SimulatedScale) async throws -> [JSON] {
        let answer = try await scale.look("/v1/nucleus/dataset/\(dataset)/datasetItems")
        return try #require(answer["dataset_items"]?.array)
    }

    @Test func `remote items are appended, and known ones only updated when that is asked for`() async throws {
        try await SimulatedScale.run { scale in
            let dataset = try await self.makeDataset(scale)
            var items = (0..<3)
                .map {
                    NucleusItem(
                        image: "s3://quay/\($0).jpg",
                        referenceID: "r\($0)",
                        metadata: ["n": .number(.init($0))]
                    )
                }
            let started = try await scale.live.appendItems(items, toDataset: dataset)
            #expect(started.type == "uploadDatasetItems" && started.status != nil && started.createdAt != nil)
            let job = try await scale.live.waitForNucleusJob(started.id)
            #expect(job.id == started.id && job.status == .completed && job.progress == 1)
            #expect(job.completedSteps == 1 && job.totalSteps == 1 && job.message?["new_items"] == 3)
            #expect(try await scale.live.nucleusJobErrors(job.id).isEmpty)
            #expect(try await scale.live.nucleusJob(job.id) == job)
            #expect(try await scale.live.nucleusJobInfo(job.id).createdAt == started.createdAt)
            let all = try await scale.live.nucleusJobs(ofDataset: dataset, includingCompleted: true)
            #expect(all.map(\.id) == [job.id])
            #expect(try await scale.live.nucleusJobs(ofDataset: dataset).isEmpty, "none runs any more")

            items[0].metadata = ["n": 100]
            for isUpdating in [false, true] {
                let again = try await scale.live.appendItems(items, toDataset: dataset, updating: isUpdating)
                let message = try await scale.live.waitForNucleusJob(again.id).message
                #expect(message?["ignored_items"] == (isUpdating ? 0 : 3))
                #expect(message?["updated_items"] == (isUpdating ? 3 : 0))
            }
            let kept = try await self.items(dataset, scale)
            #expect(kept.map { $0["reference_id"] } == ["r0", "r1", "r2"] && kept[0]["metadata"] == ["n": 100])
        }
    }

    @Test func `local files go out ten at a time`() async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                let dataset = try await self.makeDataset(scale)
                var items: [NucleusItem] = []
                for index in 0..<23 {
                    let path = try makeFile("\(folder)/\(index).jpg", String(repeating: "\(index)", count: 999))
                    items.append(NucleusItem(image: path, referenceID: "r\(index)"))
                }
                let jobs = try await scale.live.appendLocalItems(items, toDataset: dataset)
                #expect(jobs.count == 3 && scale.count("POST /nucleus/dataset/{dataset}/append") == 3)
                var counts: [Int?] = []
                for job in jobs {
                    counts.append(try await scale.live.waitForNucleusJob(job.id).message?["new_items"]?.int)
                }
                #expect(counts == [10, 10, 3])
                #expect(try await self.items(dataset, scale).count == 23)

                items[0].metadata = ["n": 1]
                let again = try await scale.live.appendLocalItems([items[0]], toDataset: dataset, updating: true)
                #expect(try await scale.live.waitForNucleusJob(again[0].id).message?["updated_items"] == 1)
                #expect(try await self.items(dataset, scale).first?["metadata"] == ["n": 1])
            }
        }
    }

    @Test func `progress is told until the job is over`() async throws {
        try await SimulatedScale.run(.with { $0.completionDelay = 0.2 }) { scale in
            let dataset = try await self.makeDataset(scale)
            let items = (0..<6001).map { NucleusItem(image: "gs://quay/\($0).jpg", referenceID: "r\($0)") }
            let started = try await scale.live.appendItems(items, toDataset: dataset)
            let told = Mutex<[NucleusJob]>([])
            let job = try await scale.client(clock: ContinuousClock())
                .waitForNucleusJob(started.id, pollingEvery: .milliseconds(5)) { job in told.withLock { $0.append(job) }
                }
            let jobs = told.withLock(\.self)
            #expect(jobs.last == job && job.totalSteps == 3 && job.completedSteps == 3)
            #expect(jobs.dropLast().allSatisfy { $0.status == .running && $0.message?["status_log"] != "done" })
            let progress = jobs.compactMap(\.progress)
            #expect(progress == progress.sorted() && Set(progress).isSubset(of: [0, 0.33, 0.66, 1]))
        }
    }

    @Test func `a job that takes long is under way, and waiting for it can be given up`() async throws {
        try await SimulatedScale.runIdle { scale in
            let dataset = try await self.makeDataset(scale)
            let item = NucleusItem(image: "gs://quay/1.jpg", referenceID: "r")
            let started = try await scale.live.appendItems([item], toDataset: dataset)
            #expect(started.status == .queued)
            let clock = StillClock()
            let waiting = Task {
                await scaleError { () throws(ScaleError) in
                    try await scale.client(clock: clock)
                        .waitForNucleusJob(started.id) { job in
                            #expect(job.status == .running && job.progress == 0 && job.completedSteps == 0)
                        }
                }
            }
            try await clock.untilSleepers(1)
            waiting.cancel()
            #expect(await waiting.value?.code == .cancelled)
            #expect(clock.sleeps == [.seconds(5)])
            #expect(try await scale.live.nucleusJobErrors(started.id).isEmpty)
            #expect(try await scale.live.nucleusJob(started.id).status == .running)
        }
    }

    @Test func `a job that is done in part fails and tells the reasons`() async throws {
        try await SimulatedScale.run { scale in
            let dataset = try await self.makeDataset(scale)
            let items = [
                NucleusItem(image: "https://a.example.com/1.jpg", referenceID: "good"),
                NucleusItem(image: "https://nowhere.invalid/1.jpg", referenceID: "bad"),
            ]
            let started = try await scale.live.appendItems(items, toDataset: dataset)
            let error = await scaleError { () throws(ScaleError) in try await scale.live.waitForNucleusJob(started.id) }
            #expect(error?.code == .jobFailed && error?.message.contains("Errored_Partial") == true)
            let reasons = try await scale.live.nucleusJobErrors(started.id)
            #expect(reasons.count == 1 && reasons.first?.contains("nowhere.invalid") == true)
            #expect(try await self.items(dataset, scale).map { $0["reference_id"] } == ["good"])
            let missing = await scaleError { () throws(ScaleError) in
                try await scale.live.appendItems([items[0]], toDataset: "ds_none")
            }
            #expect(missing?.code == .notFound)
            let unknown = await scaleError { () throws(ScaleError) in try await scale.live.nucleusJob("job_none") }
            #expect(unknown?.code == .notFound)
        }
    }
}
