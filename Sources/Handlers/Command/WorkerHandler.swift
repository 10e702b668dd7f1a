package import Callbacks
import Logging
import ScaleAPI

/// Hands each event to a program that goes on running: one line to it, one line back.
///
/// As many programs run as events are handled at a time, each with one event at a time. One that ends, says something else
/// than an answer, or takes longer than the handler's `timeout` is ended, and its event is tried again.
package struct WorkerHandler: CallbackHandler {
    private let name: String
    private let pool: WorkerPool

    /// Looks the program up.
    ///
    /// - Throws: `ProgramError` when there is none.
    package init(name: String, configuration: CommandHandler.Configuration) throws(ProgramError) {
        self.init(name: name, program: try Program(configuration))
    }

    /// With a program that was found, and its delay, for tests.
    init(name: String, program: Program, firstDelay: Duration = .milliseconds(500)) {
        self.name = name
        self.pool = WorkerPool(
            program,
            variables: [CommandHandler.variablePrefix + "HANDLER": name],
            firstDelay: firstDelay
        )
    }

    /// Asks a worker; the outcome is what it answers.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        let attempt = JSON.number(.init(context.attempt))
        let line = event.envelope([("attempt", attempt), ("handler", .string(self.name))]) + [UInt8(ascii: "\n")]
        let worker = try await self.pool.take(logger: context.logger)
        let problem: String
        switch await worker.ask(line, logger: context.logger) {
        case .line(let line):
            do throws(WorkerAnswer.Garbage) {
                let answer = try WorkerAnswer(line, to: event.id)
                self.pool.giveBack(worker)
                return answer.outcome
            } catch {
                problem = "the worker's answer \(error.reason): \(String(excerptOf: line, limit: 200))"
            }
        case .ended(let reason):
            problem = "the worker did not answer: \(reason)".cut(to: 500)
        }
        self.pool.discard(worker)
        try Task.checkCancellation()
        return .retry(.fault, problem)
    }

    /// The workers end with the deliveries.
    package func withResources(during deliveries: @Sendable () async -> Void) async {
        await deliveries()
        await self.pool.close()
    }
}
