import Foundation
import Testing

@testable import CallbackService

/// The sections `forward` and `command` of the configuration file.
@Suite struct OutwardSectionTests {
    private static let environment = [
        "SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "TOKEN": "token-4711", "GIVEN": "given-4711", "EMPTY": "",
    ]

    /// What is in force with one handler, or the problems.
    private static func check(_ section: String) -> String {
        let text = """
            accounts: [{ name: live, callback-auth-keys: [live-auth-key-4711] }]
            handlers:
              - name: out
                \(section.replacing("\n", with: "\n    "))
            """
        do {
            let configuration = try ConfigurationFile(environment: Self.environment, workingDirectory: "/nonexistent")
                .read(text: text, named: "s.yaml").configuration
            let problems = configuration.handlers.flatMap(\.problems).map { "problem: \($0.message)" }
            return problems.isEmpty ? configuration.yaml : problems.joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    @Test func `forward is printed with its defaults and without its secrets, and reads back as the same`() {
        let printed = Self.check(
            """
            forward:
              url: https://pipeline.example.com/in
              secrets: ["${SECRET}", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
              headers: { Authorization: "Bearer ${TOKEN}" }
              allow-networks: [private, 100.64.0.0/10]
            """
        )
        let expected = """
                forward:
                  url: https://pipeline.example.com/in
                  secrets: ["<redacted>", "<redacted>"]
                  headers:
                    Authorization: "<redacted>"
                  timeout: 15s
                  allow-networks: [private, 100.64.0.0/10]
                  body: raw

            """
        #expect(printed.hasSuffix(expected), "\(printed)")
        #expect(!printed.contains("4711") && !printed.contains("whsec_"))
        let section = expected.replacing("    forward", with: "forward").replacing("\n    ", with: "\n")
            .replacing(#"["<redacted>", "<redacted>"]"#, with: #"["${SECRET}", "${SECRET}"]"#)
        #expect(Self.check(section).hasSuffix(expected))
    }

    @Test func `command is printed with the names of its variables only, and reads back as the same`() {
        for form in ["run", "worker"] {
            let printed = Self.check("command: { \(form): [sh, -c, \"true; #\"], environment: [GIVEN, EMPTY] }")
            let expected = """
                    command:
                      \(form): [sh, "-c", "true; #"]
                      environment: [EMPTY, GIVEN]

                """
            #expect(printed.hasSuffix(expected), "\(printed)")
            #expect(!printed.contains("4711"))
            #expect(Self.check(expected.replacing("    command", with: "command")).hasSuffix(expected))
        }
        #expect(
            Self.check("command: { run: true }").contains("run: [\"true\"]")
                || Self.check("command: { run: true }").contains("run: [true]")
        )
    }

    @Test(arguments: [
        ("forward: {}", #""forward" has no "url"; such as "https://pipeline.example.com/scale""#),
        ("forward: {}", #""forward" has no "secrets"; the receiver needs one to verify what comes"#),
        ("forward: { url: x, secrets: [] }", #""secrets" is an empty list; give it one"#),
        ("forward: { url: x, secrets: short }", #""secrets" has fewer than 8 bytes"#),
        ("forward: { url: x, secrets: whsec_tooshort }", "A secret is not 'whsec_' and 24 to 64 bytes in Base64"),
        ("forward: { url: x, secrets: \"${SECRET}\" }", "The 'url' cannot be used: the URL is neither https nor http"),
        (
            "forward: { url: \"http://10.0.0.1/\", secrets: \"${SECRET}\" }",
            "does not belong to the public internet and is not among the allowed networks"
        ),
        ("forward: { url: x, secret: y }", #"unknown key "secret"; did you mean "secrets"?"#),
        (
            "forward: { url: x, secrets: \"${SECRET}\", body: yaml }",
            #""body" must be one of raw, envelope, not "yaml""#
        ),
        ("forward: { url: x, secrets: \"${SECRET}\", timeout: 1ms }", #""timeout" must be a duration"#),
        (
            "forward: { url: x, secrets: \"${SECRET}\", allow-networks: 10.0.0.1/8 }",
            #""10.0.0.1/8" is no network; write "private" or a range"#
        ),
        ("forward: { url: x, secrets: \"${SECRET}\", headers: { Host: y } }", #"the header "Host" cannot be sent"#),
        (
            "forward: { url: x, secrets: \"${SECRET}\", headers: { X-A: y, x-a: z } }",
            #"the header "x-a" is there more than once; keep one"#
        ),
        ("forward: { url: x, secrets: \"${SECRET}\", headers: { X-A: [y] } }", #""X-A" must be a single value"#),
        ("command: {}", #""command" has no program; give it `run: [program, argument, …]`"#),
        ("command: { run: [sh], worker: [sh] }", #""run" and "worker" exclude each other; remove one"#),
        ("command: { ruin: [sh] }", #"unknown key "ruin"; did you mean "run"?"#),
        ("command: { run: [] }", #""run" is an empty list"#),
        (
            "command: { run: \"python3 handle.py\" }",
            "There is no executable file 'python3 handle.py' in the folders of PATH"
        ),
        ("command: { run: [sh], folder: /nonexistent }", "The folder '/nonexistent' is not there"),
        ("command: { run: [sh], environment: [ABSENT] }", #"the environment variable "ABSENT" is not set"#),
        (
            "command: { run: [sh], environment: [SCALE_CALLBACKS_KIND] }",
            #""SCALE_CALLBACKS_KIND" is the service's own"#
        ),
    ]) func `what is wrong is told with what to do`(section: String, expected: String) {
        let answer = Self.check(section)
        #expect(answer.contains(expected), "\(answer)")
        #expect(!answer.contains("tooshort") && !answer.contains("4711"))
    }
}
