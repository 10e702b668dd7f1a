extension ScaleSimulator {
    /// An order to let the next requests fail, so that a test can see what a client does then.
    package struct FailureRule: Sendable, Equatable {
        /// Requests whose path holds this text are meant; the empty text means all.
        package var pathContains: String

        /// Only requests with this method are meant; nil means all.
        package var method: String?

        /// The status to answer.
        package var status: Int

        /// How many requests fail before the rule is used up.
        package var times: Int

        /// Whether the request does its work first and only its answer is lost ("create, then 500").
        package var afterEffect: Bool

        /// Seconds for a `Retry-After` header; nil for none.
        package var retryAfter: Int?

        /// Closes the connection instead of answering.
        package var reset: Bool

        /// A rule for one request, unless `times` says more.
        package init(
            pathContains: String,
            method: String? = nil,
            status: Int = 500,
            times: Int = 1,
            afterEffect: Bool = false,
            retryAfter: Int? = nil,
            reset: Bool = false
        ) {
            self.pathContains = pathContains
            self.method = method
            self.status = status
            self.times = times
            self.afterEffect = afterEffect
            self.retryAfter = retryAfter
            self.reset = reset
        }

        /// Reads the body of `POST /simulator/fail-next`.
        init(_ body: JSON) throws(APIError) {
            guard let object = body.object else { throw .badRequest("The body must be a JSON object.") }
            let status = object["status"] ?? 500
            guard let status = status.int, (400...599).contains(status) else {
                throw .invalid("\"status\" must be a number from 400 to 599")
            }
            guard let times = (object["times"] ?? 1).int, (1...1_000_000).contains(times) else {
                throw .invalid("\"times\" must be a number from 1 to 1000000")
            }
            guard let afterEffect = (object["after_effect"] ?? false).bool, let reset = (object["reset"] ?? false).bool
            else { throw .invalid("\"after_effect\" and \"reset\" must be booleans") }
            if let retryAfter = object["retry_after"], !(0...1_000_000).contains(retryAfter.int ?? -1) {
                throw .invalid("\"retry_after\" must be a number of seconds")
            }
            guard let path = (object["path_contains"] ?? "").string else {
                throw .invalid("\"path_contains\" must be a string")
            }
            self.init(
                pathContains: path,
                method: object["method"]?.string,
                status: status,
                times: times,
                afterEffect: afterEffect,
                retryAfter: object["retry_after"]?.int,
                reset: reset
            )
        }

        func matches(method: String, path: String) -> Bool {
            (self.pathContains.isEmpty || path.contains(self.pathContains)) && (self.method ?? method) == method
        }
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias FailureRule = ScaleSimulator.FailureRule
