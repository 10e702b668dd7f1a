import Callbacks
import ScaleAPI

@testable import Handlers

/// Any JSON as an event, judged by rules of every kind.
struct EventTarget: FuzzTarget {
    /// One budget of 0.4 s and the time to load an event, with the sanitizers on.
    private static let timeLimit: Duration = .seconds(2)
    private static let longestComment = 500

    private let handlers: [AuditHandler]

    init() {
        typealias Rule = AuditHandler.Configuration.Rule
        let conditions: [(AuditHandler.Configuration.Condition, String)] =
            AuditHandler.checkNames.map { name in
                let values = [
                    "count": "2", "label": "truck", "other": "person", "pattern": "a|b+", "maximum": "5",
                    "minimum": "2",
                ]
                let required = Check.named(name)?.parameters.filter(\.isRequired).map(\.name) ?? []
                return (
                    .check(name, parameters: values.filter { required.contains($0.key) }),
                    "{task_id} of {batch} in {project} is {status}: {type}"
                )
            } + [
                (.when("min_width > 3 AND length(response) > 10"), "{status}"),
                (.when("EXISTS (SELECT 1 FROM json_tree(params) WHERE type = 'text' AND atom LIKE '%a%')"), "a"),
                (.find("SELECT uuid, label, area FROM annotations WHERE area < 100"), "{label} {uuid} {area}"),
                (
                    .find(
                        "SELECT a.label, iou(a.left, a.top, a.width, a.height, b.left, b.top, b.width, b.height) AS i "
                            + "FROM annotations a, annotations b WHERE a.position < b.position"
                    ), "{label}: {i}"
                ),
                (.find("SELECT key, value FROM task, json_each(task.metadata)"), "{key} {value}"),
                (.find("SELECT label FROM annotations EXCEPT SELECT label FROM labels"), "{label}"),
                (.find("SELECT v.value ->> 'x' AS x FROM annotations, json_each(vertices) v WHERE x < 0"), "{x}"),
                (.sample(0.5), "sampled"),
            ]
        let rules = conditions.map { Rule(verdict: .reject, reason: $0.1, condition: $0.0) }
        let last = Rule(verdict: .accept, reason: "fine", condition: .always)
        do {
            // Each alone, since the first that applies decides, and all together.
            self.handlers = try (rules.map { [$0] } + [rules + [last]])
                .map { try AuditHandler(configuration: .init(rules: $0)) }
        } catch {
            found("the rules cannot be used: \(error)")
        }
    }

    func tryOut(_ input: [UInt8]) -> Bool {
        guard let callback = try? Callback(body: input) else { return false }
        // One of them and all together, chosen by the input so that a finding can be repeated.
        let chosen = input.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % (self.handlers.count - 1)
        for handler in [self.handlers[chosen], self.handlers[self.handlers.count - 1]] {
            let start = processorTime()
            let judgement = handler.judgement(of: callback)
            let time = processorTime() - start
            require(time < Self.timeLimit, "judging took \(time)")
            require(
                judgement.evidence.count <= RuleDatabase.maximumRows,
                "\(judgement.evidence.count) rows of evidence"
            )
            require(
                judgement.comment?.count ?? 0 <= Self.longestComment,
                "a comment of \(judgement.comment?.count ?? 0)"
            )
            if judgement.error != nil { require(judgement.verdict == .leave, "undecided, but \(judgement.verdict)") }
            let detail = judgement.detail(mode: .live, answer: "")
            require((try? JSON(parsing: detail.encoded)) == detail, "the record is no JSON")
            // Time is the only thing that two looks at one event may differ in.
            if time < .milliseconds(50) {
                require(handler.judgement(of: callback) == judgement, "two verdicts on one event")
            }
        }
        return true
    }
}
