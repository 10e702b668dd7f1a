/// What the path of a request says about the call it makes.
struct RoutedCall {
    /// The method and the pattern of the path without the version, for example `POST /task/{task}/audit`.
    ///
    /// Nil when no route has such a path.
    let operation: String?

    /// The task the path names, by its id or its `unique_id`.
    let taskID: String?

    /// The batch the path names.
    let batch: String?

    /// - Parameters:
    ///   - method: Of the request.
    ///   - path: Of the request, without its query.
    ///   - pattern: The route that was taken, its parameters in braces; nil for none.
    init(method: String, path: String, pattern: String?) {
        guard let pattern else {
            (self.operation, self.taskID, self.batch) = (nil, nil, nil)
            return
        }
        let names = pattern.split(separator: "/")
        let parts = path.split(separator: "/")
        /// The part of the path at a place, when the pattern has a parameter there behind this word.
        func parameter(behind word: Substring) -> String? {
            guard let place = names.firstIndex(of: word), place + 1 < min(names.count, parts.count),
                names[place + 1].hasPrefix("{") || names[place + 1].hasPrefix(":")
            else { return nil }
            return PercentCoding.decode(parts[place + 1].utf8)
        }
        self.operation = "\(method) /" + names.drop { $0 == "v1" }.joined(separator: "/")
        // A creation has the type in this place.
        let isCreation = method == "POST" && names.last.map { $0.hasPrefix("{") || $0.hasPrefix(":") } == true
        self.taskID = isCreation ? nil : parameter(behind: "task")
        self.batch = parameter(behind: "batches")
    }
}
