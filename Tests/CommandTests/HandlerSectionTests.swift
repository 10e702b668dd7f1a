import Handlers
import ScaleAPI
import Testing

@testable import CallbackService

/// The sections of handlers that have effects: what they read to, what `check` prints of them, and what is wrong in them.
@Suite struct HandlerSectionTests {
    private static let head = """
        accounts: [{ name: live, callback-auth-keys: [key-4711-a], api-key: key-4711-b }]
        handlers:
          - name: it

        """

    private static func read(_ section: String) throws -> ServiceConfiguration {
        let text = Self.head + "    " + section.replacing("\n", with: "\n    ")
        return try ConfigurationFile(environment: ["SITE": "quay"], workingDirectory: "/nonexistent")
            .read(text: text, named: "s.yaml").configuration
    }

    @Test(
        arguments: [
            (
                "tags: { add: [\"many-{count}\"], find: select count(*) as count from annotations }",
                .tags(.init(add: ["many-{count}"], find: "select count(*) as count from annotations"))
            ),
            (
                "metadata: { merge: { a: \"{type}\", \"${SITE}\": \"${SITE}\", n: 1.5, b: true, gone: null, o: { l: [1, \"1\", ~, {}] }, e: \"\" } }",
                .metadata(
                    .init(
                        mode: .merge,
                        values: [
                            "a": "{type}", "quay": "quay", "n": 1.5, "b": true, "gone": nil,
                            "o": ["l": [1, "1", nil, [:]]],
                            "e": "",
                        ]
                    )
                )
            ),
            ("metadata: { set: {} }", .metadata(.init(mode: .set, values: [:]))),
            (
                "metadata:\n  set:\n    cost: $${type}\n    \"k: é\\n\": \"a\\\"b\"",
                .metadata(.init(mode: .set, values: ["cost": "${type}", "k: é\n": "a\"b"]))
            ),
            ("nucleus: { dataset: ds_1 }", .nucleus(.init(dataset: "ds_1"))),
            (
                "nucleus: { dataset: ds_1, reference-id: \"x-{task_id}\", metadata: { a: [\"{status}\"] }, update: true, follow: false }",
                .nucleus(
                    .init(
                        dataset: "ds_1",
                        referenceID: "x-{task_id}",
                        metadata: ["a": ["{status}"]],
                        updates: true,
                        follows: false
                    )
                )
            ),
            (
                "file: { path: \"d/{received:yyyy-MM-dd}.jsonl.gz\", format: jsonl, rotate: 256MB, gzip: true, fetch: results }",
                .file(
                    .init(
                        folder: "d",
                        template: "{received:yyyy-MM-dd}.jsonl.gz",
                        format: .jsonl,
                        rotateAt: 256 << 20,
                        isCompressed: true,
                        fetch: .init()
                    )
                )
            ),
            (
                "file: { path: \"/x/{task_id}\", fetch: { path: \"r/{number}\", limit: 10MB, types: [png, zip] } }",
                .file(
                    .init(
                        folder: "/x",
                        template: "{task_id}",
                        fetch: .init(template: "r/{number}", limit: 10 << 20, kinds: [.png, .zip])
                    )
                )
            ),
        ] as [(String, HandlerConfiguration.Kind)]
    ) func `a section reads to what it says, and prints to the same`(
        section: String,
        expected: HandlerConfiguration.Kind
    ) throws {
        let configuration = try Self.read(section)
        #expect(configuration.handlers.map(\.kind) == [expected])
        let printed = configuration.yaml.replacing("<redacted>", with: "key-4711-a")
        let again = try ConfigurationFile(environment: [:], workingDirectory: "/nonexistent")
            .read(text: printed, named: "s.yaml").configuration
        #expect(again.handlers.map(\.kind) == configuration.handlers.map(\.kind))
        #expect(configuration.handlers[0].problems == [])
    }

    @Test(arguments: [
        ("true", AuditHandler.Fetch()), ("false", nil), ("{}", .init()), ("{ limit: 5MB }", .init(limit: 5 << 20)),
    ]) func `an audit says whether it fetches files, and prints to the same`(
        value: String,
        expected: AuditHandler.Fetch?
    ) throws {
        let configuration = try Self.read("audit: { fetch: \(value), rules: [{ accept: fine }] }")
        let printed = configuration.yaml.replacing("<redacted>", with: "key-4711-c")
        let again = try ConfigurationFile(environment: [:], workingDirectory: "/nonexistent")
            .read(text: printed, named: "s.yaml").configuration
        for handler in [configuration.handlers[0], again.handlers[0]] {
            guard case .audit(let audit) = handler.kind else {
                Issue.record("it is no audit")
                return
            }
            #expect(audit.fetch == expected)
            #expect(handler.digest == configuration.handlers[0].digest)
        }
    }

    @Test func `those that fetch or call Scale are run accordingly`() throws {
        let plain = try Self.read("file: { path: \"{task_id}\" }").handlers[0]
        #expect(plain.concurrency == 32 && plain.timeout == .seconds(60) && !plain.kind.callsScale)
        let fetching = try Self.read("file: { path: \"{task_id}\", fetch: results }").handlers[0]
        #expect(fetching.concurrency == 4 && fetching.timeout == .seconds(600) && fetching.kind.callsScale)
        let shadow = try Self.read("audit: { rules: [{ accept: fine }] }").handlers[0]
        #expect(shadow.concurrency == 4 && shadow.timeout == .seconds(60) && !shadow.kind.callsScale)
        let judging = try Self.read("audit: { fetch: true, rules: [{ accept: fine }] }").handlers[0]
        #expect(judging.concurrency == 4 && judging.timeout == .seconds(600) && judging.kind.callsScale)
    }

    @Test(arguments: [
        ("tags: { find: select 1 }", #"4: "tags" changes nothing; give it "set", "add" or "remove""#),
        ("metadata: {}", #"4: "metadata" changes nothing; give it "set" or "merge""#),
        ("metadata: { set: {}, merge: { a: 1 } }", #"4: "metadata" has both "set" and "merge"; decide for one"#),
        ("metadata: { merge: 5 }", #"4: "merge" must be a mapping of keys to values"#),
        (
            "metadata: { merge: { a: \"${NONE}\" } }",
            #"4: the environment variable NONE is not set or empty; set it, or change "a""#
        ),
        ("metadata: { mrege: { a: 1 } }", #"4: unknown key "mrege"; did you mean "merge"?"#),
        (
            "nucleus: { update: true }",
            #"4: "nucleus" has no "dataset"; give the id of a dataset, such as ds_c5jwptkgfsqg0cs503z0"#
        ),
        ("nucleus: { dataset: d, follow: maybe }", #"4: "follow" must be true or false, not "maybe""#),
        ("file: { path: x, format: xml }", #"4: "format" must be one of json, jsonl, not "xml""#),
        (
            "file: { path: x, rotate: 5 }",
            #"4: "rotate" must be a size such as 100KB or 64MB, from 1KB to 1024GB, not "5""#
        ),
        (
            "file: { path: x, fetch: all }",
            #"4: "fetch" must be results, or a section with "path", "limit" and "types", not "all""#
        ),
        (
            "audit: { fetch: results, rules: [{ accept: fine }] }",
            #"4: "fetch" must be true, false, or a section with "limit", not "results""#
        ),
        (
            "audit: { fetch: { limit: 2GB }, rules: [{ accept: fine }] }",
            #"4: "limit" must be a size such as 100KB or 64MB, from 1KB to 1GB, not "2GB""#
        ),
        (
            "audit: { fetch: { types: [json] }, rules: [{ accept: fine }] }",
            #"4: unknown key "types"; "fetch" knows "limit""#
        ),
        (
            "file: { path: x, fetch: { types: [exe] } }",
            #"4: unknown type of file "exe"; it is one of json, png, jpeg, webp, tiff, pdf, gzip, zip, mp4"#
        ),
        ("file: { path: x, fetch: { types: [] } }", #"4: "types" is an empty list; remove the key or fill the list"#),
    ]) func `what is wrong is told with its line`(section: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { _ = try Self.read(section) }
        #expect(error?.description.contains("s.yaml:" + message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "tags: { add: [x], find: drop table task }", "metadata: { merge: { a: \"{colour}\" } }",
        "metadata: { merge: {} }",
        "nucleus: { dataset: d, reference-id: same }", "file: { path: x.json, rotate: 1MB }",
        "file: { path: x.json, gzip: true }", "file: { path: x.json, fetch: { path: same } }",
    ]) func `what makes no sense is told before anything runs`(section: String) throws {
        let problems = (try? Self.read(section).handlers.flatMap(\.problems)) ?? []
        // Some versions of the reader ask the handlers themselves.
        #expect(!problems.isEmpty || (try? Self.read(section)) == nil)
    }
}
