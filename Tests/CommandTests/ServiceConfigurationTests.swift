import CallbackQueue
import Callbacks
import Foundation
import Handlers
import ScaleAPI
import Testing

@testable import CallbackService

@Suite struct ServiceConfigurationTests {
    private static let sample = """
        listen:   { address: 0.0.0.0:8080, path: /callbacks, body-limit: 64MB }
        accounts:
          - name: live
            callback-auth-keys: ["${SCALE_LIVE_CALLBACK_AUTH_KEY}", old-auth-key-17]  # several while rotating
            api-key: "${SCALE_LIVE_API_KEY}"
            requests-per-second: 20
          - name: test
            callback-auth-keys: "${SCALE_TEST_CALLBACK_AUTH_KEY}"
            api-key: "${SCALE_TEST_API_KEY}"
            url: http://127.0.0.1:9090/v1/
        store: sqlite:scale-callbacks.db
        retention: { bodies: 90d, facts: 2y, refused: 7d }
        console:  { address: 127.0.0.1:8081, token: "${CONSOLE_TOKEN}" }
        handlers:
          - name: check-boxes
            match: { account: live, project: "dockyard_*", type: imageannotation, event: completed }
            concurrency: 8
            retries: { first-delay: 500ms, attempts: 5 }
            audit:
              mode: shadow
              rules:
                - reject: "Label not in the task: {label}"
                  check: label-not-asked-for
                - reject: "Box under 8 px: {uuid}"
                  find: select uuid from annotations where type = 'box' and (width < 8 or height < 8)
                - reject: Two boxes on one thing
                  check: near-duplicate
                  iou: 0.9
                - leave: costs $${type} to look at
                  when: (select count(*) from annotations) > 5 *2
                - leave: sampled for people
                  sample: 5%
                - accept: all checks passed
          - name: mark
            match: { event: [completed, audit] }
            tags: { add: [auto-checked] }
          - name: archive
            file: { path: "dump/{project}/{completed:yyyy-MM-dd}/{task_id}-{event_id}.json" }
        """

    private static let environment = [
        "SCALE_LIVE_CALLBACK_AUTH_KEY": "live-auth-key-4711", "SCALE_LIVE_API_KEY": "live_api_key_4711",
        "SCALE_TEST_CALLBACK_AUTH_KEY": "test-auth-key-4711", "SCALE_TEST_API_KEY": "test_api_key_4711",
        "CONSOLE_TOKEN": "console-token-4711",
    ]

    private static func read(
        _ text: String,
        _ environment: [String: String] = Self.environment
    ) throws -> ServiceConfiguration {
        try ConfigurationFile(environment: environment, workingDirectory: "/nonexistent")
            .read(text: text, named: "s.yaml").configuration
    }

    private static let effective = """
        # from s.yaml; secrets are not shown
        listen:
          address: 0.0.0.0:8080
          path: /callbacks
          body-limit: 64MB
          in-flight-limit: 512MB
          header-timeout: 10s
          request-timeout: 30s
          idle-timeout: 30s
          maximum-connections: 10000
          insecure-accept-all: false
        accounts:
          - name: live
            callback-auth-keys: ["<redacted>", "<redacted>"]
            api-key: "<redacted>"
            url: https://api.scale.com/v1
            requests-per-second: 20.0
          - name: test
            callback-auth-keys: ["<redacted>"]
            api-key: "<redacted>"
            url: http://127.0.0.1:9090/v1
        store: sqlite:scale-callbacks.db
        retention:
          bodies: 90d
          facts: 2y
          refused: 7d
        ballast: 32MB
        console:
          address: 127.0.0.1:8081
          token: "<redacted>"
        lease: 15s
        drain: 25s
        handlers:
          - name: check-boxes
            match:
              account: [live]
              project: ["dockyard_*"]
              type: [imageannotation]
              event: [completed]
            concurrency: 8
            timeout: 1m
            retries:
              first-delay: 500ms
              maximum-delay: 1h
              attempts: 5
            audit:
              mode: shadow
              confirm: true
              limits:
                per-task: 2
                per-hour: none
                reject-ratio: none
              rules:
                - reject: "Label not in the task: {label}"
                  check: label-not-asked-for
                - reject: "Box under 8 px: {uuid}"
                  find: "select uuid from annotations where type = 'box' and (width < 8 or height < 8)"
                - reject: "Two boxes on one thing"
                  check: near-duplicate
                  iou: 0.9
                - leave: "costs $${type} to look at"
                  when: "(select count(*) from annotations) > 5 *2"
                - leave: "sampled for people"
                  sample: 5%
                - accept: "all checks passed"
          - name: mark
            match:
              event: [audit, completed]
            concurrency: 4
            timeout: 1m
            retries:
              first-delay: 2s
              maximum-delay: 1h
              attempts: 20
            tags:
              add: [auto-checked]
          - name: archive
            concurrency: 32
            timeout: 1m
            retries:
              first-delay: 2s
              maximum-delay: 1h
              attempts: 20
            file:
              path: "dump/{project}/{completed:yyyy-MM-dd}/{task_id}-{event_id}.json"
              format: json
              gzip: false

        """

    @Test func `the sample file reads to what it says, and prints without secrets`() throws {
        let configuration = try Self.read(Self.sample)
        #expect(configuration.yaml == Self.effective)
        #expect(
            configuration.accounts.map(\.callbackAuthKeys) == [
                [Secret("live-auth-key-4711"), Secret("old-auth-key-17")], [Secret("test-auth-key-4711")],
            ]
        )
        #expect(configuration.accounts.map(\.apiKey) == [Secret("live_api_key_4711"), Secret("test_api_key_4711")])
        #expect(configuration.console.token == Secret("console-token-4711"))
        #expect(configuration.listen.bodyLimit == 64 << 20)
        #expect(configuration.retention.facts == .seconds(2 * 365 * 86_400))
        #expect(configuration.handlers.map(\.line) == [15, 34, 37])
        guard case .audit(let audit) = configuration.handlers[0].kind else {
            Issue.record("the first handler is no audit")
            return
        }
        #expect(audit.rules.map(\.line) == [22, 24, 26, 29, 31, 33])
        #expect(audit.rules[2].condition == .check("near-duplicate", parameters: ["iou": "0.9"]))
        #expect(audit.rules[4].condition == .sample(0.05))
        #expect(audit.rules[3].reason == "costs ${type} to look at")
    }

    @Test(arguments: [
        ("{}", "per-task: 2,per-hour: none,reject-ratio: none"),
        (
            "{ per-task: none, per-hour: 500, reject-ratio: 20% over 100 }",
            #"per-task: none,per-hour: 500,reject-ratio: "20% over 100""#
        ),
        ("{ reject-ratio: 0.5% over 1000 }", #"per-task: 2,per-hour: none,reject-ratio: "0.5% over 1000""#),
    ])
    func `limits of audits print as they are read`(limits: String, printed: String) throws {
        func text(_ limits: String) -> String {
            "accounts: [{ name: live, callback-auth-keys: live-auth-key-4711 }]\n"
                + "handlers: [{ name: a, audit: { confirm: false, limits: \(limits), rules: [{ accept: fine }] } }]"
        }
        let configuration = try Self.read(text(limits))
        let lines = configuration.yaml.split(separator: "\n").map { $0.drop { $0 == " " } }
        let start = try #require(lines.firstIndex(of: "limits:"))
        #expect(lines[start - 1] == "confirm: false")
        #expect(lines[(start + 1)...(start + 3)].joined(separator: ",") == printed)
        let again = try Self.read(text("{ \(printed.replacing(",", with: ", ")) }"))
        #expect(again.handlers.map(\.kind) == configuration.handlers.map(\.kind))
        #expect(again.handlers[0].digest == configuration.handlers[0].digest)
    }

    @Test func `a promotion is for the rules and limits of an audit, whatever its mode`() throws {
        func digest(_ audit: String) throws -> [UInt8]? {
            let text =
                "accounts: [{ name: live, callback-auth-keys: live-auth-key-4711, api-key: live_api_key_4711 }]\n"
            return try Self.read(text + "handlers: [{ name: a, audit: { \(audit) } }]").handlers[0].digest
        }
        let first = try #require(try digest("rules: [{ accept: fine }]"))
        #expect(try digest("mode: live, rules: [{ accept: fine }]") == first)
        for other in [
            "rules: [{ accept: good }]", "rules: [{ leave: fine }]", "confirm: false, rules: [{ accept: fine }]",
            "limits: { per-hour: 5 }, rules: [{ accept: fine }]", "fetch: true, rules: [{ accept: fine }]",
            "fetch: { limit: 5MB }, rules: [{ accept: fine }]",
        ] {
            #expect(try digest(other) != first)
        }
        #expect(try digest("fetch: false, rules: [{ accept: fine }]") == first)
        #expect(
            try digest("fetch: { limit: 5MB }, rules: [{ accept: fine }]")
                != digest("fetch: true, rules: [{ accept: fine }]")
        )
    }

    @Test func `what is printed reads to the same, once the secrets are put in`() throws {
        var number = 0
        var text = ""
        for part in Self.effective.split(separator: "<redacted>", omittingEmptySubsequences: false) {
            text += number == 0 ? part : "some-secret-\(number)" + part
            number += 1
        }
        #expect(try Self.read(text).yaml == Self.effective)
    }

    @Test func `a callback auth key in the environment is enough`() throws {
        let file = ConfigurationFile(
            environment: ["SCALE_CALLBACK_AUTH_KEY": "auth-key-4711", "SCALE_API_KEY": "api-key-4711"],
            workingDirectory: "/nonexistent"
        )
        let configuration = try file.read(path: nil).configuration
        #expect(configuration.accounts.map(\.name) == ["default"])
        #expect(configuration.accounts[0].callbackAuthKeys == [Secret("auth-key-4711")])
        #expect(configuration.accounts[0].apiKey == Secret("api-key-4711"))
        #expect(configuration.store == .sqlite(path: "scale-callbacks.db"))
        #expect(configuration.handlers.isEmpty)
    }

    @Test func `the environment can say where to listen`() throws {
        let file = ConfigurationFile(
            environment: [
                "SCALE_CALLBACK_AUTH_KEY": "auth-key-4711", "SCALE_CALLBACKS_LISTEN": "127.0.0.1:9001",
                "SCALE_CALLBACKS_CONSOLE": "[::1]:0",
            ],
            workingDirectory: "/nonexistent"
        )
        let configuration = try file.read(path: nil).configuration
        #expect(configuration.listen.address == ListenAddress(host: "127.0.0.1", port: 9001))
        #expect(configuration.console.address == ListenAddress(host: "::1", port: 0))
        #expect(configuration.yaml.contains("listen:\n  address: 127.0.0.1:9001\n"))
        #expect(configuration.yaml.contains("console:\n  address: \"[::1]:0\"\n"))
    }

    @Test(arguments: [
        (
            "SCALE_CALLBACKS_LISTEN", "8080",
            "the environment variable SCALE_CALLBACKS_LISTEN must be a host and a port such as 127.0.0.1:8080 or [::1]:8080"
        ),
        (
            "SCALE_CALLBACKS_CONSOLE", "0.0.0.0:8081",
            """
            the environment variable SCALE_CALLBACKS_CONSOLE must name a loopback address such as 127.0.0.1:8081; other \
            machines need a token, and that a configuration file
            """
        ),
    ])
    func `an address in the environment that cannot be used is refused`(name: String, value: String, problem: String) {
        let file = ConfigurationFile(
            environment: ["SCALE_CALLBACK_AUTH_KEY": "auth-key-4711", name: value],
            workingDirectory: "/nonexistent"
        )
        #expect {
            try file.read(path: nil)
        } throws: { error in
            "\(error)" == problem
        }
    }

    @Test func `a store that cannot be told is never taken for another one`() throws {
        try withTemporaryFolder { folder in
            func storePath(_ text: String) throws -> String {
                try text.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
                return try ConfigurationFile(environment: ["DATA": "/data"], workingDirectory: folder)
                    .storePath(config: "\(folder)/s.yaml")
            }
            let configured = try storePath("store: sqlite:${DATA}/a.db\naccounts: wrong\n")
            #expect(configured == "/data/a.db")
            let standard = try storePath("handlers: []")
            #expect(standard == "scale-callbacks.db")
            for text in ["store: sqlite:${UNKNOWN}/a.db", "store: postgres://host/db", "stroe: sqlite:a.db"] {
                #expect(throws: ConfigurationError.self) { try storePath(text) }
            }
        }
    }

    @Test func `without anything the error teaches every way`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationFile(environment: [:], workingDirectory: "/nonexistent").read(path: nil)
        }
        let text = try #require(error).description
        for way in ["--config", "SCALE_CALLBACKS_CONFIG", "scale-callbacks.yaml", "SCALE_CALLBACK_AUTH_KEY"] {
            #expect(text.contains(way))
        }
    }

    @Test func `a short key in the environment is refused without showing it`() {
        let file = ConfigurationFile(
            environment: ["SCALE_CALLBACK_AUTH_KEY": "s3cret"],
            workingDirectory: "/nonexistent"
        )
        #expect {
            try file.read(path: nil)
        } throws: { error in
            "\(error)"
                == """
                the environment variable SCALE_CALLBACK_AUTH_KEY must be 8 to 1024 visible ASCII characters without \
                spaces
                """
        }
    }

    @Test func `the file is named by the option, then the environment, then the working directory`() throws {
        try withTemporaryFolder { folder in
            func write(_ name: String, account: String) throws {
                let text = "accounts: [{ name: \(account), callback-auth-keys: some-auth-key }]"
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            try write("scale-callbacks.yaml", account: "folder")
            try write("variable.yaml", account: "variable")
            try write("option.yaml", account: "option")
            let environment = ["SCALE_CALLBACK_AUTH_KEY": "auth-key-4711"]
            let plain = ConfigurationFile(environment: environment, workingDirectory: folder)
            var pointed = plain
            pointed.environment["SCALE_CALLBACKS_CONFIG"] = "\(folder)/variable.yaml"
            #expect(try plain.read(path: nil).configuration.accounts[0].name == "folder")
            #expect(try pointed.read(path: nil).configuration.accounts[0].name == "variable")
            #expect(try pointed.read(path: "\(folder)/option.yaml").configuration.accounts[0].name == "option")
            #expect {
                try plain.read(path: "\(folder)/none.yaml")
            } throws: { error in
                "\(error)" == "\(folder)/none.yaml: this file cannot be read; check its path and mode"
            }
        }
    }

    @Test func `a secret can come from a file, and a mode that lets others read it is warned of`() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/key"
            try Data("key-from-a-file\n".utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let text = "accounts:\n  - name: live\n    callback-auth-keys: [{ file: \(path) }]"
            let file = ConfigurationFile(environment: [:], workingDirectory: folder)
            let open = try file.read(text: text, named: "s.yaml")
            #expect(open.configuration.accounts[0].callbackAuthKeys == [Secret("key-from-a-file")])
            #expect(open.warnings == ["s.yaml:3: the secret file \"\(path)\" has mode 0644; chmod it to 0640 or less"])
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            #expect(try file.read(text: text, named: "s.yaml").warnings == [])
        }
    }

    @Test func `everybody is believed only when that is said aloud`() throws {
        let configuration = try Self.read("listen: { insecure-accept-all: true }", [:])
        #expect(configuration.accounts.map(\.name) == ["default"])
        #expect(configuration.listen.insecureAcceptAll)
    }

    @Test func `live audits that may judge the same task are warned of`() throws {
        func warnings(_ first: String, _ second: String) throws -> [String] {
            let text = """
                accounts: [{ name: live, callback-auth-keys: [key-4711-a], api-key: key-4711-b }]
                handlers:
                  - { name: one, match: { project: a }, audit: { mode: \(first), rules: [{ accept: fine }] } }
                  - { name: two, match: { \(second) }, audit: { mode: live, rules: [{ accept: fine }] } }
                """
            return try ConfigurationFile(environment: [:], workingDirectory: "/nowhere")
                .read(text: text, named: "s.yaml").warnings
        }
        let warning = """
            s.yaml:4: "one" and "two" both audit live and may match the same task, which could then be audited twice; \
            let their `match` differ in account, type, project or batch
            """
        #expect(try warnings("live", #"project: "*""#) == [warning])
        #expect(try warnings("live", "project: b") == [])
        #expect(try warnings("shadow", #"project: "*""#) == [])
    }
}
