import ScaleAPI
import Testing

/// Batches, projects, teams, quality and studio: one table of calls, looked at from each side.
@Suite(.timeLimit(.minutes(1))) struct ScaleClientCallsTests {
    @Test(arguments: Call.all)
    func `a call has its method, path, query and body`(call: Call) async throws {
        try await ClientFixture.run(answers: [.json(call.answer)]) { fixture in
            try await call.perform(fixture.client)
            #expect(fixture.server.requests.map { "\($0.method) \($0.uri) \($0.body)" } == [call.request])
        }
    }

    @Test(arguments: Call.all)
    func `any status of success will do`(call: Call) async throws {
        try await ClientFixture.run(answers: [.status(201, call.answer)]) { fixture in
            try await call.perform(fixture.client)
        }
    }

    @Test(arguments: Call.all.filter { !$0.wrongAnswers.isEmpty })
    func `an answer of the wrong shape is an error`(call: Call) async throws {
        let answers = call.wrongAnswers
        try await ClientFixture.run(answers: answers.map { .json($0) }) { fixture in
            for answer in answers {
                let error = await scaleError { () throws(ScaleError) in try await call.perform(fixture.client) }
                #expect(error?.code == .malformedResponse, "\(answer)")
                #expect(error?.isOutcomeUnknown == !call.request.hasPrefix("GET"), "\(answer)")
            }
            #expect(fixture.server.requests.count == answers.count)
        }
    }

    @Test(arguments: Call.all)
    func `only what does no harm twice is sent again after a failure`(call: Call) async throws {
        try await ClientFixture.run(answers: [.html(500), .json(call.answer)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await call.perform(fixture.client) }
            #expect((error == nil) == call.isRepeated)
            #expect(fixture.server.requests.count == (call.isRepeated ? 2 : 1))
        }
    }

    @Test(arguments: Call.all, [400, 401, 402, 403, 404, 409])
    func `a refusal is an error of its status with Scale's reason`(call: Call, status: Int) async throws {
        try await ClientFixture.run(answers: [.status(status, #"{"status_code":0,"error":"why"}"#)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await call.perform(fixture.client) }
            #expect(error?.status == status)
            #expect(error?.message == "why")
            #expect(error?.isOutcomeUnknown == false)
            #expect(fixture.server.requests.count == 1)
        }
    }

    // MARK: - What was made behind a failure

    /// A call that makes something once, what it makes, and something else of that name.
    static let making = [
        (409, #"{"name":"n","project":"p"}"#, #"{"name":"n","project":"other"}"#, "/v1/batches/n"),
        (409, #"{"name":"n","type":"chat"}"#, #"{"name":"n","type":"new"}"#, "/v1/projects/n"),
        (400, #"{"name":"n","status":"in_progress"}"#, #"{"name":"n","status":"staging"}"#, "/v1/batches/n"),
    ]

    private func make(_ index: Int, _ client: ScaleClient) async throws(ScaleError) {
        switch index {
        case 0: _ = try await client.createBatch("n", inProject: "p")
        case 1: _ = try await client.createProject("n", type: .chat)
        default: _ = try await client.finalizeBatch("n")
        }
    }

    @Test(arguments: [0, 1, 2])
    func `what an earlier attempt made is found`(index: Int) async throws {
        let (status, made, _, path) = Self.making[index]
        try await ClientFixture.run(answers: [.html(500), .status(status), .json(made)]) { fixture in
            try await self.make(index, fixture.client)
            #expect(fixture.server.requests.map(\.method) == ["POST", "POST", "GET"])
            #expect(fixture.server.requests.last?.uri == path)
        }
    }

    @Test(arguments: [0, 1, 2])
    func `something else of that name is not taken for it`(index: Int) async throws {
        let (status, _, other, _) = Self.making[index]
        try await ClientFixture.run(answers: [.reset, .status(status), .json(other)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await self.make(index, fixture.client) }
            #expect(error?.status == status)
            #expect(error?.isOutcomeUnknown == true)
        }
    }

    @Test(arguments: [0, 1, 2])
    func `when nobody can say what is there the outcome is unknown`(index: Int) async throws {
        let (status, _, _, _) = Self.making[index]
        try await ClientFixture.run(answers: [.html(500), .status(status), .status(403)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await self.make(index, fixture.client) }
            #expect(error?.code == .forbidden)
            #expect(error?.isOutcomeUnknown == true)
        }
    }

    // MARK: - Refused before sending

    static let repeated: [[OntologyChoice]] = [
        ["a", "b", "a"], ["b", OntologyChoice("c", subchoices: ["a"]), "a"],
        [OntologyChoice("a", subchoices: [OntologyChoice("b", subchoices: ["a"])])],
        [OntologyChoice("b", subchoices: ["a"]), OntologyChoice("c", subchoices: ["d", "a"])],
    ]

    @Test(arguments: repeated)
    func `an ontology that names a choice twice is refused and the choice named`(
        choices: [OntologyChoice]
    ) async throws {
        try await ClientFixture.run(answers: [.json("{}")]) { fixture in
            let error = await scaleError { () throws(ScaleError) in
                try await fixture.client.setOntology(choices, ofProject: "p")
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(#""a""#) == true)
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test func `labelers of no task and no name are refused`() async throws {
        try await ClientFixture.run(answers: [.json("[]")]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.qualityLabelers() }
            #expect(error?.code == .invalidArgument)
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test func `a geometry or an attribute that is named twice is refused, and named`() async throws {
        let twice: [ImageAnnotationTask] = [
            ImageAnnotationTask(attachment: "u", geometries: [.box(["car"]), .line(["lane"]), .box(["person"])]),
            ImageAnnotationTask(
                attachment: "u",
                geometries: [.box(["car"])],
                attributes: [.init("box", kind: .text), .init("box", kind: .number)]
            ),
        ]
        try await ClientFixture.run(answers: [.json("{}")]) { fixture in
            let client = fixture.client
            for task in twice {
                let errors = [
                    await scaleError { () throws(ScaleError) in _ = try await client.createTask(task) },
                    await scaleError { () throws(ScaleError) in
                        _ = try await client.createEvaluationTask(task, expectedResponse: [:])
                    },
                    await scaleError { () throws(ScaleError) in
                        _ = try await client.createProject("p", type: task.type, params: task.parameters)
                    },
                    await scaleError { () throws(ScaleError) in
                        _ = try await client.setParams(task.parameters, ofProject: "p")
                    },
                ]
                for error in errors {
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains(#""box" twice"#) == true)
                }
            }
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test func `six tags are refused, five are sent`() async throws {
        let tags = ["1", "2", "3", "4", "5", "6"]
        let six: JSON.Object = ["tags": ["1", "2", "3", "4", "5", "6"]]
        let calls = [
            Call("create", answer: "", wrongAnswers: []) { client throws(ScaleError) in
                _ = try await client.createTask(type: "annotation", parameters: six)
            },
            Call("create by request", answer: "", wrongAnswers: []) { client throws(ScaleError) in
                var task = OtherTask(type: .chat, parameters: [:])
                task.options.tags = tags
                _ = try await client.createTask(task)
            },
            Call("train", answer: "", wrongAnswers: []) { client throws(ScaleError) in
                let task = OtherTask(type: .chat, parameters: six)
                _ = try await client.createTrainingTask(task, expectedResponse: [:])
            },
            Call("set", answer: "", wrongAnswers: []) { client throws(ScaleError) in
                _ = try await client.setTags(tags, ofTask: "5f00")
            },
            Call("add", answer: "", wrongAnswers: []) { client throws(ScaleError) in
                _ = try await client.addTags(tags, ofTask: "5f00")
            },
        ]
        try await ClientFixture.run(answers: [.json(taskJSON())]) { fixture in
            for call in calls {
                let error = await scaleError { () throws(ScaleError) in try await call.perform(fixture.client) }
                #expect(error?.code == .invalidArgument, "\(call)")
            }
            #expect(fixture.server.requests.isEmpty)
            _ = try await fixture.client.setTags(Array(tags.prefix(5)) + ["1"], ofTask: "5f00")
            _ = try await fixture.client.removeTags(tags, ofTask: "5f00")
            #expect(fixture.server.requests.count == 2)
        }
    }
}
