import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct CommandHandlerTests {
    init() {
        // As the program does: a child that does not read is no reason to die.
        signal(SIGPIPE, SIG_IGN)
    }

    private static func handler(
        _ script: String,
        folder: String? = nil,
        environment: [String: Secret] = [:]
    ) throws -> CommandHandler {
        try CommandHandler(
            name: "mine",
            configuration: .init(form: .run, program: ["sh", "-c", script], folder: folder, environment: environment)
        )
    }

    private static func run(_ script: String, folder: String? = nil, example: String = "01-") async throws -> Outcome {
        let event = Example.event(try Callback(body: Example.body(example)))
        return try await Self.handler(script, folder: folder).handle(event, in: NoteBook().context(attempt: 2))
    }

    /// A callback larger than any pipe.
    private static func largeEvent() throws -> Event {
        let padding = String(repeating: "x", count: 3 << 20)
        return Example.event(try Callback(body: Array(#"{"task_id":"t","padding":"\#(padding)"}"#.utf8)))
    }

    @Test(
        arguments: [
            ("exit 0", Outcome.Disposition.completed, nil, "exit code 0"),
            ("echo one; echo two; echo; exit 0", .completed, nil, "two"),
            ("echo filed; exit 65", .dead, .refused, "exit code 65: filed"),
            ("echo no disk >&2; exit 75", .retry(after: nil), .unavailable, "exit code 75: no disk"),
            ("echo no key; exit 78", .hold, .fault, "exit code 78: no key"),
            ("exit 1", .retry(after: nil), .fault, "exit code 1"),
            ("exit 255", .retry(after: nil), .fault, "exit code 255"),
            ("kill -9 $$", .retry(after: nil), .fault, "ended by signal 9"),
            ("nonexistent-program", .retry(after: nil), .fault, nil),
            ("printf '\\033[2Jred\\033[0m'", .completed, nil, "[2Jred [0m"),
            ("head -c 3000 /dev/zero; exit 0", .completed, nil, "exit code 0"),
        ] as [(String, Outcome.Disposition, Outcome.FailureClass?, String?)]
    ) func `the exit code is the outcome`(
        script: String,
        disposition: Outcome.Disposition,
        failureClass: Outcome.FailureClass?,
        summary: String?
    ) async throws {
        let outcome = try await Self.run(script)
        #expect((outcome.disposition, outcome.failureClass) == (disposition, failureClass))
        if let summary { #expect(outcome.summary == summary) }
    }

    @Test func `the event comes on standard input as one line of JSON`() async throws {
        try await withTemporaryFolder { folder in
            let outcome = try await Self.run("cat > event; wc -l < event", folder: folder)
            #expect(outcome.summary.trimmingCharacters(in: .whitespaces) == "1")
            let written = try Data(contentsOf: URL(fileURLWithPath: folder + "/event"))
            let object = try #require(try JSON(parsing: Array(written)).object)
            #expect(object["id"] == 7 && object["attempt"] == 2 && object["handler"] == "mine")
            #expect(object["callback"] == (try JSON(parsing: Example.body("01-"))))
        }
    }

    @Test func `a program gets few variables, no file of ours and its own signals`() async throws {
        setenv("SCALE_API_KEY", "live_secret_4711", 1)
        setenv("COMMAND_TEST_GIVEN", "given", 1)
        let script = """
            env | grep -v '^\\(PWD\\|_\\|SHLVL\\|OLDPWD\\)=' | cut -d= -f1 | sort | tr '\\n' ' ' > names; env > values
            for f in /proc/self/fd/*; do basename $f; done | sort -n | tr '\\n' ' ' > files
            sh -c 'kill -PIPE $$; echo ignored' > pipe
            """
        try await withTemporaryFolder { folder in
            let handler = try Self.handler(script, folder: folder, environment: ["COMMAND_TEST_GIVEN": Secret("given")])
            let event = Example.event(try Callback(body: Example.body("01-")))
            // A file of ours that a child must not see.
            let own = FileHandle(forReadingAtPath: "/dev/null")
            _ = try await handler.handle(event, in: NoteBook().context())
            try own?.close()
            func read(_ name: String) throws -> String {
                try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            }
            let names = Set(try read("names").split(separator: " ").map(String.init))
            let ours = ["ACCOUNT", "ATTEMPT", "EVENT_ID", "HANDLER", "KIND", "TASK_ID"].map { "SCALE_CALLBACKS_" + $0 }
            #expect(names.isSuperset(of: ours + ["PATH", "COMMAND_TEST_GIVEN"]))
            #expect(names.subtracting(ours + ["COMMAND_TEST_GIVEN"]).isSubset(of: CommandHandler.usualVariables))
            #expect(!(try read("values").contains("4711")))
            // The shell opens the folder itself.
            #expect(["0 1 2 ", "0 1 2 3 "].contains(try read("files")))
            #expect(try read("pipe") == "")
        }
    }

    @Test func `what the wire says does not reach a variable when it could do harm`() async throws {
        for id in ["a\\u0000b", "a\\nb", "a b", String(repeating: "x", count: 300)] {
            let event = Example.event(try Callback(body: Array(#"{"task_id":"\#(id)","status":"completed"}"#.utf8)))
            let outcome = try await Self.handler("echo \"<$SCALE_CALLBACKS_TASK_ID>\"")
                .handle(event, in: NoteBook().context())
            #expect(outcome.summary == "<>")
        }
    }

    @Test(arguments: [
        "exit 0", "exec 0<&-; sleep 0.2", "head -c 1 > /dev/null", "exec 0<&- 1>&- 2>&-; sleep 0.2",
    ]) func `a program need not read its input`(script: String) async throws {
        let outcome = try await Self.handler(script).handle(Self.largeEvent(), in: NoteBook().context())
        #expect(outcome.disposition == .completed)
    }

    @Test func `of much output the end is kept`() async throws {
        let outcome = try await Self.run("cat > /dev/null; yes lorem | head -c 20000000; echo; echo last; exit 1")
        #expect(outcome.summary == "exit code 1: last")
        #expect(outcome.detail?["stdout"]?.string?.utf8.count == 2000)
    }

    @Test func `binary output does no harm`() async throws {
        let outcome = try await Self.run("head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2; exit 0")
        #expect(outcome.disposition == .completed)
        #expect(outcome.summary.count <= 500)
        #expect(outcome.summary.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func `large input and large output at the same time do not block each other`() async throws {
        let outcome = try await Self.handler("cat | tee /dev/stderr")
            .handle(Self.largeEvent(), in: NoteBook().context())
        #expect(outcome.disposition == .completed)
    }

    @Test(arguments: [
        // A child in the group, one with a session of its own, and one that fills the pipe without end.
        "sleep 600 & echo $! > child; echo done", "setsid sleep 600 & echo $! > child; echo done",
        "yes & echo $! > child; sleep 0.2; echo done >&2", "(trap '' TERM; sleep 600) & echo $! > child; echo done",
    ]) func `a child that is left behind with the pipes holds nothing up`(script: String) async throws {
        try await withTemporaryFolder { folder in
            let outcome = try await Self.run(script, folder: folder)
            #expect(outcome.disposition == .completed)
            let child = try Self.number(in: folder + "/child")
            if script.contains("setsid") {
                // Another session is out of reach, by the program's own choice.
                kill(child, SIGKILL)
            } else {
                await Self.expectGone(child)
            }
        }
    }

    @Test(arguments: [
        "sleep 600", "trap '' TERM; while :; do sleep 1; done", "yes", "yes >&2", "cat > /dev/null; exec sleep 600",
        "sleep 600 & trap '' TERM; wait; sleep 600", "exec 1>&- 2>&-; sleep 600",
        "trap 'echo cleaned > cleaned; exit 1' TERM; sleep 600 & wait",
    ]) func `a cancelled call ends the program and all of its group soon`(script: String) async throws {
        try await withTemporaryFolder { folder in
            let handler = try Self.handler("sleep 700 & echo $! > child; echo $$ > own; \(script)", folder: folder)
            let event = Example.event(try Callback(body: Example.body("01-")))
            let task = Task { try await handler.handle(event, in: NoteBook().context()) }
            await Self.wait { (try? Self.number(in: folder + "/own")) != nil }
            let clock = ContinuousClock()
            let start = clock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(clock.now - start < .seconds(5))
            await Self.expectGone(try Self.number(in: folder + "/own"))
            await Self.expectGone(try Self.number(in: folder + "/child"))
            if script.contains("cleaned") { #expect(FileManager.default.fileExists(atPath: folder + "/cleaned")) }
        }
    }

    @Test func `a program that finishes its work in spite of the hurry has done it`() async throws {
        try await withTemporaryFolder { folder in
            let handler = try Self.handler(
                "trap 'echo saved; exit 0' TERM; echo $$ > own; sleep 600 & wait",
                folder: folder
            )
            let event = Example.event(try Callback(body: Example.body("01-")))
            let task = Task { try await handler.handle(event, in: NoteBook().context()) }
            await Self.wait { (try? Self.number(in: folder + "/own")) != nil }
            task.cancel()
            #expect(try await task.value.summary == "saved")
        }
    }

    @Test func `many at a time do not get in each other's way`() async throws {
        let handler = try Self.handler("cat > /dev/null; echo \"event $SCALE_CALLBACKS_EVENT_ID\"")
        let callback = try Callback(body: Example.body("01-"))
        let summaries = try await withThrowingTaskGroup(of: (Int64, String).self) { group in
            for id in Int64(1)...60 {
                group.addTask {
                    (id, try await handler.handle(Example.event(callback, id: id), in: NoteBook().context()).summary)
                }
            }
            var summaries: [Int64: String] = [:]
            for try await (id, summary) in group { summaries[id] = summary }
            return summaries
        }
        #expect(summaries.count == 60)
        #expect(summaries.allSatisfy { $0.value == "event \($0.key)" })
    }

    @Test(
        arguments: [
            ["nonexistent-program"], ["/nonexistent/program"], ["/etc/passwd"], ["/tmp"], [""], [],
            ["python3 handle.py"],
            ["../etc"],
        ] as [[String]]
    ) func `a program that is not there is told when the handler is built`(program: [String]) {
        #expect(throws: ProgramError.self) {
            try CommandHandler(name: "mine", configuration: .init(form: .run, program: program))
        }
    }

    @Test func `a path is looked up from the folder`() async throws {
        try await withTemporaryFolder { folder in
            try Data("#!/bin/sh\npwd\n".utf8).write(to: URL(fileURLWithPath: folder + "/here"))
            #expect(throws: ProgramError.self) {
                try CommandHandler(name: "m", configuration: .init(form: .run, program: ["./here"], folder: folder))
            }
            chmod(folder + "/here", 0o700)
            let handler = try CommandHandler(
                name: "m",
                configuration: .init(form: .run, program: ["./here"], folder: folder)
            )
            let event = Example.event(try Callback(body: Example.body("01-")))
            let outcome = try await handler.handle(event, in: NoteBook().context())
            #expect(outcome.summary.hasSuffix((folder as NSString).lastPathComponent))
        }
        #expect(throws: ProgramError.self) {
            try CommandHandler(name: "m", configuration: .init(form: .run, program: ["sh"], folder: "/nonexistent"))
        }
    }

    static func number(in path: String) throws -> pid_t {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try present(text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil)
    }

    static func wait(_ condition: () -> Bool) async {
        for _ in 0..<4000 where !condition() { try? await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    static func expectGone(_ process: pid_t) async {
        await Self.wait {
            // Orphans are zombies until their new parent has time for them.
            let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ") Z"
            return status.contains(") Z") || status.contains(") X")
        }
    }
}
