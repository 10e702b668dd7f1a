/// Where large results are found (contract C3).
struct ResultURLs: Sendable {
    /// Where the simulator is reached, without `/v1`; empty until it listens.
    var root = ""

    /// Whether a live key is needed, as with Scale's secure result URLs; else knowing the URL is enough.
    var areSecure = true

    /// The URL of one result.
    func url(task: String, uuid: String) -> JSON {
        let path = self.areSecure ? "v1/task/\(task)/response_url/\(uuid)" : "results/\(task)/\(uuid)"
        return .string("\(self.root)/\(path)")
    }
}
