package import Callbacks

extension AuditHandler {
    /// What an audit handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// Whether verdicts are only recorded, or sent to Scale.
        package typealias Mode = HandlerMode

        /// What a rule decides.
        package enum Verdict: String, Sendable, Hashable, CaseIterable {
            /// Accept the response.
            case accept
            /// Reject the response, with the rule's text as the comment.
            case reject
            /// Leave it for people.
            case leave
        }

        /// When a rule applies.
        package enum Condition: Sendable, Hashable {
            /// Always: the last rule of a list.
            case always
            /// When this SQL expression over the views is true.
            case when(String)
            /// When this SQL query returns a row; its rows are the evidence.
            case find(String)
            /// When this ready-made check finds something, with its parameters.
            case check(String, parameters: [String: String])
            /// For this share (0 to 1) of the tasks, the same ones each time.
            case sample(Double)
        }

        /// One rule; the first that applies decides.
        package struct Rule: Sendable, Hashable {
            /// What it decides.
            package var verdict: Verdict
            /// The reason on record; for a reject also the comment for Scale. `{column}` quotes the first evidence row.
            package var reason: String
            /// When it applies.
            package var condition: Condition
            /// The line of the configuration file it stands on, for messages.
            package var line: Int?

            package init(verdict: Verdict, reason: String, condition: Condition, line: Int? = nil) {
                self.verdict = verdict
                self.reason = reason
                self.condition = condition
                self.line = line
            }
        }

        /// Recorded only, or sent.
        package var mode: Mode
        /// Whether Scale's own copy of the task is what is judged in the end, fetched just before the verdict is sent.
        /// Otherwise the body counts that was posted.
        package var confirm: Bool
        /// How the file is fetched that a response's annotations are in; nil to leave such tasks to people.
        package var fetch: Fetch?
        /// How many verdicts may be sent.
        package var limits: EffectClaim.Limits
        /// The rules in their order.
        package var rules: [Rule]

        /// The limits that hold without others: two audits of one task, so that reject and redo come to an end.
        package static let usualLimits = EffectClaim.Limits(perTask: 2)

        package init(
            mode: Mode = .shadow,
            confirm: Bool = true,
            fetch: Fetch? = nil,
            limits: EffectClaim.Limits = Self.usualLimits,
            rules: [Rule]
        ) {
            self.mode = mode
            self.confirm = confirm
            self.fetch = fetch
            self.limits = limits
            self.rules = rules
        }
    }
    /// How files with annotations are fetched.
    package struct Fetch: Sendable, Hashable {
        /// The largest file to take, in bytes: it is held in memory.
        package var limit: Int

        package init(limit: Int = 64 << 20) { self.limit = limit }
    }
}
