package import Callbacks
import ScaleAPI

/// Runs a program for each event: the event is its standard input, its exit code the outcome.
///
/// The program may run twice for one event. A stop of the service, or the end of the handler's `timeout`, ends it and all
/// that it started in its process group.
package struct CommandHandler: CallbackHandler {
    private let name: String
    private let program: Program

    /// Looks the program up.
    ///
    /// - Throws: `ProgramError` when there is none.
    package init(name: String, configuration: Configuration) throws(ProgramError) {
        self.name = name
        self.program = try Program(configuration)
    }

    /// Runs the program once; the outcome's detail has its exit code and the end of what it wrote.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        let attempt = JSON.number(.init(context.attempt))
        let line = event.envelope([("attempt", attempt), ("handler", .string(self.name))]) + [UInt8(ascii: "\n")]
        let written: (output: Tail, errors: Tail)
        let end: Program.End
        do {
            (written, end) = try await self.program.run(with: self.variables(event, context)) { program in
                async let output = Self.tail(of: .output, program)
                async let errors = Self.tail(of: .errors, program)
                _ = await program.write(line)
                await program.closeInput()
                return await (output, errors)
            }
        } catch {
            return .retry(.fault, "the program could not be started: \(error)".cut(to: 500))
        }
        // What it finished in spite of the hurry counts.
        if Task.isCancelled, end != .exited(0) { throw CancellationError() }
        return Self.outcome(end, output: written.output, errors: written.errors)
    }

    /// The variables that tell a program of the event. What comes from the wire is left out where it could do harm.
    private func variables(_ event: Event, _ context: HandlerContext) -> [String: String] {
        let values = [
            "ACCOUNT": event.account, "ATTEMPT": String(context.attempt), "EVENT_ID": String(event.id),
            "HANDLER": self.name, "KIND": event.callback.kind.rawValue,
        ]
        var variables: [String: String] = [:]
        for (key, value) in values { variables[Self.variablePrefix + key] = value }
        if let id = event.callback.taskID, id.utf8.count <= 256, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            variables[Self.variablePrefix + "TASK_ID"] = id
        }
        return variables
    }

    private static func tail(of stream: RunningProgram.Stream, _ program: RunningProgram) async -> Tail {
        var tail = Tail()
        await program.read(stream) { buffer in
            tail.append(buffer)
            return true
        }
        return tail
    }

    /// What an exit code means for the delivery, by the names of `sysexits.h`.
    ///
    /// | exit code | outcome |
    /// |---|---|
    /// | 0 | completed |
    /// | 65 (EX_DATAERR) | dead: the program refuses this event |
    /// | 75 (EX_TEMPFAIL) | retry |
    /// | 78 (EX_CONFIG) | hold: the program cannot work at all until people mend it |
    /// | any other, or a signal | retry, as a fault |
    private static func outcome(_ end: Program.End, output: Tail, errors: Tail) -> Outcome {
        var detail: JSON.Object = [:]
        var ending: String
        switch end {
        case .exited(let code):
            detail["exit_code"] = .number(.init(Int(code)))
            ending = "exit code \(code)"
        case .signaled(let signal):
            detail["signal"] = .number(.init(Int(signal)))
            ending = "ended by signal \(signal)"
        }
        for (key, tail) in [("stdout", output.text()), ("stderr", errors.text())] where !tail.isEmpty {
            detail[key] = .string(tail)
        }
        let line = output.lastLine
        if end == .exited(0) {
            return .completed(line.isEmpty ? ending : line, detail: .object(detail))
        }
        let said = line.isEmpty ? errors.lastLine : line
        if !said.isEmpty { ending = "\(ending): \(said)".cut(to: 500) }
        return switch end {
        case .exited(65): .dead(.refused, ending, detail: .object(detail))
        case .exited(75): .retry(.unavailable, ending, detail: .object(detail))
        case .exited(78): Outcome(disposition: .hold, failureClass: .fault, summary: ending, detail: .object(detail))
        default: .retry(.fault, ending, detail: .object(detail))
        }
    }
}
