import Callbacks
import Foundation
import Synchronization

/// The rules of one audit handler, compiled and ready to judge.
///
/// Judging is synchronous and bounded by `RuleGuard.timeLimit`. Several events can be judged at the same time, each in
/// a database of its own.
struct RuleSet: Sendable {
    /// The placeholders of a reason that every rule has; a rule that finds something has the columns of it too.
    static let taskPlaceholders = ["batch", "project", "status", "task_id", "type"]

    /// One rule, ready to be asked.
    struct Rule: Sendable {
        /// How it is decided whether it applies; queries are named by their number.
        enum Test: Sendable {
            case always
            case sample(Double)
            case condition(query: Int)
            case findings(query: Int)
            case check(findings: Int, doubts: Int?)
        }

        let number: Int
        let line: Int?
        let verdict: AuditHandler.Configuration.Verdict
        let reason: Template
        let test: Test
        /// The word that it stands under in the configuration file: `when`, `find`, `check`, `sample` or `always`.
        let condition: String
        let check: String?
    }

    let rules: [Rule]
    /// Whether some rule asks what happened to the task before.
    let readsHistory: Bool
    /// Whether some rule asks what the annotations are, or whether there are any.
    let readsAnnotations: Bool
    private let databases: RuleDatabases

    /// Compiles rules, and tries each of them on an empty task.
    ///
    /// - Throws: `RuleError` for the first that cannot be used.
    init(_ configuration: [AuditHandler.Configuration.Rule]) throws(RuleError) {
        var queries: [RuleQuery] = []
        var rules: [Rule] = []
        let trial: RuleDatabase
        do throws(RuleFailure) { trial = try RuleDatabase() } catch {
            throw RuleError(rule: 0, line: nil, problem: error.description, advice: "Free some memory.")
        }
        for (index, rule) in configuration.enumerated() {
            var compiler = RuleCompiler(rule: rule, number: index + 1, trial: trial, queries: queries)
            rules.append(try compiler.compile())
            queries = compiler.queries
        }
        self.rules = rules
        self.readsHistory = trial.reads.contains(RuleView.history.name)
        self.readsAnnotations = !trial.reads.isDisjoint(with: [RuleView.annotations.name, "task.is_empty"])
        self.databases = RuleDatabases(queries: queries)
    }

    /// Judges a task as a callback shows it, and what is known of it beside, oldest first.
    func judge(
        _ callback: Callback,
        log: [HistoryEntry] = [],
        file: AnnotationsFile = .unread
    ) -> Judgement {
        self.databases.judge(callback, log: log, file: file, by: self.rules)
    }

    /// Judges, and tells what became of each rule.
    func trace(_ callback: Callback, log: [HistoryEntry] = []) -> (judgement: Judgement, rules: [RuleTrace]) {
        do throws(RuleFailure) {
            let database = try RuleDatabase()
            for query in self.databases.queries { try database.prepare(query) }
            let tracer = RuleTracer()
            let judgement = try Judgement(of: callback, log: log, by: self.rules, in: database, tracer: tracer)
            tracer.end(self.rules)
            return (judgement, tracer.rules)
        } catch {
            return (Judgement(failure: error, rule: nil), [])
        }
    }
}

/// Databases for as many judgements at a time as there are processors: a thread never has to wait for another's.
private final class RuleDatabases: Sendable {
    private final class Slot: Sendable {
        let database = Mutex<RuleDatabase?>(nil)
    }

    let queries: [RuleQuery]
    private let slots: [Slot]

    init(queries: [RuleQuery]) {
        self.queries = queries
        self.slots = (0..<max(1, ProcessInfo.processInfo.activeProcessorCount)).map { _ in Slot() }
    }

    func judge(
        _ callback: Callback,
        log: [HistoryEntry],
        file: AnnotationsFile,
        by rules: [RuleSet.Rule]
    ) -> Judgement {
        let queries = self.queries
        for slot in self.slots {
            let judgement = slot.database.withLockIfAvailable { database in
                Self.judge(callback, log: log, file: file, by: rules, in: &database, queries: queries)
            }
            if let judgement { return judgement }
        }
        return self.slots[0].database
            .withLock { database in
                Self.judge(callback, log: log, file: file, by: rules, in: &database, queries: queries)
            }
    }

    private static func judge(
        _ callback: Callback,
        log: [HistoryEntry],
        file: AnnotationsFile,
        by rules: [RuleSet.Rule],
        in slot: inout RuleDatabase?,
        queries: [RuleQuery]
    ) -> Judgement {
        do throws(RuleFailure) {
            let database: RuleDatabase
            if let ready = slot, ready.isUsable {
                database = ready
            } else {
                database = try RuleDatabase()
                for query in queries { try database.prepare(query) }
                slot = database
            }
            return try Judgement(of: callback, log: log, file: file, by: rules, in: database)
        } catch {
            // Made anew for the next event.
            slot = nil
            return Judgement(failure: error, rule: nil)
        }
    }
}
