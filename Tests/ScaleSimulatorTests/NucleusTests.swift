import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct NucleusTests {
    private func makeDataset(_ api: API) async throws -> String {
        let answer = try await api.post("/nucleus/dataset/create", ["name": "quay", "is_scene": false])
        guard let id = answer["dataset_id"]?.string else { throw API.Unexpected(answer: answer) }
        return id
    }

    private func item(_ reference: String, _ url: String = "https://example.com/a.png", _ n: Int = 0) -> JSON {
        ["reference_id": .string(reference), "image_url": .string(url), "metadata": ["n": JSON(n)]]
    }

    @Test func `remote items are added, ignored or overwritten by their reference`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let path = "/nucleus/dataset/\(try await self.makeDataset(api))"
            let first = try await api.post("\(path)/append", ["items": [self.item("a"), self.item("b", "s3://x/y")]])
            #expect(first["new_items"] == 2)
            let again: JSON = ["items": [self.item("a", "gs://x", 1), self.item("c")]]
            let second = try await api.post("\(path)/append", again)
            #expect(second["new_items"] == 1 && second["ignored_items"] == 1)
            #expect(try await api.get("\(path)/refloc/a")["item"]?["metadata"] == ["n": 0])
            let third = try await api.post(
                "\(path)/append",
                ["items": [self.item("a", "http://x", 1)], "update": true]
            )
            #expect(third["updated_items"] == 1)
            #expect(try await api.get("\(path)/refloc/a")["item"]?["metadata"] == ["n": 1])
            #expect(try await api.get("\(path)/info")["length"] == 3)
            #expect(try await api.get("\(path)/size")["count"] == 3)
            #expect(try await api.get("/nucleus/dataset/details").json[0]?["name"] == "quay")
            let bad = try await api.post("\(path)/append", ["items": [self.item("d"), self.item("e", "file:///x")]])
            #expect(bad.status == 400)
            #expect(try await api.get("\(path)/size")["count"] == 3)
            #expect(try await api.call(.DELETE, "\(path)/refloc/a").status == 200)
            #expect(try await api.get("\(path)/refloc/a").status == 404)
            #expect(try await api.get("\(path)/refloc/c")["item"]?["reference_id"] == "c")
            let page = try await api.post("\(path)/itemsPage", ["pageSize": 1])
            #expect(page["items"]?[0]?["reference_id"] == "b")
            let rest = try await api.post("\(path)/itemsPage", ["pageToken": page["nextPageToken"] ?? .null])
            #expect(rest["items"]?.array?.count == 1)
            #expect(rest["nextPageToken"]?.isNull == true)
            #expect(try await api.test.get("\(path)/info").status == 404)
        }
    }

    @Test func `deleted items leave the others in their order, and pages go on`() {
        var dataset = NucleusDataset(id: "ds_1", name: "quay", isScene: false, usesPrivacyMode: false)
        for number in 0..<200 {
            dataset["\(number)"] = .init(id: "di_\(number)", referenceID: "\(number)", imageURL: "", metadata: [:])
        }
        for number in 0..<200 where number % 4 != 1 { dataset["\(number)"] = nil }
        let left = stride(from: 1, to: 200, by: 4).map(String.init)
        #expect(dataset.count == 50 && dataset.slots.count < 130)
        #expect(dataset.items.map(\.referenceID) == left)
        var found: [String] = []
        var start: Int? = 0
        while let place = start {
            let page = dataset.page(from: place, limit: 7)
            found += page.items.map(\.referenceID)
            start = page.next
        }
        #expect(found == left)
        #expect(dataset["5"]?.id == "di_5" && dataset["6"] == nil)
    }

    @Test func `errors of older jobs are forgotten when there are too many`() throws {
        var nucleus = Nucleus()
        let item: JSON = ["reference_id": .string(String(repeating: "x", count: 900))]
        var outcome = AppendOutcome()
        for _ in 0..<20_000 { outcome.fail(item, "It is gone.") }
        #expect(outcome.count == 20_000 && outcome.errors.count == 10_000 && outcome.finalStatus == "Errored_User")
        for number in 0..<8 {
            let now = Timestamp(milliseconds: 0)
            nucleus.add(
                NucleusJob(id: "job_\(number)", datasetID: "", createdAt: now, finishedAt: now, outcome: outcome)
            )
        }
        #expect(nucleus.jobs.reduce(0) { $0 + $1.outcome.errorBytes } <= Nucleus.maximumErrorBytes)
        #expect(nucleus.job("job_0")?.outcome.errors == [])
        #expect(nucleus.job("job_0")?.outcome.finalStatus == "Errored_User")
        #expect(nucleus.job("job_7")?.outcome.errors.count == 10_000)
    }

    @Test func `what was put to a presigned URL becomes a job with errors per item`() async throws {
        var configuration = ScaleSimulator.Configuration.idle
        configuration.completionDelay = 0.05
        try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let path = "/nucleus/dataset/\(try await self.makeDataset(api))"
            let signed = try await api.call(.GET, "\(path)/signedUrl/r1", headers: [("Host", "evil.example.com")])
            let url = try #require(signed["signed_url"]?.string)
            #expect(url.hasPrefix(baseURL.dropLast(3)))
            let early = try await api.post("\(path)/append?async=1", ["requestId": "r1"])
            #expect(early.status == 400)
            let lines = [self.item("a"), self.item("b", "https://nowhere.invalid/x.png"), ["x": 1]].map(\.text)
            let data = Array((lines + ["{", ""]).joined(separator: "\n").utf8)
            #expect(try await API(baseURL: url, key: nil).send(.PUT, "", data).status == 200)
            #expect(try await API(baseURL: url, key: nil).send(.PUT, "x", data).status == 403)
            let job = try await api.post("\(path)/append?async=1", ["requestId": "r1", "update": true])
            #expect(job["job_last_known_status"] == "Queued")
            #expect(job["job_type"] == "uploadDatasetItems")
            let id = try #require(job["job_id"]?.string)
            try await eventually("the job ends") {
                try await api.get("/nucleus/job/\(id)")["status"] == "Errored_Partial"
            }
            let ended = try await api.get("/nucleus/job/\(id)")
            #expect(ended["job_progress"] == "1.00")
            #expect(ended["message"]?["new_items"] == 1)
            let errors = try await api.get("/nucleus/job/\(id)/errors").json.array ?? []
            #expect(errors.count == 3)
            #expect(JSON(parsing: (errors[0].string ?? "").utf8)?["item"]?["reference_id"] == "b")
            #expect(try await api.get("/nucleus/job/\(id)/info")["job_last_known_status"] == "Errored_Partial")
            #expect(try await api.post("/nucleus/jobs/", ["show_completed": false]).json.array?.count == 1)
            #expect(try await api.post("\(path)/append?async=1", ["requestId": "r1"]).status == 400)
        }
    }

    @Test func `a job shows its progress while it runs`() {
        let start = Timestamp(milliseconds: 1_000_000)
        let job = NucleusJob(
            id: "job_1",
            datasetID: "ds_1",
            createdAt: start,
            finishedAt: Timestamp(milliseconds: start.milliseconds + 10_000),
            outcome: AppendOutcome(new: 13_000)
        )
        func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + milliseconds) }
        #expect(
            [0, 999, 1000, 9999, 10_000].map { job.status(at: at($0)) } == [
                "Queued", "Queued", "Running", "Running", "Completed",
            ]
        )
        let shown = job.statusJSON(at: at(4500))
        #expect(shown["status"] == "Running")
        #expect(shown["completed_steps"] == 2 && shown["total_steps"] == 5)
        #expect(shown["job_progress"] == "0.40")
        #expect(job.statusJSON(at: at(0))["status"] == "Running")
        #expect(job.statusJSON(at: at(20_000))["job_progress"] == "1.00")
    }

    @Test func `pictures come along in both forms, ten at most`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            let path = "/nucleus/dataset/\(try await self.makeDataset(api))/append"
            func list(_ count: Int) -> API.Part {
                let items: [JSON] = (0..<count).map { self.item("r\($0)", "/local/\($0).png") }
                return API.Part(name: "items", contentType: "application/json", bytes: JSON.array(items).utf8)
            }
            let image = API.Part.file("image", "a.png", [1, 2, 3], type: "image/png")
            let many = try await api.form("\(path)?async=1", [list(10)] + Array(repeating: image, count: 10))
            #expect(many.status == 200)
            let id = try #require(many["job_id"]?.string)
            #expect(try await api.get("/nucleus/job/\(id)")["status"] == "Completed")
            let one = API.Part.file("item", "item.json", self.item("r3").utf8, type: "application/json")
            #expect(try await api.form(path, [one, image])["ignored_items"] == 1)
            for parts in [[list(11)] + Array(repeating: image, count: 11), [list(2), image], [image], [list(1)], []] {
                #expect(try await api.form(path, parts).status == 400)
            }
        }
    }

    @Test func `bad requests get the refusal they deserve`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let good = try await self.makeDataset(api)
            let cases: [(HTTPMethod, String, String?, Int)] = [
                (.POST, "dataset/create", "{}", 400), (.POST, "dataset/create", #"{"name":1}"#, 400),
                (.POST, "dataset/unknown/append", #"{"items":[{}]}"#, 404),
                (.POST, "dataset/\(good)/append", "{}", 400),
                (.POST, "dataset/\(good)/append", #"{"items":{}}"#, 400),
                (.POST, "dataset/\(good)/append", #"{"items":[]}"#, 400),
                (.POST, "dataset/\(good)/append?async=x", #"{"items":[{}]}"#, 400),
                (.POST, "dataset/\(good)/append", "[", 400),
                (.POST, "dataset/\(good)/append?async=1", #"{"request_id":"none"}"#, 400),
                (.POST, "dataset/\(good)/append", #"{"items":[{"reference_id":"x"}]}"#, 400),
                (.GET, "dataset/unknown/info", nil, 404), (.GET, "dataset/unknown/signedUrl/r", nil, 404),
                (.GET, "dataset/\(good)/refloc/none", nil, 404), (.GET, "job/unknown", nil, 404),
                (.GET, "job/unknown/errors", nil, 404), (.POST, "jobs/", #"{"limit":0}"#, 400),
                (.POST, "jobs/", #"{"from_date":"soon"}"#, 400),
                (.POST, "dataset/\(good)/itemsPage", #"{"pageToken":"x"}"#, 400),
                (.POST, "dataset/\(good)/itemsPage", #"{"pageSize":-1}"#, 400), (.DELETE, "dataset/unknown", nil, 404),
            ]
            for (method, path, body, status) in cases {
                let answer = try await api.send(method, "/nucleus/\(path)", body.map { Array($0.utf8) })
                #expect(answer.status == status, "\(path) \(body ?? ""): \(answer.json.text)")
            }
        }
    }
}
