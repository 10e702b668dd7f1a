import NIOHTTP1
import Testing

@testable import ScaleSimulator

@Suite(.timeLimit(.minutes(1))) struct FileRoutesTests {
    @Test func `an uploaded file is described, listed, and stands for itself in a task`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("dock", "categorization")
            let file = try await api.form(
                "/files/upload",
                [
                    .field("project_name", "dock"), .field("reference_id", "quay-1"),
                    .field("metadata", #"{"camera":"cam2"}"#),
                    .file("file", "../a/quay.png", Array(repeating: 0x0D, count: 100_000)),
                ]
            )
            #expect(file.status == 200)
            #expect(file["size"] == 100_000)
            #expect(file["mime_type"] == "image/png")
            #expect(file["display_name"] == "quay.png")
            #expect(file["metadata"] == ["camera": "cam2"])
            #expect(file["project_names"] == ["dock"])
            let url = try #require(file["attachment_url"]?.string)
            #expect(url.hasPrefix("scaledata://"))

            #expect(try await api.get("/files?project=dock")["docs"] == [file.json])
            let book = try await api.root.get("/simulator/files")
            let digest = MultipartForm.digest(0xCBF2_9CE4_8422_2325, [UInt8](repeating: 0x0D, count: 100_000)[...])
            #expect(book["docs"]?[0]?["digest"]?.string == SeededGenerator.hex(digest, 16))
            #expect(book["next"]?.isNull == true)
            #expect(try await api.get("/files?project=dock&metadata=%7B%22camera%22%3A%22x%22%7D")["docs"] == [])
            let again = try await api.form("/files/upload", [.field("reference_id", "quay-1"), .file("file", "b", [])])
            #expect(again.status == 409)
            let id = try #require(file["id"]?.string)
            #expect(again["error"]?.string?.contains(id) == true)

            // The other mode knows neither the file nor the project, so a task with it ends in error.
            let task: JSON = ["attachment": .string(url), "categories": ["a"]]
            let elsewhere = try await api.test.post("/task/categorization", task)
            #expect(elsewhere["status"] == "error")
            #expect(elsewhere["response"]?["attachments"]?[0]?["statusCode"] == 403)
            let own = try await api.test.form("/files/upload", [.file("file", "a.jpg", [1])])
            let url2 = try #require(own["attachment_url"])
            let good = try await api.test.post("/task/categorization", ["attachment": url2, "categories": ["a"]])
            #expect(good["status"] == "completed")
        }
    }

    @Test func `a page of files goes on where the one before ended`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("p", "imageannotation")
            for number in 0..<5 {
                try await api.post(
                    "/files/import",
                    ["file_url": .string("https://example.com/\(number).mp4?x=y"), "project_name": "p"]
                )
            }
            var names: [String?] = []
            var path = "/files?project=p&limit=2"
            while true {
                let page = try await api.get(path)
                #expect(page["total"] == 5)
                names += (page["docs"]?.array ?? []).map { $0["display_name"]?.string }
                guard page["has_more"] == true, let cursor = page["cursor"]?.string else { break }
                path = "/files?project=p&limit=2&cursor=\(cursor)"
            }
            #expect(names == ["4.mp4", "3.mp4", "2.mp4", "1.mp4", "0.mp4"])
        }
    }

    @Test func `bad forms are refused and leave nothing`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let file = API.Part.file("file", "a.png", [1])
            let cases: [([API.Part], Int)] = [
                ([], 400), ([.field("file", "not a file")], 400), ([.file("other", "a", [1])], 400),
                ([file, .field("metadata", "[]")], 400), ([file, .field("metadata", "{")], 400),
                ([file, .field("project_name", "unknown")], 404),
                ([file, .field("display_name", String(repeating: "x", count: 70_000))], 413),
                ([file, API.Part(name: "metadata", bytes: [0xFF])], 400),
                (Array(repeating: file, count: 21), 400),
            ]
            for (parts, status) in cases {
                let answer = try await api.form("/files/upload", parts)
                #expect(answer.status == status, "\(answer.json.text)")
                #expect(answer["status_code"]?.int == status)
            }
            #expect(try await api.post("/files/upload", [:]).status == 400)
        }
    }

    @Test func `a file above 80 MB is a 413`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let large = [UInt8](repeating: 0x61, count: 80 * 1024 * 1024 + 1)
            let answer = try await API(baseURL: baseURL).form("/files/upload", [.file("file", "a", large)])
            #expect(answer.status == 413)
        }
    }

    @Test(arguments: [
        (#"{"file_url":"https://example.com/a.png"}"#, 200), (#"{"file_url":"ftp://example.com/a.png"}"#, 400),
        (#"{"file_url":"https://"}"#, 400), (#"{"file_url":"https://a b"}"#, 400), (#"{"file_url":7}"#, 400),
        ("{}", 400), ("[]", 400), (#"{"file_url":"https://x.invalid/a.png"}"#, 400),
        (#"{"file_url":"http://a/b","reference_id":[]}"#, 400), (#"{"file_url":"http://a/b","metadata":"x"}"#, 400),
        (#"{"file_url":"http://a/b","project_name":"unknown"}"#, 404),
    ])
    func `an import takes http URLs only, and dials none`(body: String, status: Int) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let answer = try await api.post("/files/import", JSON(parsing: body.utf8))
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [
        ("/files", 400), ("/files?project=unknown", 404), ("/files?project=p&cursor=-1", 400),
        ("/files?project=p&cursor=zzzzzz", 400), ("/files?project=p&metadata=%5B%5D", 400),
        ("/files?project=p&limit=0", 400),
    ])
    func `a listing that makes no sense is refused`(path: String, status: Int) async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            try await api.createProject("p", "imageannotation")
            #expect(try await api.get(path).status == status)
        }
    }
}
