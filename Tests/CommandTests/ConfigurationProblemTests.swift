import Foundation
import Testing

@testable import CallbackService

@Suite struct ConfigurationProblemTests {
    /// A valid beginning of five lines, so that what is added begins on line 6.
    private static let head = """
        accounts:
          - name: live
            callback-auth-keys: ["${LIVE_KEY}"]
            api-key: "${API_KEY}"
            url: https://api.scale.com/v1

        """

    private static let environment = [
        "LIVE_KEY": "live-auth-key-4711", "API_KEY": "live_api_key_4711", "SHORT": "short", "EMPTY": "",
    ]

    private static func problems(_ text: String) -> String {
        do {
            let result = try ConfigurationFile(environment: Self.environment, workingDirectory: "/nonexistent")
                .read(text: text, named: "s.yaml")
            return "no problem: \(result.configuration.yaml)"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a store whose control socket would have too long a path is refused`() {
        let path = "/" + String(repeating: "d", count: 100)
        #expect(
            Self.problems(Self.head + "store: sqlite:\(path)")
                == """
                s.yaml:6: the service's control socket beside the store would have a path of 109 bytes, and 103 are \
                possible; put the store into a shorter path
                """
        )
        #expect(
            Self.problems(Self.head + "store: sqlite:/\(String(repeating: "d", count: 94))").hasPrefix("no problem")
        )
    }

    @Test(arguments: [
        ("handelrs: []", #"s.yaml:6: unknown key "handelrs"; did you mean "handlers"?"#),
        (
            "colour: red",
            """
            s.yaml:6: unknown key "colour"; the file knows "listen", "accounts", "store", "retention", "ballast", \
            "console", "handlers", "lease", "drain"
            """
        ),
        ("reconcile: { every: 15m }", #"s.yaml:6: "reconcile" is not in this version; remove it"#),
        ("console: { tls: { certificate: x } }", #"s.yaml:6: "tls" is not in this version; remove it"#),
        (
            "listen: { tls: { certificate: x } }",
            #"s.yaml:6: "tls" has no "key"; name the file in PEM form that holds it"#
        ),
        (
            "listen: { tls: { certificate: /none/x, key: /none/y } }",
            #"s.yaml:6: "/none/x" cannot be read as a file of at most 1 MB; check its path and mode"#
        ),
        ("listen: 8080", #"s.yaml:6: "listen" must be a mapping of keys to values"#),
        (
            "listen:\n  address: 8080",
            "s.yaml:7: \"address\" must be a host and a port such as 127.0.0.1:8080 or [::1]:8080, not \"8080\""
        ),
        (
            "listen: { path: callbacks }",
            "s.yaml:6: \"path\" must be a path such as /callbacks, without \"?\", \"#\" and spaces, not \"callbacks\""
        ),
        (
            "listen: { body-limit: 64 }",
            #"s.yaml:6: "body-limit" must be a size such as 100KB or 64MB, from 1KB to 1GB, not "64""#
        ),
        ("listen: { insecure-accept-all: yes }", #"s.yaml:6: "insecure-accept-all" must be true or false, not "yes""#),
        (
            "listen: { maximum-connections: 0 }",
            #"s.yaml:6: "maximum-connections" must be a whole number from 1 to 1000000, not "0""#
        ),
        (
            "listen: { body-limit: 64MB, in-flight-limit: 1MB }",
            #"s.yaml:6: "in-flight-limit" is less than "body-limit", so that the largest body never fits; raise it"#
        ),
        (
            "lease: 15",
            #"s.yaml:6: "lease" must be a duration such as 500ms, 10s, 15m, 48h or 90d, of at least 1s, not "15""#
        ),
        (
            "lease: 999999999y",
            """
            s.yaml:6: "lease" must be a duration such as 500ms, 10s, 15m, 48h or 90d, of at least 1s, not "999999999y"
            """
        ),
        ("drain:", #"s.yaml:6: "drain" has no value; give it one or remove the key"#),
        ("drain: [1s]", #"s.yaml:6: "drain" must be a single value"#),
        (
            "retention: { bodies: 2y, facts: 90d }",
            #"s.yaml:6: "facts" must not be kept shorter than "bodies"; raise it or lower "bodies""#
        ),
        (
            "store: postgres://me:s3cret@db/callbacks",
            "s.yaml:6: PostgreSQL is not in this version; use `store: sqlite:scale-callbacks.db`"
        ),
        (
            "store: callbacks.db",
            "s.yaml:6: \"store\" must be `sqlite:` and the path of a file, such as sqlite:scale-callbacks.db"
        ),
        (
            "console:\n  address: 0.0.0.0:8081",
            #"s.yaml:7: "console" can be reached from other machines and needs a "token"; or listen on 127.0.0.1"#
        ),
        (
            "console: { token: \"${NOT_SET}\" }",
            #"s.yaml:6: the environment variable NOT_SET is not set or empty; set it, or change "token""#
        ),
        (
            "console: { token: \"${EMPTY}\" }",
            #"s.yaml:6: the environment variable EMPTY is not set or empty; set it, or change "token""#
        ),
        (
            "console: { token: \"${SHORT}\" }",
            #"s.yaml:6: "token" has fewer than 8 bytes, which is too easy to guess; use a longer one"#
        ),
        (
            "console: { token: { file: /nonexistent/x } }",
            #"s.yaml:6: the secret file "/nonexistent/x" cannot be opened; check its path and mode"#
        ),
        ("console: { token: { fiel: x } }", #"s.yaml:6: unknown key "fiel"; did you mean "file"?"#),
        (
            "store: sqlite:${a-b}",
            #"s.yaml:6: "store" has a "${" without a variable's name and "}" behind it; write "$${" for "${""#
        ),
        (
            "lease: 5s\ndrain: 5s\nlease: 6s",
            #"s.yaml:6: "lease" is there more than once in the same mapping; keep one"#
        ),
        (
            "lease: &a 5s\ndrain: *a",
            "s.yaml:6: YAML anchors and aliases are not read here; write the value out where it is needed"
        ),
        (
            "lease: \"5s",
            "s.yaml:6: this is not YAML: while scanning a quoted scalar found unexpected end of stream (column 11)"
        ),
    ])
    func `a wrong setting is told with its line and what to do`(addition: String, message: String) {
        #expect(Self.problems(Self.head + addition) == message)
    }

    @Test(arguments: [
        (
            "- { match: {}, tags: { add: [a] } }",
            #"s.yaml:7: a handler has no "name"; give it one, it appears in logs and commands"#
        ),
        (
            "- { name: a b, tags: { add: [a] } }",
            #"s.yaml:7: "name" must be letters, digits, ".", "_" and "-", 64 at most, not "a b""#
        ),
        (
            "- { name: a }",
            """
            s.yaml:7: a handler needs one of "audit", "tags", "metadata", "file", "forward", "command" or "nucleus" to say \
            what it does
            """
        ),
        ("- { name: a, taggs: { add: [a] } }", #"s.yaml:7: unknown key "taggs"; did you mean "tags"?"#),
        ("- { name: a, rate: 5, tags: { add: [a] } }", #"s.yaml:7: "rate" is not in this version; remove it"#),
        (
            "- { name: a, tags: { add: [a] }, file: { path: x.json } }",
            #"s.yaml:7: a handler does one thing; move "file" into a handler of its own"#
        ),
        ("- { name: a, tags: {} }", #"s.yaml:7: "tags" changes nothing; give it "set", "add" or "remove""#),
        ("- { name: a, tags: { add: [] } }", #"s.yaml:7: "add" is an empty list; remove the key or fill the list"#),
        (
            "- { name: a, file: {} }",
            #"s.yaml:7: "file" has no "path"; such as "dump/{project}/{task_id}-{event_id}.json""#
        ),
        (
            "- { name: a, match: { event: complete }, tags: { add: [a] } }",
            #"s.yaml:7: unknown kind of event "complete"; did you mean completed?"#
        ),
        (
            "- { name: a, match: { account: test }, tags: { add: [a] } }",
            #"s.yaml:7: there is no account named "test"; the file has "live""#
        ),
        (
            "- { name: a, audit: { mode: dry, rules: [accept: x] } }",
            #"s.yaml:7: "mode" must be one of shadow, live, not "dry""#
        ),
        (
            "- { name: a, audit: { limits: { per-day: 2 }, rules: [accept: x] } }",
            #"s.yaml:7: unknown key "per-day"; "limits" knows "per-task", "per-hour", "reject-ratio""#
        ),
        (
            "- { name: a, audit: { limits: { per-task: 0 }, rules: [accept: x] } }",
            #"s.yaml:7: "per-task" must be "none" or a whole number from 1 to 1000, not "0""#
        ),
        (
            "- { name: a, audit: { limits: { per-hour: many }, rules: [accept: x] } }",
            #"s.yaml:7: "per-hour" must be "none" or a whole number from 1 to 1000000, not "many""#
        ),
        (
            "- { name: a, audit: { limits: { reject-ratio: 20% }, rules: [accept: x] } }",
            #"s.yaml:7: "reject-ratio" must be "none" or a share and among how many, 2 to 10000, such as "20% over 100", not "20%""#
        ),
        (
            "- { name: a, audit: { limits: { reject-ratio: 120% over 100 }, rules: [accept: x] } }",
            #"s.yaml:7: "reject-ratio" must be "none" or a share and among how many, 2 to 10000, such as "20% over 100", not "120% over 100""#
        ),
        (
            "- { name: a, audit: { confirm: perhaps, rules: [accept: x] } }",
            #"s.yaml:7: "confirm" must be true or false, not "perhaps""#
        ),
        (
            "- { name: a, audit: {} }",
            #"s.yaml:7: "audit" has no "rules"; the first rule that applies decides, so it needs at least one"#
        ),
        ("- { name: a, audit: { rules: [] } }", #"s.yaml:7: "rules" must be a list with at least one rule"#),
        (
            "- { name: a, audit: { rules: [{ when: 'true' }] } }",
            #"s.yaml:7: a rule needs one of "accept", "reject" or "leave" with its reason"#
        ),
        (
            "- { name: a, audit: { rules: [{ accept: x, leave: y }] } }",
            #"s.yaml:7: a rule has one verdict; move "leave" into a rule of its own"#
        ),
        (
            "- { name: a, audit: { rules: [{ accept: x, when: 'true', find: b }] } }",
            #"s.yaml:7: a rule has one condition; move "find" into a rule of its own"#
        ),
        (
            "- { name: a, audit: { rules: [{ rejct: x, when: a }] } }",
            #"s.yaml:7: unknown key "rejct"; did you mean "reject"?"#
        ),
        (
            "- { name: a, audit: { rules: [{ leave: x, sample: 5 }] } }",
            #"s.yaml:7: "sample" must be a percentage from 0% to 100%, such as 5%, not "5""#
        ),
        (
            "- { name: a, retries: { first-delay: 10s, maximum-delay: 5s }, tags: { add: [a] } }",
            #"s.yaml:7: "maximum-delay" is less than "first-delay" (10s); raise it"#
        ),
    ])
    func `a wrong handler is told with its line and what to do`(handler: String, message: String) {
        #expect(Self.problems(Self.head + "handlers:\n  " + handler) == message)
    }

    @Test func `each rule that cannot be used is told with its line`() {
        let text = """
            handlers:
              - name: boxes
                audit:
                  rules:
                    - reject: too small
                      when: (select count(*) from annotations where widht < 8) > 0
                    - reject: empty
                      check: emty
            """
        let lines = Self.problems(Self.head + text).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix(#"s.yaml:10: handler "boxes", rule 1: no such column: widht. "#))
        #expect(lines[1].hasPrefix(#"s.yaml:12: handler "boxes", rule 2: there is no check 'emty'. "#))
    }

    @Test func `everything that is wrong is told at once, in the order of the file`() {
        let text = """
            accounts:
              - name: live
                callback-auth-keys: [same-auth-key, "${NOT_SET}"]
              - name: live
                callback-auth-keys: [same-auth-key]
              - name: third
            lease: soon
            handlers:
              - name: a
                tags: { add: [x] }
              - name: a
                file: { path: x.json, pth: y }
            """
        #expect(
            Self.problems(text) == """
                s.yaml:3: the environment variable NOT_SET is not set or empty; set it, or change "callback-auth-keys"
                s.yaml:4: an account named "live" is already on line 2; rename one
                s.yaml:5: this callback auth key is there also on line 3; each key belongs to one account, once
                s.yaml:6: an account has no "callback-auth-keys", so that anybody could post; copy the key from \
                Scale's dashboard, or say `insecure-accept-all: true` in `listen` to try things out
                s.yaml:7: "lease" must be a duration such as 500ms, 10s, 15m, 48h or 90d, of at least 1s, not "soon"
                s.yaml:9: handler "a" calls Scale, but account "live" has no "api-key"; add it, or choose other \
                accounts with `match: { account: … }`
                s.yaml:9: handler "a" calls Scale, but account "live" has no "api-key"; add it, or choose other \
                accounts with `match: { account: … }`
                s.yaml:9: handler "a" calls Scale, but account "third" has no "api-key"; add it, or choose other \
                accounts with `match: { account: … }`
                s.yaml:11: a handler named "a" is already on line 9; rename one
                s.yaml:12: unknown key "pth"; did you mean "path"?
                """
        )
    }

    @Test(arguments: [
        "accounts:\n  - {name: a, callback-auth-keys: [s3cret-key-4711, s3cret-key-4711]}",
        "accounts:\n  - {name: a, callback-auth-keys: [\"s3cret-key 4711\"]}",
        "accounts:\n  - {name: a, api-key: [s3cret-key-4711]}",
        "accounts:\n  - {name: a, callback-auth-keys: [s3cret-key-4711}",
        "store: postgres://user:s3cret-key-4711@host/db",
        "accounts:\n  - {name: a, callback-auth-keys: [\"${SECRET}\"], url: \"${SECRET}\"}",
    ])
    func `an error never shows a secret`(text: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try ConfigurationFile(environment: ["SECRET": "s3cret-key-4711"], workingDirectory: "/nonexistent")
                .read(text: text, named: "s.yaml")
        }
        #expect(try !#require(error).description.contains("s3cret-key"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a file that unfolds without end is refused at once`() {
        var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
        for (name, previous) in zip("bcdefghijklm", "abcdefghijkl") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(previous)", count: 9).joined(separator: ",") + "]\n"
        }
        text += "? *m\n: 1\n"
        #expect(
            Self.problems(text)
                == "s.yaml:1: YAML anchors and aliases are not read here; write the value out where it is needed"
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `deep nesting and huge files are refused`() {
        #expect(Self.problems(String(repeating: "[", count: 200_000)).hasPrefix("s.yaml:1: this is not YAML: "))
        #expect(
            Self.problems(String(repeating: "# much\n", count: 200_000))
                == "s.yaml:1: the file has more than 1MB; is it the right one?"
        )
        #expect(Self.problems("") == "s.yaml:1: the file is empty; it needs at least `accounts`")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a mistake that shows in very many places is told a hundred times`() {
        let accounts = (0..<500).map { "  - { name: a\($0), callback-auth-keys: auth-key-\($0) }\n" }
        let handlers = (0..<500).map { "  - { name: h\($0), tags: { add: x } }\n" }
        let text = "accounts:\n\(accounts.joined())handlers:\n\(handlers.joined())"
        let lines = Self.problems(text).split(separator: "\n")
        #expect(lines.count == 101)
        #expect(lines.last == "s.yaml: there are 249900 more problems; correct these first")
    }
}
