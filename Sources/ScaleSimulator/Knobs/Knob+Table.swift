extension Knob {
    /// Every knob, in the order of the documentation.
    package static let all = Self.sections.flatMap(\.knobs)

    /// The table.
    package static let sections = [
        Section(
            title: "Clock and work",
            knobs: [
                .number(
                    "clock_scale",
                    \.clockScale,
                    0.000_001...1_000_000_000_000,
                    "divides every wait; 1000 turns a day of retries into 86 seconds"
                ),
                .number(
                    "completion_delay",
                    \.completionDelay,
                    0...1_000_000_000,
                    "seconds until a live task completes"
                ),
                .number(
                    "test_completion_delay_ms",
                    \.testCompletionDelayMs,
                    0...1_000_000_000,
                    "milliseconds until a test task completes; 0 is before its creation is answered"
                ),
                .number("fault_share", \.faultShare, 0...1, "share of tasks wrong on purpose"),
            ]
        ),
        Section(
            title: "Callbacks",
            knobs: [
                .count("retries", \.retries, 0...1000, "tries of a callback after the first one"),
                .number("retry_first_delay", \.retryFirstDelay, 0...1_000_000, "seconds before the second try"),
                .number("retry_factor", \.retryFactor, 1...1000, "every wait is so many times the one before"),
                .number("retry_delay_cap", \.retryDelayCap, 0...1_000_000, "the longest wait in seconds"),
                .number("attempt_timeout", \.attemptTimeout, 0.001...3600, "seconds a try may take, by the wall clock"),
                .choice(
                    "redirects",
                    \.redirects,
                    "an answer 3xx is a failure, or followed as far as dialling is allowed"
                ),
                .flag("callback_status", \.callbackStatus, "whether the body has a status beside the task"),
                .choice("callback_key_order", \.callbackKeyOrder, "the order of the members of the body"),
                .choice("callback_auth", \.callbackAuth, "which key goes with callbacks"),
                .choice("retried_body", \.retriedBody, "a retry renders its subject anew, or repeats the first body"),
                .flag("cancel_calls_back", \.cancelCallsBack, "whether a cancel calls back"),
                .flag("audit_calls_back", \.auditCallsBack, "whether an audit over the API calls back"),
                .flag("recall_keeps_response", \.recallKeepsResponse, "whether a recalled task keeps its response"),
            ]
        ),
        Section(
            title: "Answers",
            knobs: [
                .choice("callback_field", \.callbackField, "how a task names the end of its callback"),
                .choice("review_comments", \.reviewComments, "the form of customer_review_comments"),
                .choice("audit_answer", \.auditAnswer, "an audit is answered OK in plain text, or with JSON"),
                .status("cancel_completed", \.cancelCompleted, [400, 200], "answer to the cancel of a completed task"),
                .status("cancel_twice", \.cancelTwice, [200, 400], "answer to the cancel of a canceled task"),
                .choice("batch_status_keys", \.batchStatusKeys, "the counts of a batch are named plainly, or prefixed"),
            ]
        ),
        Section(
            title: "Chaos of callbacks",
            knobs: CallbackMishap.allCases.map { .share($0, in: \.callbackShares, $0.help) } + [
                .number("callback_delay", \.callbackDelay, 0...1_000_000, "seconds a delayed callback waits"),
                .count("oversized_bytes", \.oversizedBytes, 1...1 << 30, "the size of an oversized callback"),
            ]
        ),
        Section(
            title: "Chaos of answers",
            knobs: AnswerMishap.allCases.map { .share($0, in: \.answerShares, $0.help) } + [
                .number("slow_seconds", \.slowSeconds, 0...600, "seconds a slow answer takes, by the wall clock"),
                .count("retry_after", \.retryAfter, 0...1_000_000, "seconds in a chaotic answer's Retry-After"),
            ]
        ),
    ]
}

extension Knobs {
    /// All values, as `GET /simulator/knobs` shows them.
    var json: JSON {
        .object(JSONObject(Knob.all.map { .init(key: $0.name, value: $0.value(in: self)) }))
    }

    /// Turns the knobs a JSON object names, all of them or none.
    ///
    /// - Throws: 400 that names the first unknown knob or wrong value.
    mutating func turn(_ body: JSON?) throws(APIError) {
        guard let object = body?.object else { throw .notAnObject }
        var turned = self
        for member in object.members {
            guard let knob = Knob.all.first(where: { $0.name == member.key }) else {
                throw .invalid("there is no knob \"\(member.key.prefix(100))\"")
            }
            try knob.turn(&turned, to: member.value)
        }
        self = turned
    }

    /// Turns one knob to a value as it is written on the command line.
    ///
    /// - Throws: An error whose description names the option and the values it takes.
    package mutating func turn(_ knob: Knob, to text: String) throws {
        do {
            try knob.turn(&self, to: JSON(parsing: text.utf8) ?? .string(text))
        } catch {
            throw WrongValue(description: "\(knob.option) must be \(knob.values).")
        }
    }

    /// An option has a value that its knob does not take.
    package struct WrongValue: Error, CustomStringConvertible {
        /// For people.
        package let description: String
    }
}
