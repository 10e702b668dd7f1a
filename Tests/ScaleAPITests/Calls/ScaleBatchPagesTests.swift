import Foundation
import ScaleAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct ScaleBatchPagesTests {
    private static func page(_ names: [String], _ more: String) -> ScriptedServer.Answer {
        .json(#"{"docs":[\#(names.map { #"{"name":"\#($0)"}"# }.joined(separator: ","))]\#(more)}"#)
    }

    private static func offset(_ request: ScriptedServer.Request) -> Int {
        request.uri.split(separator: "offset=").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// A server with this many batches that gives at most two a page.
    private static func list(
        of count: Int,
        more: @escaping @Sendable (_ end: Int) -> String
    ) -> @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer {
        { request, _ in
            let start = min(count, Self.offset(request))
            let end = min(count, start + 2)
            return Self.page((start..<end).map { "b\($0)" }, more(end))
        }
    }

    private static func names(_ pages: ScaleBatchPages) async throws -> [String] {
        var names: [String] = []
        for try await batch in pages { names.append(batch.name) }
        return names
    }

    /// The ways of saying that there is more, and how many requests five batches take.
    static let signs: [(@Sendable (Int) -> String, Int)] = [
        ({ #","totalDocs":5,"limit":2,"has_more":\#($0 < 5)"# }, 3), ({ #","has_more":\#($0 < 5)"# }, 3),
        ({ #","hasNextPage":\#($0 < 5)"# }, 3), ({ _ in #","totalDocs":5"# }, 3), ({ _ in #","total":5"# }, 3),
        // Without any sign, an empty page is the end; so it is when the sign is wrong.
        ({ _ in "" }, 4), ({ _ in #","has_more":true"# }, 4), ({ _ in #","limit":100"# }, 4),
    ]

    @Test(arguments: signs.indices)
    func `pages follow each other by offset to the end`(index: Int) async throws {
        let (more, requests) = Self.signs[index]
        try await ClientFixture.run(script: Self.list(of: 5, more: more)) { fixture in
            let names = try await Self.names(fixture.client.batches())
            #expect(names == ["b0", "b1", "b2", "b3", "b4"])
            #expect(fixture.server.requests.count == requests)
            #expect(fixture.server.requests.map(Self.offset) == Array([0, 2, 4, 5].prefix(requests)))
        }
    }

    @Test(arguments: [1, 2, 3, 7])
    func `a list that repeats its pages ends`(length: Int) async throws {
        let script: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer = { _, number in
            Self.page(["a\(number % length)", "b"], #","has_more":true"#)
        }
        try await ClientFixture.run(script: script) { fixture in
            let names = try await Self.names(fixture.client.batches())
            #expect(names.count >= 2 * length)
            #expect(fixture.server.requests.count <= 3 * length + 2)
            #expect(fixture.logText.contains("Scale repeats itself"))
        }
    }

    @Test func `a server that ignores the offset gives its page once`() async throws {
        try await ClientFixture.run(answers: [Self.page(["a", "b"], #","has_more":true"#)]) { fixture in
            let names = try await Self.names(fixture.client.batches())
            #expect(names == ["a", "b"])
            #expect(fixture.server.requests.count == 2)
        }
    }

    @Test func `a page that moved because batches were made meanwhile does not end the list`() async throws {
        let answers = [
            Self.page(["b"], #","totalDocs":2,"has_more":true"#), Self.page(["b"], #","totalDocs":3,"has_more":true"#),
            Self.page(["a"], #","totalDocs":3,"has_more":false"#),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            let names = try await Self.names(fixture.client.batches())
            #expect(names == ["b", "b", "a"])
        }
    }

    @Test func `a full filter is asked for in Scale's words on each page`() async throws {
        var filter = BatchFilter(project: "a/b", status: .inProgress)
        let time = Date(timeIntervalSince1970: 1_735_689_600.25)
        filter.createdAfter = time
        filter.createdBefore = time
        filter.completedAfter = time
        filter.completedBefore = time
        filter.auditedAfter = time
        filter.auditedBefore = time
        filter.excludesArchived = true
        filter.isDetailed = true
        filter.pageSize = 2
        try await ClientFixture.run(script: Self.list(of: 3) { #","has_more":\#($0 < 3)"# }) { fixture in
            _ = try await Self.names(fixture.client.batches(filter))
            let stamp = "2025-01-01T00%3A00%3A00.250Z"
            let query =
                "/v1/batches?project=a%2Fb&status=in_progress&start_time=\(stamp)&end_time=\(stamp)"
                + "&completed_after=\(stamp)&completed_before=\(stamp)&audited_after=\(stamp)"
                + "&audited_before=\(stamp)&exclude_archived=true&detailed=true&limit=2"
            #expect(fixture.server.requests.map(\.uri) == [query, query + "&offset=2"])
        }
    }

    @Test func `a listed thing without a name is passed over, and counts for the offset`() async throws {
        let answers: [ScriptedServer.Answer] = [
            .json(#"{"docs":[null,{},{"name":"a"},{"name":7}],"has_more":true}"#),
            Self.page(["b"], #","has_more":false"#),
        ]
        try await ClientFixture.run(answers: answers) { fixture in
            let names = try await Self.names(fixture.client.batches())
            #expect(names == ["a", "b"])
            #expect(fixture.server.requests.map(Self.offset) == [0, 4])
        }
    }

    @Test(arguments: ["{}", #"{"docs":{}}"#, "[]", "OK", ""])
    func `a page without docs is an error`(body: String) async throws {
        try await ClientFixture.run(answers: [.json(body)]) { fixture in
            do {
                _ = try await Self.names(fixture.client.batches())
                Issue.record("that is no page")
            } catch let error as ScaleError {
                #expect(error.code == .malformedResponse)
            }
        }
    }

    @Test(arguments: [#""total":7"#, #""totalDocs":7"#, #""total":null,"totalDocs":7"#, #""totalDocs":7.0"#])
    func `the count is the total of a list of one, by either name`(total: String) async throws {
        try await ClientFixture.run(answers: [Self.page([], ",\(total)")]) { fixture in
            let count = try await fixture.client.batchCount()
            #expect(count == 7)
        }
    }
}
