import Callbacks
import Handlers
import Testing

@testable import CallbackService

@Suite struct RuleFileTests {
    private static func read(_ text: String) throws -> RuleFile {
        try ConfigurationFile(environment: [:], workingDirectory: "/nonexistent").rules(text: text, named: "r.yaml")
    }

    private static let service = """
        listen: { address: "${UNSET}" }
        accounts:
          - { name: live, callback-auth-keys: ["${UNSET}"], api-key: "${UNSET}", url: "http://127.0.0.1:9/v1/" }
          - { name: test, callback-auth-keys: ["${UNSET}"], url: "${UNSET}" }
        store: sqlite:x.db
        handlers:
          - { name: mark, tags: { add: ["${UNSET}"] } }
          - { name: one, match: { account: live, type: a }, audit: { mode: live, rules: [{ accept: a }] } }
          - { name: two, audit: { rules: [{ leave: b, sample: 5% }, { accept: c }] } }
        """

    @Test func `of a configuration only the audit handlers are read`() throws {
        let file = try Self.read(Self.service)
        #expect(file.rules.map(\.name) == ["one", "two"])
        #expect(file.rules[0].match?.types == ["a"])
        #expect(file.rules[1].audit.rules.map(\.verdict) == [.leave, .accept])
        #expect(file.urls == ["live": "http://127.0.0.1:9/v1", "test": "https://api.scale.com/v1"])
        #expect(file.namesStore)
        #expect(try file.rules(of: "two").audit.rules.count == 2)
        #expect(throws: ConfigurationError.self) { try file.rules(of: "mark") }
        #expect(throws: ConfigurationError.self) { try file.rules(of: nil) }
    }

    @Test(arguments: [
        "[{ accept: a }]", "- accept: a", "rules: [{ accept: a }]", "mode: live\nrules:\n  - accept: a",
        "handlers: [{ name: x, match: { account: [live] }, audit: { rules: [{ accept: a }] } }]",
    ]) func `rules can stand alone`(text: String) throws {
        let file = try Self.read(text)
        #expect(file.rules.count == 1)
        #expect(try file.rules(of: nil).audit.rules.map(\.verdict) == [.accept])
        #expect(!file.namesStore)
    }

    @Test func `rules alone are any handler's`() throws {
        let rules = try Self.read("- accept: a").rules(of: "whoever")
        #expect(rules.name == nil)
        #expect(rules.match == nil)
    }

    @Test func `of wrong rules every one is told with its line`() {
        let text = """
            - reject: a
              find: SELECT x FROM annotations
            - accept: b
              check: nothing-like-it
            - leave: c
              when: 1 +
            """
        #expect { try Self.read(text) } throws: { error in
            let lines = "\(error)".split(separator: "\n").map { $0.prefix(9) }
            return lines == ["r.yaml:1:", "r.yaml:3:", "r.yaml:5:"]
        }
    }
}
