import Foundation
import ScaleAPI
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientNucleusTests {
    private func jobJSON(_ status: String, _ more: String = "") -> ScriptedServer.Answer {
        .json(#"{"job_id":"job_1","status":"\#(status)"\#(more)}"#)
    }

    private static let started = ScriptedServer.Answer.json(
        #"{"job_id":"job_1","job_last_known_status":"Queued","job_type":"uploadDatasetItems","#
            + #""job_creation_time":"2025-03-11T08:00:00.000Z"}"#
    )

    @Test func `remote items go in one request and come back as a job`() async throws {
        try await ClientFixture.run(answers: [.html(503), Self.started]) { fixture in
            let job = try await fixture.client.appendItems(
                [.init(image: "s3://b/a.png", referenceID: "r-1", metadata: ["n": 1])],
                toDataset: "ds_1",
                updating: true
            )
            #expect(job.id == "job_1")
            #expect(job.status == .queued)
            #expect(job.createdAt != nil)
            // Known items are not added twice, so that an unclear answer is no reason to stop.
            #expect(fixture.server.requests.count == 2)
            let request = try #require(fixture.server.requests.last)
            #expect(request.uri == "/v1/nucleus/dataset/ds_1/append?async=1")
            #expect(
                request.body
                    == #"{"items":[{"metadata":{"n":1},"reference_id":"r-1","image_url":"s3://b/a.png"}],"update":true}"#
            )
        }
    }

    @Test func `local items go as forms of at most ten files`() async throws {
        try await withTemporaryFolder { folder in
            let items = try (0..<23)
                .map { NucleusItem(image: try makeFile("\(folder)/\($0).jpg", "PIXELS\($0)."), referenceID: "r-\($0)") }
            try await ClientFixture.run(answers: [Self.started]) { fixture in
                let jobs = try await fixture.client.appendLocalItems(items, toDataset: "ds_1")
                #expect(jobs.count == 3)
                let bodies = fixture.server.requests.map(\.body)
                #expect(bodies.map { $0.components(separatedBy: "name=\"image\"").count - 1 } == [10, 10, 3])
                for index in 0..<23 { #expect(bodies[index / 10].contains("\r\n\r\nPIXELS\(index).\r\n")) }
                let described =
                    #"{"metadata":{},"reference_id":"r-22","image_url":"2-22.jpg","update":false}]"# + "\r\n"
                #expect(bodies[2].contains(described))
                #expect(bodies[2].contains("filename=\"2-22.jpg\"\r\nContent-Type: image/jpeg\r\n"))
                #expect(bodies[2].contains("name=\"items\"\r\nContent-Type: application/json\r\n"))
                #expect(!bodies[2].contains(folder))
            }
        }
    }

    @Test func `items that cannot be appended are refused before anything is sent`() async throws {
        let remote = NucleusItem(image: "https://a/b.png", referenceID: "r")
        let local = NucleusItem(image: "/a/b.png", referenceID: "l")
        try await ClientFixture.run(answers: [Self.started]) { fixture in
            for items in [[], [remote, remote], [local], [.init(image: "https://a", referenceID: "")]] {
                let error = await scaleError { () throws(ScaleError) in
                    try await fixture.client.appendItems(items, toDataset: "ds_1")
                }
                #expect(error?.code == .invalidArgument)
            }
            for items in [[], [remote], [local], [.init(image: "", referenceID: "r")]] {
                let error = await scaleError { () throws(ScaleError) in
                    try await fixture.client.appendLocalItems(items, toDataset: "ds_1")
                }
                #expect(error?.code == .invalidArgument)
            }
            #expect(fixture.server.connections == 0)
        }
    }

    @Test func `waiting tells the progress until the job is done`() async throws {
        let answers = [
            self.jobJSON("Queued"), self.jobJSON("Somehow"),
            self.jobJSON("Running", #","job_progress":"0.40","completed_steps":2,"total_steps":"5","message":{}"#),
            self.jobJSON("Completed", #","job_progress":1"#),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            let seen = Mutex<[NucleusJob]>([])
            let job = try await fixture.client.waitForNucleusJob("job_1", pollingEvery: .seconds(7)) { job in
                seen.withLock { $0.append(job) }
            }
            #expect(job.status == .completed)
            let jobs = seen.withLock { $0 }
            #expect(jobs.map { $0.status?.rawValue } == ["Queued", "Somehow", "Running", "Completed"])
            #expect(jobs.map(\.progress) == [nil, nil, 0.4, 1])
            #expect(jobs[2].completedSteps == 2)
            #expect(jobs[2].totalSteps == 5)
            #expect(fixture.clock.sleeps == Array(repeating: .seconds(7), count: 3))
            #expect(fixture.server.requests.first?.uri == "/v1/nucleus/job/job_1")
        }
    }

    @Test(arguments: ["Errored", "Errored_User", "Errored_Partial", "Errored_New", "Cancelled", "Retried"])
    func `a job that ends otherwise is an error that says how`(status: String) async throws {
        try await ClientFixture.run(answers: [self.jobJSON(status, #","message":"3 of 5""#)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.waitForNucleusJob("job_1")
            }
            #expect(error?.code == .jobFailed)
            #expect(error?.message == "the job ended as \(status): 3 of 5")
        }
    }

    @Test func `waiting ends when the caller is cancelled`() async throws {
        let clock = TestClock { _ in withUnsafeCurrentTask { $0?.cancel() } }
        try await ClientFixture.run(clock: clock, answers: [self.jobJSON("Running")]) { fixture in
            let client = fixture.client
            // A task of its own, because it is cancelled from within.
            let error = await Task {
                await scaleError { () throws(ScaleError) in try await client.waitForNucleusJob("job_1") }
            }
            .value
            #expect(error?.code == .cancelled)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test func `jobs are listed and described`() async throws {
        let info = #"{"job_id":"job_1","job_last_known_status":"Running","job_type":"uploadDatasetItems"}"#
        let answers: [ScriptedServer.Answer] = [.html(503), .json("[\(info),\(info)]"), .json("[]"), .json(info)]
        try await ClientFixture.run(answers: answers) { fixture in
            let jobs = try await fixture.client.nucleusJobs(ofDataset: "ds_1", includingCompleted: true, limit: 2)
            #expect(jobs.map(\.status) == [.running, .running])
            let none = try await fixture.client.nucleusJobs()
            #expect(none.isEmpty)
            let job = try await fixture.client.nucleusJobInfo("job_1")
            #expect(job.type == "uploadDatasetItems")
            let list = #"POST /v1/nucleus/jobs {"show_completed":true,"dataset_id":"ds_1","limit":2}"#
            #expect(
                fixture.server.requests.map { "\($0.method) \($0.uri) \($0.body)" } == [
                    list, list, #"POST /v1/nucleus/jobs {"show_completed":false}"#,
                    "GET /v1/nucleus/job/job_1/info ",
                ]
            )
        }
    }

    @Test func `a list of jobs that cannot be had leaves nothing open`() async throws {
        try await ClientFixture.run(answers: [.html(500)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.nucleusJobs() }
            #expect(error?.code == .serverError)
            #expect(error?.isOutcomeUnknown == false)
        }
    }

    @Test func `the errors of a job are told as they came`() async throws {
        try await ClientFixture.run(answers: [.json(#"["a",{"error":"b"}]"#)]) { fixture in
            let errors = try await fixture.client.nucleusJobErrors("job_1")
            #expect(errors == ["a", #"{"error":"b"}"#])
            #expect(fixture.server.requests.first?.uri == "/v1/nucleus/job/job_1/errors")
        }
    }
}
