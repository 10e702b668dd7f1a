import Foundation
import NIOHTTP1
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleClientFilesTests {
    private static let fileJSON = #"{"id":"f1","attachment_url":"scaledata://a/f1","reference_id":"r-1","size":7}"#

    private func upload(
        _ fixture: ClientFixture,
        _ path: String,
        referenceID: String? = nil,
        project: String? = nil
    ) async -> ScaleError? {
        await scaleError { () throws(ScaleError) in
            try await fixture.client.uploadFile(
                at: path,
                options: .init(projectName: project, referenceID: referenceID)
            )
        }
    }

    @Test func `an upload is one form with a known length and the fields of the contract`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/quay \"1\".PNG", "PICTURE")
            try await ClientFixture.run(answers: [.json(Self.fileJSON)]) { fixture in
                let file = try await fixture.client.uploadFile(
                    at: path,
                    options: .init(
                        displayName: "Quay",
                        projectName: "dock",
                        referenceID: "r-1",
                        metadata: ["camera": "cam2"]
                    )
                )
                #expect(file.id == "f1")
                #expect(file.attachmentURL == "scaledata://a/f1")
                let request = try #require(fixture.server.requests.first)
                #expect(request.method == "POST")
                #expect(request.uri == "/v1/files/upload")
                #expect(request.headers.first(name: "content-length") == "\(request.body.utf8.count)")
                #expect(!request.headers.contains(name: "transfer-encoding"))
                #expect(
                    request.headers.first(name: "content-type")?.hasPrefix("multipart/form-data; boundary=") == true
                )
                #expect(request.headers.contains(name: "authorization"))
                for text in [
                    "name=\"display_name\"\r\n\r\nQuay\r\n", "name=\"project_name\"\r\n\r\ndock\r\n",
                    "name=\"reference_id\"\r\n\r\nr-1\r\n", "name=\"metadata\"\r\n\r\n{\"camera\":\"cam2\"}\r\n",
                    "name=\"file\"; filename=\"quay %221%22.PNG\"\r\nContent-Type: image/png\r\n\r\nPICTURE\r\n",
                ] {
                    #expect(request.body.contains(text))
                }
            }
        }
    }

    @Test func `a file over the limit is refused with limit and size before anything is sent`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/large", "")
            #expect(truncate(path, off_t(ScaleClient.maximumUploadBytes + 1)) == 0)
            try await ClientFixture.run(answers: [.json(Self.fileJSON)]) { fixture in
                let error = await self.upload(fixture, path)
                #expect(error?.code == .invalidArgument)
                #expect(error?.message.contains("\(ScaleClient.maximumUploadBytes)") == true)
                #expect(error?.message.contains("\(ScaleClient.maximumUploadBytes + 1)") == true)
                #expect(fixture.server.connections == 0)
            }
        }
    }

    @Test func `what is no readable file is refused with its path before anything is sent`() async throws {
        try await withTemporaryFolder { folder in
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            try await ClientFixture.run(answers: [.json(Self.fileJSON)]) { fixture in
                for path in [folder + "/none", folder, folder + "/pipe"] {
                    let error = await self.upload(fixture, path)
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains(path) == true)
                    #expect(error?.isOutcomeUnknown == false)
                }
                #expect(fixture.server.connections == 0)
            }
        }
    }

    @Test func `without a reference id an unclear answer is final`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "PICTURE")
            for answer in [ScriptedServer.Answer.html(500), .reset, .close] {
                try await ClientFixture.run(answers: [answer, .json(Self.fileJSON)]) { fixture in
                    let error = await self.upload(fixture, path)
                    #expect(error?.isOutcomeUnknown == true)
                    #expect(fixture.server.requests.count == 1)
                }
            }
        }
    }

    @Test func `with a reference id it is repeated with the whole file`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "PICTURE")
            let answers: [ScriptedServer.Answer] = [.html(502), .reset, .json(Self.fileJSON)]
            try await ClientFixture.run(answers: answers) { fixture in
                let error = await self.upload(fixture, path, referenceID: "r-1")
                #expect(error == nil)
                let bodies = Set(fixture.server.requests.map(\.body))
                #expect(fixture.server.requests.count == 3)
                #expect(bodies.count == 1)
                #expect(bodies.first?.contains("\r\n\r\nPICTURE\r\n") == true)
            }
        }
    }

    @Test func `a conflict with what an earlier attempt uploaded is found in the project`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "PICTURE")
            let taken = ScriptedServer.Answer.status(409, #"{"error":"The reference_id is used"}"#)
            let other = #"{"id":"f0","attachment_url":"scaledata://a/f0","reference_id":"r-0"}"#
            let found = ScriptedServer.Answer.json(#"{"docs":[\#(other),\#(Self.fileJSON)],"has_more":false}"#)
            let none = ScriptedServer.Answer.json(#"{"docs":[\#(other)],"has_more":false}"#)
            let cases: [([ScriptedServer.Answer], ScaleError.Code?, Bool?)] = [
                ([.html(500), taken, found], nil, nil),
                ([.html(500), taken, none], .conflict, true),
                ([.html(500), taken, .status(404)], .conflict, true),
                // Nothing came before this refusal, so that it is one.
                ([taken, found], .conflict, false),
            ]
            for (answers, code, isOutcomeUnknown) in cases {
                try await ClientFixture.run(answers: answers) { fixture in
                    let error = await self.upload(fixture, path, referenceID: "r-1", project: "dock")
                    #expect(error?.code == code)
                    #expect(error?.isOutcomeUnknown == isOutcomeUnknown)
                }
            }
        }
    }

    @Test func `a file that shrinks while it is sent fails the call at once`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "")
            // More than all buffers between the two hold.
            #expect(truncate(path, 64 << 20) == 0)
            let started = ContinuousClock.now
            try await ClientFixture.run(
                onHead: {
                    truncate(path, 1 << 20)
                    return nil
                },
                script: { _, _ in .json(Self.fileJSON) },
                body: { fixture in
                    let error = await self.upload(fixture, path, referenceID: "r-1")
                    #expect(error?.code == .fileFailed)
                    #expect(error?.message.contains(path) == true)
                    #expect(error?.isOutcomeUnknown == false)
                    #expect(fixture.server.requests.isEmpty)
                }
            )
            #expect(ContinuousClock.now - started < .seconds(15))
        }
    }

    @Test func `an upload has the longer timeout and obeys a cancellation`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "PICTURE")
            try await ClientFixture.run(
                configure: .init {
                    $0.timeout = .milliseconds(1)
                    $0.transferTimeout = .milliseconds(500)
                    $0.retry.attempts = 1
                },
                answers: [.never]
            ) { fixture in
                let error = await self.upload(fixture, path)
                #expect(error?.code == .timeout)
                #expect(error?.message.contains("0.5") == true)
                #expect(error?.isOutcomeUnknown == true)
            }
            try await ClientFixture.run(answers: [.never]) { fixture in
                let upload = Task { await self.upload(fixture, path) }
                while fixture.server.requests.isEmpty { await Task.yield() }
                upload.cancel()
                let error = await upload.value
                #expect(error?.code == .cancelled)
                #expect(error?.isOutcomeUnknown == true)
            }
        }
    }

    @Test func `an answer that comes before the file was read ends the upload`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "")
            #expect(truncate(path, 64 << 20) == 0)
            let reason = #"{"error":"who are you"}"#
            let open = ScriptedServer.Answer.status(401, reason)
            let closed = ScriptedServer.Answer(text: open.text, ending: .close)
            for answer in [open, closed] {
                try await ClientFixture.run(
                    configure: .init { $0.retry.attempts = 1 },
                    onHead: { answer },
                    script: { _, _ in .never },
                    body: { fixture in
                        let error = await self.upload(fixture, path)
                        // A server that hangs up may take its answer along.
                        let codes: [ScaleError.Code] = [.unauthorized, .connectionFailed]
                        #expect(codes.prefix(answer.ending == .close ? 2 : 1).contains { $0 == error?.code })
                        #expect(error?.isOutcomeUnknown == false)
                    }
                )
            }
        }
    }

    @Test func `a 429 for an upload holds back other calls`() async throws {
        try await withTemporaryFolder { folder in
            let path = try makeFile(folder + "/a", "PICTURE")
            let answers = [ScriptedServer.Answer.status(429, headers: [("Retry-After", "20")]), .json(taskJSON())]
            try await ClientFixture.run(configure: .init { $0.retry.attempts = 1 }, answers: answers) { fixture in
                let error = await self.upload(fixture, path)
                #expect(error?.code == .tooManyRequests)
                _ = try await fixture.client.task("5f00")
                #expect(fixture.clock.sleeps == [.seconds(20)])
            }
        }
    }

    @Test func `an import names the file and what is known of it`() async throws {
        try await ClientFixture.run(answers: [.json(Self.fileJSON)]) { fixture in
            _ = try await fixture.client.importFile(
                from: "https://example.com/a.png",
                options: .init(referenceID: "r-1", metadata: ["n": 1])
            )
            let request = try #require(fixture.server.requests.first)
            #expect(request.uri == "/v1/files/import")
            #expect(
                request.body
                    == #"{"file_url":"https://example.com/a.png","reference_id":"r-1","metadata":{"n":1}}"#
            )
        }
    }

    @Test(arguments: ["next_token", "cursor", "next_cursor"])
    func `files are listed page by page by whatever name the token has`(key: String) async throws {
        let answers = [
            ScriptedServer.Answer.json(#"{"docs":[\#(Self.fileJSON)],"has_more":true,"\#(key)":"a+b"}"#),
            .json(#"{"docs":[{"id":"f2","attachment_url":"scaledata://a/f2"}]}"#),
        ]
        try await ClientFixture.run(configure: .init { $0.fileListPath = "/assets" }, answers: answers) { fixture in
            var ids: [String] = []
            for try await file in fixture.client.files(inProject: "dock", metadata: ["a": 1], pageSize: 5) {
                ids.append(file.id)
            }
            #expect(ids == ["f1", "f2"])
            let parameter = key == "next_token" ? "next_token" : "cursor"
            let first = "/v1/assets?project=dock&metadata=%7B%22a%22%3A1%7D&limit=5"
            #expect(fixture.server.requests.map(\.uri) == [first, "\(first)&\(parameter)=a%2Bb"])
        }
    }

    @Test func `a bare list of files is the whole list`() async throws {
        try await ClientFixture.run(answers: [.json("[\(Self.fileJSON)]")]) { fixture in
            var ids: [String] = []
            for try await file in fixture.client.files(inProject: "dock") { ids.append(file.id) }
            #expect(ids == ["f1"])
            #expect(fixture.server.requests.map(\.uri) == ["/v1/files?project=dock"])
        }
    }
}
