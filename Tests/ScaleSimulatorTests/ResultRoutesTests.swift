import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct ResultRoutesTests {
    private static let tasks: [(String, JSON)] = [
        ("segmentannotation", ["attachment": "x", "labels": ["road"], "instance_labels": ["car"]]),
        (
            "videoannotation",
            ["attachments": ["1", "2", "3"], "geometries": ["box": ["objects_to_annotate": ["truck"]]]]
        ),
        (
            "videoplaybackannotation",
            [
                "attachment": "x.mp4", "attachment_type": "video", "events_to_annotate": ["stop"],
                "geometries": ["box": ["objects_to_annotate": ["truck"]]],
            ]
        ),
        ("lidarannotation", ["attachments": ["1", "2"], "attachment_type": "json", "labels": ["car"]]),
        ("lidarsegmentation", ["attachments": ["1", "2"], "labels": ["ground"]]),
        ("lidarlinking", ["lidar_task": "x", "label_map": ["truck": "Truck"]]),
    ]

    /// All URLs in a response.
    private func urls(_ json: JSON) -> [String] {
        if let text = json.string { return text.hasPrefix("http") ? [text] : [] }
        return (json.array ?? (json.object?.members ?? []).map(\.value)).flatMap { self.urls($0) }
    }

    @Test(arguments: 0..<6) func `every result URL leads to a file, for a live key alone`(number: Int) async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let (type, body) = Self.tasks[number]
            let task = try await api.test.post("/task/\(type)", body)
            let urls = self.urls(task["response"] ?? .null)
            #expect(!urls.isEmpty)
            for url in urls {
                #expect(url.hasPrefix("\(baseURL)/task/\(task["task_id"]?.string ?? "")/response_url/"))
                let file = try await API(baseURL: url).get("")
                #expect(file.status == 200)
                let isPicture = file.headers["content-type"] == ["image/png"]
                #expect(isPicture ? file.bytes.prefix(4) == [0x89, 0x50, 0x4E, 0x47] : file.json != .null)
                #expect(try await API(baseURL: url).get("").bytes == file.bytes)
                #expect(try await API(baseURL: url, key: nil).get("").status == 401)
                #expect(try await API(baseURL: url, key: "test_simulator").get("").status == 401)
            }
            #expect(Set(urls).count == urls.count)
            #expect(try await API(baseURL: urls[0] + "0").get("").status == 404)
            #expect(try await api.get("/task/none/response_url/x").status == 404)
            #expect(try await API(baseURL: String(baseURL.dropLast(3))).get("/results/x/y").status == 404)
        }
    }

    @Test func `files show the labels that were asked for, unless the books say otherwise`() async throws {
        for (share, isFaulty) in [(0.0, false), (1.0, true)] {
            var configuration = ScaleSimulator.Configuration.fast
            configuration.faultShare = share
            try await ScaleSimulator.withRunning(configuration) { baseURL, simulator in
                let api = API(baseURL: baseURL)
                for (type, body) in Self.tasks where type != "segmentannotation" {
                    let task = try await api.test.post("/task/\(type)", body)
                    let id = try #require(task["task_id"]?.string)
                    let url = try #require(task["response"]?["annotations"]?["url"]?.string)
                    let text = try await API(baseURL: url).get("").json.text
                    #expect(text.contains("not_in_the_taxonomy") == isFaulty, "\(type)")
                    #expect(simulator.plantedFaults[id] == (isFaulty ? .labelNotAskedFor : nil))
                }
            }
        }
    }

    @Test func `a file outlives the recall of its task`() async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, simulator in
            let api = API(baseURL: baseURL)
            let task = try await api.test.post("/task/lidarannotation", Self.tasks[3].1)
            let id = try #require(task["task_id"]?.string)
            let url = try #require(task["response"]?["annotations"]?["url"]?.string)
            let before = try await API(baseURL: url).get("")
            try simulator.recall(id)
            #expect(try await API(baseURL: url).get("").bytes == before.bytes)
            try await eventually("done again") { try await api.test.get("/task/\(id)")["status"] == "completed" }
            let second = try await api.test.get("/task/\(id)")["response"]?["annotations"]?["url"]?.string
            #expect(second != nil && second != url)
            #expect(try await API(baseURL: url).get("").bytes == before.bytes)
        }
    }

    @Test func `open result URLs need no key and hide behind their names`() async throws {
        var configuration = ScaleSimulator.Configuration.fast
        configuration.secureResultURLs = false
        configuration.publicURL = "http://simulator.example.com:8090"
        try await ScaleSimulator.withRunning(configuration) { baseURL, _ in
            let task = try await API(baseURL: baseURL).test.post("/task/lidarannotation", Self.tasks[3].1)
            let url = try #require(task["response"]?["annotations"]?["url"]?.string)
            let path = try #require(url.split(separator: "8090").last)
            #expect(url.hasPrefix("http://simulator.example.com:8090/results/"))
            let root = String(baseURL.dropLast(3)) + path
            #expect(try await API(baseURL: root, key: nil).get("").json[0]?["cuboids"]?.array?.isEmpty == false)
            #expect(try await API(baseURL: root, key: nil).get("x").status == 404)
        }
    }

    @Test func `frames that cannot be loaded are named one by one`() async throws {
        try await ScaleSimulator.withRunning(.fast) { baseURL, _ in
            let api = API(baseURL: baseURL).test
            let task = try await api.post(
                "/task/lidarannotation",
                ["attachments": ["https://a.example/1", "https://b.invalid/2", "scaledata://x/y"], "labels": ["car"]]
            )
            #expect(task["status"] == "error")
            #expect(task["response"]?["attachments"] == nil)
            #expect(task["response"]?["frames"]?.array?.map { $0["frame"]?.int } == [1, 2])
            #expect(task["response"]?["frames"]?[0]?["attachment"]?["url"] == "https://b.invalid/2")
        }
    }
}
