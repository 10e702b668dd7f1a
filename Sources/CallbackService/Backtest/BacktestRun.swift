import CallbackQueue
import Callbacks
import Handlers
import Synchronization

/// Judges the completed events of a log again, on all cores, without writing anything.
///
/// Workers take stretches of numbers one after the other. Each has a reader and a tally of its own, so that they share
/// nothing but the next number; and each holds a few hundred events at a time, however long the log is.
struct BacktestRun: Sendable {
    /// A list of rules with the events it is for.
    struct Rules: Sendable {
        let handler: AuditHandler
        /// Nil for any completed event.
        let match: EventMatch?

        /// What they say of an event; nil when the handler does not take it.
        fileprivate func judgement(of callback: Callback, account: String, after earlier: [Event]) -> Judgement? {
            guard self.match?.accepts(callback, account: account) ?? true else { return nil }
            return self.handler.judgement(of: callback, after: earlier)
        }
    }

    /// What is told while it runs.
    enum Finding: Sendable {
        case disagreement(BacktestFinding)
        case change(BacktestFinding)
    }

    /// How many numbers a worker takes at a time.
    private static let stretch: Int64 = 2048

    let storePath: String
    /// The rules under test.
    let rules: Rules
    /// Those they are compared with.
    let other: Rules?
    let selection: LogSelection
    /// The base of Scale's API by account.
    let urls: [String: String]
    /// How many disagreements and changes the tally keeps.
    let limit: Int
    let workers: Int

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - progress: Told the share that is done, 0 to 1.
    ///   - found: Told every finding, in no order, by several threads.
    func run(
        progress: @escaping @Sendable (Double) -> Void,
        found: @escaping @Sendable (Finding) throws -> Void
    ) async throws -> BacktestTally {
        guard let bounds = try await StoreReader(path: self.storePath).bounds(of: self.selection) else {
            return BacktestTally(limit: self.limit)
        }
        let counter = Counter(from: bounds.lowerBound)
        return try await withThrowingTaskGroup(of: BacktestTally.self) { group in
            for _ in 0..<max(1, self.workers) {
                group.addTask {
                    let reader = try StoreReader(path: self.storePath)
                    var tally = BacktestTally(limit: self.limit)
                    while true {
                        let start = counter.take(Self.stretch)
                        guard start <= bounds.upperBound else { return tally }
                        let end = min(bounds.upperBound, start + Self.stretch - 1)
                        try await self.judge(start...end, with: reader, into: &tally, found)
                        progress(Double(end - bounds.lowerBound + 1) / Double(bounds.count))
                    }
                }
            }
            return try await group.reduce(into: BacktestTally(limit: self.limit)) { $0.add($1) }
        }
    }

    private func judge(
        _ range: ClosedRange<Int64>,
        with reader: StoreReader,
        into tally: inout BacktestTally,
        _ found: @Sendable (Finding) throws -> Void
    ) async throws {
        var rest: ClosedRange<Int64>? = range
        while let range = rest {
            try Task.checkCancellation()
            let (events, next) = try await reader.loggedEvents(self.selection, in: range)
            for event in events { try await self.judge(event, with: reader, into: &tally, found) }
            rest = next.map { $0...range.upperBound }
        }
    }

    private func judge(
        _ event: LoggedEvent,
        with reader: StoreReader,
        into tally: inout BacktestTally,
        _ found: @Sendable (Finding) throws -> Void
    ) async throws {
        tally.events += 1
        let callback: Callback
        switch event.body {
        case .callback(let read): callback = read
        case .aged:
            tally.withoutBody += 1
            return
        case .damaged:
            tally.damaged += 1
            return
        }
        let isWithHistory = self.rules.handler.readsHistory || self.other?.handler.readsHistory == true
        let earlier = isWithHistory && !event.isAlone ? try await reader.earlierEvents(than: event.id) : []
        let judgement = self.rules.judgement(of: callback, account: event.account, after: earlier)
        if let judgement {
            tally.count(judgement, decision: event.decision)
            if Agreement.isContradicted(judgement.verdict.rawValue, by: event.decision) {
                let finding = self.finding(event, callback, judgement)
                tally.add(disagreement: finding)
                try found(.disagreement(finding))
            }
        } else {
            tally.notTaken += 1
        }
        guard let other else { return }
        let before = other.judgement(of: callback, account: event.account, after: earlier)
        guard before?.verdict != judgement?.verdict else { return }
        var finding = self.finding(event, callback, judgement)
        finding.other = before.map(BacktestFinding.Opinion.init)
        tally.add(change: finding)
        try found(.change(finding))
    }

    private func finding(_ event: LoggedEvent, _ callback: Callback, _ judgement: Judgement?) -> BacktestFinding {
        let taskID = callback.taskID ?? ""
        return BacktestFinding(
            eventID: event.id,
            account: event.account,
            taskID: taskID,
            project: callback.project,
            link: "\(self.urls[event.account] ?? Account(name: "", callbackAuthKeys: []).url)/task/\(taskID)",
            opinion: judgement.map(BacktestFinding.Opinion.init),
            decision: event.decision
        )
    }
}

/// The numbers that no worker has taken yet.
private final class Counter: Sendable {
    private let next: Atomic<Int64>

    init(from first: Int64) { self.next = Atomic(first) }

    /// Takes so many; returns the first of them.
    func take(_ count: Int64) -> Int64 { self.next.add(count, ordering: .relaxed).oldValue }
}
