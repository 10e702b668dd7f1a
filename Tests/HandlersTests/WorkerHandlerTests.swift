import Callbacks
import Foundation
import InMemoryLogging
import Logging
import ScaleAPI
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct WorkerHandlerTests {
    init() {
        // As the program does: a worker that has ended is no reason to die.
        signal(SIGPIPE, SIG_IGN)
    }

    /// A worker in shell that answers each line by `answer`, where `$id` is the event's number; `$n` counts its events.
    private static func script(_ answer: String) -> String {
        """
        n=0
        while read -r line; do
            n=$((n + 1)); id=$(printf '%s' "$line" | sed 's/^{"id":\\([0-9]*\\),.*/\\1/')
            \(answer)
        done
        echo ended >> ended
        """
    }

    private static func withHandler<Result: Sendable>(
        _ script: String,
        folder: String,
        _ body: @escaping @Sendable (WorkerHandler) async throws -> Result
    ) async throws -> Result {
        let program = try Program(.init(form: .worker, program: ["sh", "-c", script], folder: folder))
        let handler = WorkerHandler(name: "mine", program: program, firstDelay: .milliseconds(10))
        let result = Mutex<Swift.Result<Result, any Error>?>(nil)
        await handler.withResources {
            do {
                let value = try await body(handler)
                result.withLock { $0 = .success(value) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
        }
        return try present(result.withLock { $0 }).get()
    }

    private static func event(_ id: Int64) throws -> Event {
        Example.event(try Callback(body: Example.body("01-")), id: id)
    }

    @Test func `one worker answers one event after the other and ends with its input`() async throws {
        try await withTemporaryFolder { folder in
            let script = Self.script(#"echo "{\"id\":$id,\"outcome\":\"completed\",\"summary\":\"number $n of $$\"}""#)
            let summaries = try await Self.withHandler(script, folder: folder) { handler in
                var summaries: [String] = []
                for id in Int64(1)...5 {
                    summaries.append(try await handler.handle(Self.event(id), in: NoteBook().context()).summary)
                }
                return summaries
            }
            let process = summaries[0].split(separator: " ").last ?? ""
            #expect(summaries == (1...5).map { "number \($0) of \(process)" })
            #expect(try String(contentsOfFile: folder + "/ended", encoding: .utf8) == "ended\n")
        }
    }

    @Test func `as many workers run as events at a time`() async throws {
        try await withTemporaryFolder { folder in
            // Each waits until all four have begun, which only four processes can do.
            let script = Self.script(
                """
                touch "begun$$"; while [ $(ls begun* | wc -l) -lt 4 ]; do sleep 0.01; done
                echo "{\\"id\\":$id,\\"outcome\\":\\"completed\\",\\"summary\\":\\"$$\\"}"
                """
            )
            let processes = try await Self.withHandler(script, folder: folder) { handler in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for id in Int64(1)...4 {
                        group.addTask { try await handler.handle(Self.event(id), in: NoteBook().context()).summary }
                    }
                    var processes: Set<String> = []
                    for try await process in group { processes.insert(process) }
                    return processes
                }
            }
            #expect(processes.count == 4)
        }
    }

    @Test(
        arguments: [
            (#"{"id":7,"outcome":"completed"}"#, Outcome.Disposition.completed, nil),
            (#"{"id":7,"outcome":"stale","summary":"s"}"#, .stale, nil),
            (#"{"id":7,"outcome":"retry","summary":"s"}"#, .retry(after: nil), .unavailable),
            (#"{"id":7,"outcome":"retry","retry_after":2.5}"#, .retry(after: .milliseconds(2500)), .unavailable),
            (#"{"outcome":"dead","id":7,"further":[1]}"#, .dead, .refused),
            (#"{"id":7,"outcome":"hold","summary":"no key"}"#, .hold, .refused),
        ] as [(String, Outcome.Disposition, Outcome.FailureClass?)]
    ) func `an answer is an outcome`(
        line: String,
        disposition: Outcome.Disposition,
        failureClass: Outcome.FailureClass?
    ) throws {
        let outcome = try WorkerAnswer(Array(line.utf8), to: 7).outcome
        #expect((outcome.disposition, outcome.failureClass) == (disposition, failureClass))
    }

    @Test(arguments: [
        "x", "7", "[]", "{}", #"{"id":7}"#, #"{"id":8,"outcome":"completed"}"#, #"{"id":"7","outcome":"completed"}"#,
        #"{"id":7,"outcome":"done"}"#, #"{"id":7,"outcome":"completed","summary":5}"#,
        #"{"id":7,"outcome":"retry","retry_after":-1}"#, #"{"id":7,"outcome":"retry","retry_after":"1"}"#,
        #"{"id":7,"outcome":"retry","retry_after":1e9}"#, #"{"id":7,"outcome":"completed"} x"#, "\u{0}",
        #"{"id":7,"outcome":"completed","summary":null}"#,
    ]) func `anything else is none`(line: String) {
        #expect(throws: WorkerAnswer.Garbage.self) { try WorkerAnswer(Array(line.utf8), to: 7) }
    }

    @Test(arguments: [
        ("exit 3", "exit code 3"), ("kill -9 $$", "signal 9"), ("echo garbage", "is no JSON object: garbage"),
        (#"echo '{"id":99,"outcome":"completed"}'"#, #"another "id""#), ("exec 1>&-", "the worker did not answer"),
        ("head -c 200000 /dev/zero | tr '\\0' x; echo", "is no JSON object"),
        ("head -c 100000 /dev/urandom; echo", "the worker"), ("yes | head -n 1000", "is no JSON object"),
    ]) func `a worker that is no good is replaced, and its event tried again`(
        answer: String,
        problem: String
    ) async throws {
        try await withTemporaryFolder { folder in
            let good = #"echo "{\"id\":$id,\"outcome\":\"completed\",\"summary\":\"well\"}""#
            let script = Self.script("if [ -e spoilt ]; then \(good); else touch spoilt; \(answer); fi")
            let (first, second) = try await Self.withHandler(script, folder: folder) { handler in
                (
                    try await handler.handle(Self.event(7), in: NoteBook().context()),
                    try await handler.handle(Self.event(7), in: NoteBook().context(attempt: 2))
                )
            }
            #expect((first.disposition, first.failureClass) == (.retry(after: nil), .fault))
            #expect(first.summary.contains(problem), "\(first.summary)")
            #expect((second.disposition, second.summary) == (.completed, "well"))
        }
    }

    @Test func `a worker that says more than it was asked is replaced before the next event`() async throws {
        try await withTemporaryFolder { folder in
            // Both lines at once, and it would go on.
            let script = Self.script(
                #"printf '{"id":%s,"outcome":"completed","summary":"%s"}\nand more\n' "$id" "$$""#
            )
            let (first, second) = try await Self.withHandler(script, folder: folder) { handler in
                let first = try await handler.handle(Self.event(1), in: NoteBook().context())
                var second: Outcome
                var attempt = 0
                repeat {
                    attempt += 1
                    // Asked while it is being ended, it does not answer, and the event is tried again.
                    second = try await handler.handle(Self.event(2), in: NoteBook().context(attempt: attempt))
                } while second.disposition != .completed && attempt < 20
                return (first, second)
            }
            #expect((first.disposition, second.disposition) == (.completed, .completed))
            #expect(first.summary != second.summary)
        }
    }

    @Test func `of a line without end little is kept`() {
        var reader = LineReader(limit: 100)
        var lines: [[UInt8]] = []
        func read(_ text: String) { Array(text.utf8).withUnsafeBytes { reader.read($0) { lines.append($0) } } }
        for _ in 0..<1000 { read(String(repeating: "x", count: 1000)) }
        read("\nshort\r\n\n\nla")
        read("st\n")
        #expect(lines.map(\.count) == [101, 5, 4])
        #expect(lines.last == Array("last".utf8))
    }

    @Test(arguments: ["sleep 600", "trap '' TERM; sleep 600", "while :; do :; done"])
    func `a worker that hangs is ended with the attempt`(answer: String) async throws {
        try await withTemporaryFolder { folder in
            let good = #"echo "{\"id\":$id,\"outcome\":\"completed\"}""#
            let script = Self.script("if [ -e own ]; then \(good); else echo $$ > own; \(answer); fi")
            try await Self.withHandler(script, folder: folder) { handler in
                let task = Task { try await handler.handle(Self.event(1), in: NoteBook().context()) }
                await CommandHandlerTests.wait { (try? CommandHandlerTests.number(in: folder + "/own")) != nil }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                await CommandHandlerTests.expectGone(try CommandHandlerTests.number(in: folder + "/own"))
                let next = try await handler.handle(Self.event(2), in: NoteBook().context())
                #expect(next.disposition == .completed)
            }
        }
    }

    @Test func `workers that do not heed the end of their input are ended at a stop`() async throws {
        try await withTemporaryFolder { folder in
            let answer =
                #"echo $$ > own; echo "{\"id\":$id,\"outcome\":\"completed\"}"; trap '' TERM; exec 0<&-; sleep 600"#
            let start = ContinuousClock.now
            try await Self.withHandler(Self.script(answer), folder: folder) { handler in
                _ = try await handler.handle(Self.event(1), in: NoteBook().context())
            }
            #expect(ContinuousClock.now - start < .seconds(10))
            await CommandHandlerTests.expectGone(try CommandHandlerTests.number(in: folder + "/own"))
        }
    }

    @Test func `after a failure the next worker is started later and later`() async throws {
        try await withTemporaryFolder { folder in
            let starts = try await Self.withHandler("date +%s%N >> starts; exit 1", folder: folder) { handler in
                for attempt in 1...5 {
                    let outcome = try await handler.handle(Self.event(1), in: NoteBook().context(attempt: attempt))
                    #expect(outcome.summary == "the worker did not answer: it ended with exit code 1")
                }
                return try String(contentsOfFile: folder + "/starts", encoding: .utf8).split(separator: "\n")
            }
            let times = starts.compactMap { Int($0) }
            #expect(times.count == 5)
            for index in 1..<times.count {
                #expect(times[index] - times[index - 1] >= 10_000_000 << (index - 1) * 9 / 10)
            }
        }
    }

    @Test func `standard error goes to the log, bounded and harmless`() async throws {
        try await withTemporaryFolder { folder in
            let script = Self.script(
                """
                printf 'lo\\033[2Jg\\n' >&2; head -c 5000 /dev/zero | tr '\\0' y >&2; echo >&2; yes | head -n 5000 >&2
                echo "{\\"id\\":$id,\\"outcome\\":\\"completed\\"}"
                """
            )
            let log = InMemoryLogHandler()
            try await Self.withHandler(script, folder: folder) { handler in
                let context = HandlerContext(attempt: 1, scale: nil, logger: Logger(label: "test") { _ in log })
                _ = try await handler.handle(Self.event(1), in: context)
                await CommandHandlerTests.wait { log.entries.count >= 100 }
            }
            let lines = log.entries.map { "\($0.metadata["line"] ?? "")" }
            #expect(lines.count == 100)
            #expect(lines.first == "lo [2Jg")
            #expect(lines.dropFirst().first?.count == 1000)
        }
    }

    @Test func `a large event reaches the worker whole`() async throws {
        try await withTemporaryFolder { folder in
            let padding = String(repeating: "x", count: 3 << 20)
            let event = Example.event(try Callback(body: Array(#"{"task_id":"t","padding":"\#(padding)"}"#.utf8)))
            let script = """
                import json, sys
                for line in sys.stdin:
                    event = json.loads(line)
                    print(json.dumps({"id": event["id"], "outcome": "completed", \
                "summary": str(len(event["callback"]["padding"]))}), flush=True)
                """
            try Data(script.utf8).write(to: URL(fileURLWithPath: folder + "/worker.py"))
            let outcome = try await Self.withHandler("exec python3 worker.py", folder: folder) { handler in
                try await handler.handle(event, in: NoteBook().context())
            }
            #expect(outcome.summary == String(3 << 20))
        }
    }
}
