import CallbackQueue
import Handlers

/// What a back-test has found so far. Each worker keeps one, and in the end they are added up.
struct BacktestTally: Sendable {
    typealias Verdict = AuditHandler.Configuration.Verdict

    /// What became of one rule.
    struct RuleCount: Sendable, Hashable {
        /// How often it decided.
        var applied = 0
        /// How often it could not be decided.
        var undecided = 0
        /// Why, and how often: the first `maximumReasons` of the reasons.
        var reasons: [String: Int] = [:]

        /// The most frequent reason; of equally frequent ones the first in alphabetical order.
        var mostFrequentReason: String? { self.reasons.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    }

    private static let maximumReasons = 50

    /// How many findings of a kind are kept.
    let limit: Int

    /// Completed events of the selection.
    var events = 0
    /// Those that the handler does not take.
    var notTaken = 0
    /// Those whose body has aged out.
    var withoutBody = 0
    /// Those whose body is damaged.
    var damaged = 0
    /// Those that were judged.
    var judged = 0
    /// Judged events that no rule applied to.
    var withoutRule = 0
    /// Judged events that could not be loaded, and why.
    var notLoaded = RuleCount()
    /// By the rule's number, from 1.
    var rules: [Int: RuleCount] = [:]
    /// By verdict, and by what people decided; nil while they have not.
    var decisions: [Verdict: [Decision?: Int]] = [:]
    /// The newest verdicts that people contradicted.
    private(set) var disagreements: [BacktestFinding] = []
    /// How many the other rules judge differently.
    var changes = 0
    /// The newest of those.
    private(set) var changed: [BacktestFinding] = []

    init(limit: Int) { self.limit = limit }

    /// Counts a judgement.
    mutating func count(_ judgement: Judgement, decision: Decision?) {
        self.judged += 1
        self.decisions[judgement.verdict, default: [:]][decision, default: 0] += 1
        guard let rule = judgement.rule else {
            if let error = judgement.error {
                self.notLoaded.undecided += 1
                Self.count(error, in: &self.notLoaded.reasons)
            } else {
                self.withoutRule += 1
            }
            return
        }
        if let error = judgement.error {
            self.rules[rule, default: RuleCount()].undecided += 1
            Self.count(error, in: &self.rules[rule, default: RuleCount()].reasons)
        } else {
            self.rules[rule, default: RuleCount()].applied += 1
        }
    }

    /// Keeps a disagreement if it is among the newest.
    mutating func add(disagreement: BacktestFinding) { Self.keep(disagreement, in: &self.disagreements, self.limit) }

    /// Counts a change, and keeps it if it is among the newest.
    mutating func add(change: BacktestFinding) {
        self.changes += 1
        Self.keep(change, in: &self.changed, self.limit)
    }

    /// Adds what another worker has found.
    mutating func add(_ other: BacktestTally) {
        self.events += other.events
        self.notTaken += other.notTaken
        self.withoutBody += other.withoutBody
        self.damaged += other.damaged
        self.judged += other.judged
        self.withoutRule += other.withoutRule
        self.notLoaded.add(other.notLoaded)
        for (number, count) in other.rules { self.rules[number, default: RuleCount()].add(count) }
        for (verdict, counts) in other.decisions {
            self.decisions[verdict, default: [:]].merge(counts, uniquingKeysWith: +)
        }
        for finding in other.disagreements { self.add(disagreement: finding) }
        self.changes += other.changes
        for finding in other.changed { Self.keep(finding, in: &self.changed, self.limit) }
    }

    /// How many were judged so, and decided so by people.
    func count(_ verdict: Verdict, _ decision: Decision?) -> Int { self.decisions[verdict]?[decision] ?? 0 }

    /// Verdicts that people decided likewise, and those they decided otherwise. A fix says that the response was wrong.
    var agreement: Agreement {
        var agreement = Agreement()
        for (verdict, counts) in self.decisions {
            for (decision, count) in counts { agreement.add(verdict.rawValue, decision, count) }
        }
        return agreement
    }

    /// Reasons that name what is in an event could be as many as events.
    private static func count(_ reason: String, in reasons: inout [String: Int]) {
        guard reasons[reason] != nil || reasons.count < Self.maximumReasons else { return }
        reasons[reason, default: 0] += 1
    }

    private static func keep(_ finding: BacktestFinding, in list: inout [BacktestFinding], _ limit: Int) {
        guard list.count < limit || (list.last.map { $0.eventID < finding.eventID } ?? false) else { return }
        let place = list.firstIndex { $0.eventID < finding.eventID } ?? list.endIndex
        list.insert(finding, at: place)
        if list.count > limit { list.removeLast() }
    }
}

extension BacktestTally.RuleCount {
    fileprivate mutating func add(_ other: Self) {
        self.applied += other.applied
        self.undecided += other.undecided
        self.reasons.merge(other.reasons, uniquingKeysWith: +)
    }
}
