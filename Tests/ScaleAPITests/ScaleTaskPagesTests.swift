import Foundation
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleTaskPagesTests {
    private static func page(_ ids: [String], _ more: String) -> ScriptedServer.Answer {
        .json(#"{"docs":[\#(ids.map { taskJSON($0) }.joined(separator: ","))],"total":7,\#(more)}"#)
    }

    /// What a request asks for as `next_token`.
    private static func token(_ request: ScriptedServer.Request) -> String? {
        request.uri.split(separator: "next_token=").dropFirst().first.map(String.init)
    }

    @Test func `pages follow each other in order`() async throws {
        let answers = [
            Self.page(["1", "2"], #""has_more":true,"next_token":"a+/=""#),
            Self.page([], #""has_more":true,"next_token":"b""#),
            Self.page(["3"], #""has_more":false,"next_token":"c""#),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            var ids: [String] = []
            for try await task in fixture.client.tasks(TaskFilter(project: "a b")) { ids.append(task.id) }
            #expect(ids == ["1", "2", "3"])
            #expect(
                fixture.server.requests.map(\.uri) == [
                    "/v1/tasks?project=a%20b", "/v1/tasks?project=a%20b&next_token=a%2B%2F%3D",
                    "/v1/tasks?project=a%20b&next_token=b",
                ]
            )
        }
    }

    @Test(arguments: [
        #""has_more":false"#, #""has_more":true"#, #""has_more":true,"next_token":null"#, #""limit":1"#,
        #""has_more":true,"next_token":"""#, #""has_more":false,"next_token":"x""#,
    ])
    func `the list ends by either sign`(more: String) async throws {
        try await ClientFixture.run(answers: [Self.page(["1"], more)]) { fixture in
            var count = 0
            for try await _ in fixture.client.tasks() { count += 1 }
            #expect(count == 1)
            #expect(fixture.server.requests.count == 1)
        }
    }

    @Test(arguments: [1, 2, 3, 7])
    func `a list that runs in a circle ends`(length: Int) async throws {
        let script: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer = { _, number in
            Self.page(["\(number)"], #""has_more":true,"next_token":"t\#(number % length)""#)
        }
        try await ClientFixture.run(script: script) { fixture in
            for try await _ in fixture.client.tasks() {}
            #expect(fixture.server.requests.count <= 3 * length + 2)
        }
    }

    @Test func `ten thousand pages are read to the end in constant memory`() async throws {
        let pages = 10_000
        let padding = String(repeating: "x", count: 4 << 10)
        let script: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer = { _, number in
            let task = taskJSON("\(number)", #","padding":"\#(padding)""#)
            return .json(#"{"docs":[\#(task)],"has_more":\#(number + 1 < pages),"next_token":"t\#(number)"}"#)
        }
        try await ClientFixture.run(script: script) { fixture in
            var count = 0
            var memory: Int?
            for try await _ in fixture.client.tasks() {
                count += 1
                // Caches have settled by now. The pages that follow have 36 MB, and the notes that the server keeps 15.
                if count == 1000 { memory = residentBytes() }
            }
            #expect(count == pages)
            #expect(fixture.server.requests.count == pages)
            if let before = memory, let after = residentBytes() { #expect(after - before < 26 << 20) }
        }
    }

    @Test func `a page that cannot be had is asked for again by the next call`() async throws {
        let answers = [
            Self.page(["1"], #""has_more":true,"next_token":"a""#), .status(403),
            Self.page(["2"], #""has_more":false"#),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            var tasks = fixture.client.tasks().makeAsyncIterator()
            let task1 = try await tasks.next()
            #expect(task1?.id == "1")
            do throws(ScaleError) {
                _ = try await tasks.next()
                Issue.record("the second page was refused")
            } catch {
                #expect(error.code == .forbidden)
            }
            let task2 = try await tasks.next()
            #expect(task2?.id == "2")
            let end3 = try await tasks.next()
            #expect(end3 == nil)
            #expect(fixture.server.requests.map(Self.token) == [nil, "a", "a"])
        }
    }

    @Test(arguments: ["{}", #"{"docs":null}"#, #"{"docs":{}}"#, "[]", "OK", ""])
    func `a page without docs is an error, not an empty list`(body: String) async throws {
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            var tasks = fixture.client.tasks().makeAsyncIterator()
            do throws(ScaleError) {
                _ = try await tasks.next()
                Issue.record("that is no page")
            } catch {
                #expect(error.code == .malformedResponse)
            }
        }
    }

    @Test func `a listed thing without an id is passed over`() async throws {
        let body = #"{"docs":[null,{},{"task_id":"1"},[],{"task_id":null},{"task_id":"2"}],"has_more":false}"#
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            var ids: [String] = []
            for try await task in fixture.client.tasks() { ids.append(task.id) }
            #expect(ids == ["1", "2"])
        }
    }

    @Test func `a full filter is asked for in Scale's words`() async throws {
        var filter = TaskFilter(project: "p", batch: "b", type: "annotation", status: .completed)
        filter.customerReviewStatuses = ["accepted", "fixed"]
        filter.uniqueIDs = ["u1", "u 2"]
        filter.tags = ["x", "y"]
        let time = Date(timeIntervalSince1970: 1_735_689_600.25)
        filter.createdAfter = time
        filter.createdBefore = time
        filter.completedAfter = time
        filter.completedBefore = time
        filter.updatedAfter = time
        filter.updatedBefore = time
        filter.pageSize = 50
        filter.includesAttachmentURL = true
        filter.isLimited = true
        try await ClientFixture.run(answers: [Self.page([], #""has_more":false"#)]) { fixture in
            for try await _ in fixture.client.tasks(filter) {}
            let stamp = "2025-01-01T00%3A00%3A00.250Z"
            #expect(
                fixture.server.requests.map(\.uri) == [
                    "/v1/tasks?project=p&batch=b&type=annotation&status=completed"
                        + "&customer_review_status=accepted%2Cfixed&unique_id=u1&unique_id=u%202&tags=x&tags=y"
                        + "&start_time=\(stamp)&end_time=\(stamp)&completed_after=\(stamp)&completed_before=\(stamp)"
                        + "&updated_after=\(stamp)&updated_before=\(stamp)"
                        + "&include_attachment_url=true&limited_response=true&limit=50"
                ]
            )
        }
    }

    @Test func `the count is the total of a list of one`() async throws {
        try await ClientFixture.run(answers: [Self.page(["1"], #""has_more":true,"next_token":"a""#)]) { fixture in
            var filter = TaskFilter(status: .error)
            filter.pageSize = 50
            let count4 = try await fixture.client.taskCount(filter)
            #expect(count4 == 7)
            #expect(fixture.server.requests.map(\.uri) == ["/v1/tasks?status=error&limit=1"])
        }
    }

    @Test(arguments: [#"{"docs":[]}"#, #"{"docs":[],"total":-1}"#, #"{"docs":[],"total":"7"}"#])
    func `a count without a total is an error`(body: String) async throws {
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            let error = await scaleError { () throws(ScaleError) in try await fixture.client.taskCount(TaskFilter()) }
            #expect(error?.code == .malformedResponse)
        }
    }
}

/// The memory that this process occupies; nil where the system does not say.
private func residentBytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
}
