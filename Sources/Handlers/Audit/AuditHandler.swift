package import Callbacks
import ScaleAPI

/// Judges completed tasks by rules, and in live mode tells Scale the verdict.
///
/// A response is audited at most once, and only as it is now: Scale is asked first, its own copy is what is judged, and
/// the verdict is claimed before it is sent, so that limits hold across restarts and replays. When the answer stays
/// unclear, the next attempt asks again instead of repeating. The callback that Scale sends for the audit is of kind `audit` and not judged, so there is no loop.
package struct AuditHandler: CallbackHandler {
    /// The key of the note that is kept with a claim: its value is the verdict.
    private static let noteKey = "auditing"

    private let configuration: Configuration
    let rules: RuleSet
    private let fetcher: AnnotationsFetcher?

    /// Compiles the rules and tries them on an empty task.
    ///
    /// - Throws: `RuleError` for the first rule that cannot be used.
    package init(configuration: Configuration) throws(RuleError) {
        self.configuration = configuration
        self.rules = try RuleSet(configuration.rules)
        self.fetcher = configuration.fetch.map { AnnotationsFetcher($0) }
    }

    /// The names of the ready-made checks, in alphabetical order.
    package static var checkNames: [String] { Check.all.map(\.name) }

    /// What the rules say of a callback, whatever its kind; Scale is not asked.
    ///
    /// - Parameter log: What is known of the task beside the callback, oldest first: the view `history` begins with it.
    package func judgement(of callback: Callback, log: [HistoryEntry] = []) -> Judgement {
        self.rules.judge(callback, log: log)
    }

    /// Whether some rule asks what happened to the task before.
    package var readsHistory: Bool { self.rules.readsHistory }

    /// What the rules say of a callback that came after these events of its task, whatever its kind; Scale is not asked.
    ///
    /// - Parameter earlier: Oldest first. They count only when some rule reads them.
    package func judgement(of callback: Callback, after earlier: [Event]) -> Judgement {
        self.rules.judge(callback, log: self.rules.readsHistory ? HistoryEntry.log(of: earlier, before: callback) : [])
    }

    /// Judges the event and, in live mode, audits the task. The verdict and its evidence are the outcome's detail.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        guard event.callback.kind == .completed, let taskID = event.callback.taskID else {
            return .completed("not a completed task", hadEffect: false)
        }
        if let newer = context.newerEvent {
            return .stale("event \(newer) is newer")
        }
        // Read only when some rule asks, for it costs a look into the store.
        let earlier = self.rules.readsHistory ? try await context.earlierEvents() : []
        do {
            return try await self.handle(event, of: taskID, after: earlier, in: context)
        } catch let failure as AnnotationsFetcher.Failure {
            return failure.outcome
        }
    }

    private func handle(
        _ event: Event,
        of taskID: String,
        after earlier: [Event],
        in context: HandlerContext
    ) async throws -> Outcome {
        let mode = context.mode ?? self.configuration.mode
        // After an unclear answer Scale is asked in any case.
        let isConfirmed = mode == .live && (self.configuration.confirm || !context.earlierNotes.isEmpty)
        var judgement = self.judgement(of: event.callback, after: earlier)
        let url = self.urlOfFile(for: judgement, of: event.callback)
        if let url, !isConfirmed {
            judgement = try await self.judgement(
                of: event.callback,
                account: event.account,
                after: earlier,
                withFileAt: url,
                in: context
            )
        }
        guard mode == .live else {
            let detail = judgement.detail(mode: .shadow, answer: "Scale was not asked")
            return .completed(judgement.summary, detail: detail, hadEffect: false)
        }
        guard let scale = context.scale else {
            return .hold(
                "the account '\(event.account)' has no API key to audit with: give it an api-key, then resume the handler",
                detail: judgement.detail(mode: .live, answer: "Scale was not asked")
            )
        }
        // What is decided in a file is not known yet when Scale's own copy is the one whose file counts.
        guard judgement.verdict != .leave || isConfirmed && url != nil else {
            let detail = judgement.detail(mode: .live, answer: "Scale was not asked")
            return .completed(judgement.summary, detail: detail, hadEffect: false)
        }
        guard isConfirmed else {
            return try await self.send(judgement, of: taskID, to: scale, in: context)
        }
        let current: Callback
        do {
            current = Callback(task: try await scale.task(taskID))
        } catch {
            return try Outcome(failure: error, detail: judgement.detail(mode: .live, answer: error.description))
        }
        guard current.fingerprint == event.callback.fingerprint else {
            return self.superseded(by: current, judgement: judgement, in: context)
        }
        // Who can post to us could have sent a body of their own; what is audited is what Scale has.
        var confirmed = self.judgement(of: current, after: earlier)
        if let url = self.urlOfFile(for: confirmed, of: current) {
            confirmed = try await self.judgement(
                of: current,
                account: event.account,
                after: earlier,
                withFileAt: url,
                in: context
            )
        }
        guard confirmed.verdict != .leave else {
            let detail = confirmed.detail(mode: .live, answer: "the task is unchanged")
            return .completed(confirmed.summary, detail: detail, hadEffect: false)
        }
        return try await self.send(confirmed, of: taskID, to: scale, in: context)
    }

    /// Where the file is without which the rules cannot decide; nil when they could, or when it must not be fetched.
    private func urlOfFile(for judgement: Judgement, of callback: Callback) -> String? {
        guard judgement.error != nil, self.fetcher != nil, self.rules.readsAnnotations else { return nil }
        return JudgedEvent(callback).annotationsURL
    }

    /// What the rules say once they have the file that the annotations are in.
    private func judgement(
        of callback: Callback,
        account: String,
        after earlier: [Event],
        withFileAt url: String,
        in context: HandlerContext
    ) async throws -> Judgement {
        let file = try await self.fetcher?.file(at: url, account: account, in: context) ?? .unread
        let log = self.readsHistory ? HistoryEntry.log(of: earlier, before: callback) : []
        return self.rules.judge(callback, log: log, file: file)
    }

    /// Claims the verdict and sends it when that is granted.
    private func send(
        _ judgement: Judgement,
        of taskID: String,
        to scale: ScaleClient,
        in context: HandlerContext
    ) async throws -> Outcome {
        var note: JSON.Object = [Self.noteKey: .string(judgement.verdict.rawValue)]
        note["rule"] = judgement.rule.map { .number(JSON.Number($0)) }
        note["comment"] = judgement.comment.map { .string($0) }
        let claim = EffectClaim(
            verdict: judgement.verdict.rawValue,
            isReject: judgement.verdict == .reject,
            limits: self.configuration.limits,
            note: .object(note)
        )
        switch try await context.claim(claim) {
        case .granted: break
        case .taskLimit(let count):
            let audits = count == 1 ? "1 audit" : "\(count) audits"
            return self.left("limit per-task: \(audits) of this task were sent already", insteadOf: judgement)
        case .repeated:
            return self.left("an earlier delivery of this event has sent its audit", insteadOf: judgement)
        case .held(let reason):
            return .released(reason, detail: judgement.detail(mode: .live, answer: "not sent: \(reason)"))
        }
        do {
            try await scale.auditTask(taskID, accepted: judgement.verdict == .accept, comments: judgement.comment)
        } catch {
            return try Outcome(failure: error, detail: judgement.detail(mode: .live, answer: error.description))
        }
        return .completed(judgement.summary, detail: judgement.detail(mode: .live, answer: "audited"))
    }

    /// The outcome when the verdict must not be sent: people decide. What the rules said stays on record.
    private func left(_ reason: String, insteadOf judgement: Judgement) -> Outcome {
        var detail = judgement.detail(mode: .live, answer: "not sent: \(reason)")
        if case .object(var object) = detail {
            object["withheld"] = object["verdict"]
            object["verdict"] = .string(Configuration.Verdict.leave.rawValue)
            detail = .object(object)
        }
        return .completed("leave: \(reason)", detail: detail, hadEffect: false)
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
