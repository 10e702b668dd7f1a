package import Callbacks
import ScaleAPI

/// Judges completed tasks by rules, and in live mode tells Scale the verdict.
///
/// A task is audited at most once, and only as it is now: Scale is asked first, its own copy is what is judged, and a
/// note is kept before the verdict is sent. When the answer stays unclear, the next attempt asks again instead of
/// repeating. The callback that Scale sends for the audit is of kind `audit` and not judged, so there is no loop.
package struct AuditHandler: CallbackHandler {
    /// The key of the note that is kept before an audit: its value is the verdict.
    private static let noteKey = "auditing"

    private let mode: Configuration.Mode
    private let rules: RuleSet

    /// Compiles the rules and tries them on an empty task.
    ///
    /// - Throws: `RuleError` for the first rule that cannot be used.
    package init(configuration: Configuration) throws(RuleError) {
        self.mode = configuration.mode
        self.rules = try RuleSet(configuration.rules)
    }

    /// The names of the ready-made checks, in alphabetical order.
    package static var checkNames: [String] { Check.all.map(\.name) }

    /// What the rules say of a callback, whatever its kind; Scale is not asked.
    ///
    /// - Parameter log: What is known of the task beside the callback, oldest first: the view `history` begins with it.
    package func judgement(of callback: Callback, log: [HistoryEntry] = []) -> Judgement {
        self.rules.judge(callback, log: log)
    }

    /// Judges the event and, in live mode, audits the task. The verdict and its evidence are the outcome's detail.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        guard event.callback.kind == .completed, let taskID = event.callback.taskID else {
            return .completed("not a completed task")
        }
        if let newer = context.newerEvent {
            return .stale("event \(newer) is newer")
        }
        let judgement = self.rules.judge(event.callback)
        guard self.mode == .live else {
            return .completed(judgement.summary, detail: judgement.detail(mode: .shadow, answer: "Scale was not asked"))
        }
        guard let scale = context.scale else {
            return .hold(
                "the account '\(event.account)' has no API key to audit with: give it an api-key, then resume the handler",
                detail: judgement.detail(mode: .live, answer: "Scale was not asked")
            )
        }
        guard judgement.verdict != .leave else {
            return .completed(judgement.summary, detail: judgement.detail(mode: .live, answer: "Scale was not asked"))
        }
        return try await self.audit(taskID, of: event, judgedAs: judgement, with: scale, in: context)
    }

    private func audit(
        _ taskID: String,
        of event: Event,
        judgedAs first: Judgement,
        with scale: ScaleClient,
        in context: HandlerContext
    ) async throws -> Outcome {
        let current: Callback
        do {
            current = Callback(task: try await scale.task(taskID))
        } catch {
            return try Outcome(failure: error, detail: first.detail(mode: .live, answer: error.description))
        }
        guard current.fingerprint == event.callback.fingerprint else {
            return self.superseded(by: current, judgement: first, in: context)
        }
        // Who can post to us could have sent a body of their own; what is audited is what Scale has.
        let judgement = self.rules.judge(current)
        guard judgement.verdict != .leave else {
            return .completed(judgement.summary, detail: judgement.detail(mode: .live, answer: "the task is unchanged"))
        }
        var note: JSON.Object = [Self.noteKey: .string(judgement.verdict.rawValue)]
        note["rule"] = judgement.rule.map { .number(JSON.Number($0)) }
        note["comment"] = judgement.comment.map { .string($0) }
        try await context.note(.object(note))
        do {
            try await scale.auditTask(taskID, accepted: judgement.verdict == .accept, comments: judgement.comment)
        } catch {
            return try Outcome(failure: error, detail: judgement.detail(mode: .live, answer: error.description))
        }
        return .completed(judgement.summary, detail: judgement.detail(mode: .live, answer: "audited"))
    }

    /// The outcome for a task that is no longer what the callback said.
    private func superseded(by current: Callback, judgement: Judgement, in context: HandlerContext) -> Outcome {
        guard current.kind == .audit, let review = current.reviewStatus else {
            return .stale(
                "the task has changed since",
                detail: judgement.detail(mode: .live, answer: "status \(current.status ?? "unknown")")
            )
        }
        let sent = context.earlierNotes.compactMap { $0[Self.noteKey]?.string }
        let own: Configuration.Verdict? =
            switch review {
            case "accepted": .accept
            case "rejected": .reject
            default: nil
            }
        if let own, sent.contains(own.rawValue) {
            return .completed(
                "\(own.rawValue): the earlier audit did arrive",
                detail: judgement.detail(mode: .live, answer: "the earlier audit did arrive")
            )
        }
        return .stale(
            "the task is already reviewed: \(review.cut(to: 50))",
            detail: judgement.detail(mode: .live, answer: "review status \(review.cut(to: 50))")
        )
    }
}
