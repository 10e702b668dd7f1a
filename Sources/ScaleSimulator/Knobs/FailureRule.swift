extension ScaleSimulator {
    /// An order to let the next requests fail, or to spoil their answers, so that a test can see what a client does.
    package struct FailureRule: Sendable, Equatable {
        /// Requests whose path holds this text are meant; the empty text means all.
        package var pathContains: String

        /// Only requests with this method are meant; nil means all.
        package var method: String?

        /// The status to answer; nil for the answer that the request would have got.
        package var status: Int?

        /// How many requests fail before the rule is used up.
        package var times: Int

        /// Whether the request does its work first and only its answer is lost ("create, then 500").
        package var afterEffect: Bool

        /// Seconds for a `Retry-After` header; nil for none.
        package var retryAfter: Int?

        /// A `Location` header, for a status 3xx; nil for none.
        package var location: String?

        /// Resets the connection instead of answering.
        package var reset: Bool

        /// Seconds to wait before the answer.
        package var delay: Double

        /// Seconds over which the body of the answer trickles.
        package var trickle: Double

        /// Cuts the answer in the middle and closes the connection.
        package var truncated: Bool

        /// Cuts the answer in the middle but frames it as if it were whole.
        package var malformed: Bool

        /// A rule for one request, unless `times` says more.
        package init(
            pathContains: String = "",
            method: String? = nil,
            status: Int? = 500,
            times: Int = 1,
            afterEffect: Bool = false,
            retryAfter: Int? = nil,
            location: String? = nil,
            reset: Bool = false,
            delay: Double = 0,
            trickle: Double = 0,
            truncated: Bool = false,
            malformed: Bool = false
        ) {
            self.pathContains = pathContains
            self.method = method
            self.status = status
            self.times = times
            self.afterEffect = afterEffect
            self.retryAfter = retryAfter
            self.location = location
            self.reset = reset
            self.delay = delay
            self.trickle = trickle
            self.truncated = truncated
            self.malformed = malformed
        }

        func matches(method: String, path: String) -> Bool {
            (self.pathContains.isEmpty || path.contains(self.pathContains)) && (self.method ?? method) == method
        }

        /// What the journal says of a request that met the rule.
        var mishaps: [String] {
            var words: [String] = []
            if self.delay > 0 { words.append("delay") }
            if self.afterEffect { words.append("after_effect") }
            if self.reset { return words + ["reset"] }
            if let status { words.append("status_\(status)") }
            if self.retryAfter != nil { words.append("retry_after") }
            if self.location != nil { words.append("location") }
            if self.trickle > 0 { words.append("trickle") }
            if self.truncated { words.append("truncated") }
            if self.malformed { words.append("malformed") }
            return words
        }
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias FailureRule = ScaleSimulator.FailureRule

extension FailureRule {
    /// Reads the body of `POST /simulator/fail-next`.
    ///
    /// An order that only spoils the answer keeps the answer's own status; every other fails with 500 by default.
    ///
    /// - Throws: 400 that names the member which is unknown or wrong.
    init(_ body: JSON?) throws(APIError) {
        var order = try ControlBody(body)
        self.init(
            pathContains: try order.text("path_contains") ?? "",
            method: try order.text("method"),
            status: try order.count("status", 300...599),
            times: try order.count("times", 1...1_000_000) ?? 1,
            afterEffect: try order.flag("after_effect"),
            retryAfter: try order.count("retry_after", 0...1_000_000),
            location: try order.text("location"),
            reset: try order.flag("reset"),
            delay: try order.seconds("delay"),
            trickle: try order.seconds("trickle"),
            truncated: try order.flag("truncated"),
            malformed: try order.flag("malformed")
        )
        try order.finish()
        guard self.location?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw .invalid("\"location\" must be a URL")
        }
        if self.location != nil { self.status = self.status ?? 302 }
        let isSpoilt = self.delay > 0 || self.trickle > 0 || self.truncated || self.malformed
        if !isSpoilt || self.afterEffect || self.retryAfter != nil { self.status = self.status ?? 500 }
    }
}
