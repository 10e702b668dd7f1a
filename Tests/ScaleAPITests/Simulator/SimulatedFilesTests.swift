import Foundation
import NIOHTTP1
import ScaleAPI
import ScaleSimulator
import Testing

/// Files that go to Scale, and result files that come from it.
@Suite(.timeLimit(.minutes(1))) struct SimulatedFilesTests {
    /// FNV-1a of 64 bits, as the simulator's books tell it.
    private func digest(_ bytes: [UInt8]) -> String {
        let digest = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Bytes that no part of a form could be mistaken for.
    private func makeBytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    }

    @Test func `a file arrives byte by byte as it was on disk`() async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                _ = try await scale.live.createProject("dock", type: .imageAnnotation)
                let bytes = self.makeBytes(700_001)
                let path = "\(folder)/quay \"1\".png"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let options = ScaleFile.Options(
                    displayName: "Quay",
                    projectName: "dock",
                    referenceID: "r/1",
                    metadata: ["shelf": 3, "é": "ü"]
                )
                let file = try await scale.live.uploadFile(at: path, options: options)
                #expect(file.size == bytes.count && file.mimeType == "image/png" && file.referenceID == "r/1")
                #expect(file.metadata == ["shelf": 3, "é": "ü"] && file.projectNames == ["dock"])
                #expect(file.attachmentURL.hasPrefix("scaledata://") && file.createdAt != nil)
                let book = try #require(try await scale.look("/simulator/files")["docs"]?[0])
                #expect(book["id"]?.string == file.id && book["digest"]?.string == self.digest(bytes))
                #expect(book["display_name"] == "Quay")

                // What was uploaded can be the attachment of a task.
                let task = ImageAnnotationTask(attachment: file.attachmentURL, geometries: [.box(["truck"])])
                #expect(try await scale.completed(try await scale.live.createTask(task)).result != nil)

                let taken = await scaleError { () throws(ScaleError) in
                    try await scale.live.uploadFile(at: path, options: options)
                }
                #expect(taken?.code == .conflict && taken?.message.contains(file.id) == true)
                let plain = try await scale.live.uploadFile(at: path, mimeType: "application/x-quay")
                #expect(plain.mimeType == "application/x-quay" && plain.referenceID == nil)
            }
        }
    }

    @Test func `files are imported without being fetched, and listed page by page`() async throws {
        try await SimulatedScale.run { scale in
            _ = try await scale.live.createProject("dock", type: .imageAnnotation)
            var ids: [String] = []
            for index in 0..<7 {
                let options = ScaleFile.Options(
                    projectName: "dock",
                    referenceID: "r\(index)",
                    metadata: ["even": .bool(index % 2 == 0)]
                )
                let file = try await scale.live.importFile(from: "https://a.example.com/\(index).mp4", options: options)
                #expect(file.mimeType == "video/mp4" && file.referenceID == "r\(index)")
                ids.append(file.id)
            }
            let all = try await scale.live.files(inProject: "dock").all()
            #expect(all.map(\.id) == ids.reversed())
            let paged = try await scale.live.files(inProject: "dock", pageSize: 3).all()
            #expect(paged == all && scale.count("GET /files") == 1 + 3)
            let even = try await scale.live.files(inProject: "dock", metadata: ["even": true], pageSize: 1).all()
            #expect(even.compactMap(\.referenceID) == ["r6", "r4", "r2", "r0"])
            let error = await scaleError { () throws(ScaleError) in
                var files = scale.live.files(inProject: "none").makeAsyncIterator()
                return try await files.next()
            }
            #expect(error?.code == .notFound)
            let unreachable = await scaleError { () throws(ScaleError) in
                try await scale.live.importFile(from: "https://nowhere.invalid/1")
            }
            #expect(unreachable?.code == .badRequest)
        }
    }

    // MARK: - Result files

    private func resultURL(_ client: ScaleClient) async throws -> String {
        let video = VideoTask(source: .file("https://a.example.com/1.mp4"), geometries: [.box(["truck"])])
        return try #require(try await client.createTask(video).result?.annotationsURL)
    }

    @Test func `a result file wants the live key, also for a task of test mode, and is saved whole`() async throws {
        try await withTemporaryFolder { folder in
            try await SimulatedScale.run { scale in
                let url = try await self.resultURL(scale.test)
                #expect(url.hasPrefix("\(scale.baseURL)/task/"))
                let bytes = try await scale.live.resultFile(at: url)
                #expect(try JSON(parsing: bytes).array?.count == 30)
                let path = "\(folder)/result.json"
                // Only half of it comes the first time.
                try scale.simulator.failNext(.init(pathContains: "response_url", status: nil, truncated: true))
                try await scale.live.saveResultFile(at: url, to: path)
                #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result.json"])

                let wrongKey = await scaleError { () throws(ScaleError) in try await scale.test.resultFile(at: url) }
                #expect(wrongKey?.code == .unauthorized)
                let missing = await scaleError { () throws(ScaleError) in
                    try await scale.live.resultFile(at: url + "0")
                }
                #expect(missing?.code == .notFound)
                let large = await scaleError { () throws(ScaleError) in
                    try await scale.live.saveResultFile(at: url, to: "\(folder)/large", limit: bytes.count - 1)
                }
                #expect(large?.code == .responseTooLarge)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result.json"])
            }
        }
    }

    @Test func `an open result URL is read by whoever has it`() async throws {
        try await SimulatedScale.run(.with { $0.secureResultURLs = false }) { scale in
            let url = try await self.resultURL(scale.test)
            #expect(url.contains("/results/"))
            #expect(try await scale.client(key: "nobody").resultFile(at: url).isEmpty == false)
        }
    }

    @Test func `a redirect of a result file is followed without the key, one of a call not at all`() async throws {
        try await ScriptedServer.run(answer: .status(200, "elsewhere")) { elsewhere, port in
            try await SimulatedScale.run { scale in
                let url = try await self.resultURL(scale.test)
                let redirect = ScaleSimulator.FailureRule(status: 307, times: 4, location: "http://127.0.0.1:\(port)/f")
                try scale.simulator.failNext(redirect)
                let call = await scaleError { () throws(ScaleError) in try await scale.live.task("5f00") }
                #expect(call?.code == .redirected && call?.status == 307)
                let change = await scaleError { () throws(ScaleError) in
                    try await scale.live.setTags([], ofTask: "5f00")
                }
                #expect(change?.code == .redirected && change?.isOutcomeUnknown == false)
                let refused = await scaleError { () throws(ScaleError) in try await scale.live.resultFile(at: url) }
                #expect(refused?.code == .invalidArgument && elsewhere.requests.isEmpty)
                let bold = scale.client { $0.allowsPrivateResultHosts = true }
                #expect(try await bold.resultFile(at: url) == Array("elsewhere".utf8))
                #expect(elsewhere.requests.count == 1)
                #expect(elsewhere.requests.first?.headers.contains(name: "authorization") == false)
            }
        }
    }
}
