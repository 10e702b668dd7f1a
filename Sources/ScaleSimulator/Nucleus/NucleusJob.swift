/// Work that Nucleus does later, on the simulator's scaled clock (contract B9).
///
/// What it does to the dataset is done at once; only the telling takes time.
struct NucleusJob: Sendable {
    /// Pictures that Nucleus works on between two moves of the progress.
    static let imagesPerStep = 3000

    let id: String
    let datasetID: String
    let createdAt: Timestamp

    /// When it ends.
    let finishedAt: Timestamp

    /// What became of its items.
    var outcome: AppendOutcome

    /// Where the job stands.
    ///
    /// It is queued for the first tenth of its time.
    func status(at now: Timestamp) -> String {
        guard now < self.finishedAt else { return self.outcome.finalStatus }
        return self.fraction(at: now) < 0.1 ? "Queued" : "Running"
    }

    /// Whether nothing more happens to the job.
    func isFinished(at now: Timestamp) -> Bool { now >= self.finishedAt }

    /// The job as its creation, its `info` and the list show it.
    func infoJSON(at now: Timestamp) -> JSON {
        [
            "job_id": .string(self.id), "job_last_known_status": .string(self.status(at: now)),
            "job_type": "uploadDatasetItems", "job_creation_time": .string("\(self.createdAt)"),
        ]
    }

    /// The answer of `GET /job/{id}`.
    ///
    /// A queued job says `Running` here: the official SDK takes every other word for the end.
    func statusJSON(at now: Timestamp) -> JSON {
        let total = max(1, (self.outcome.count + Self.imagesPerStep - 1) / Self.imagesPerStep)
        let completed = Int(Double(total) * self.fraction(at: now))
        let isFinished = self.isFinished(at: now)
        let hundredths = completed * 100 / total
        let digits = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
        var message: JSONObject = ["status_log": isFinished ? "done" : completed == 0 ? "starting" : "reuploading"]
        if isFinished { message.merge(self.outcome.counts) }
        return [
            "job_id": .string(self.id),
            "status": .string(isFinished ? self.outcome.finalStatus : "Running"),
            "message": .object(message), "job_progress": .string("\(hundredths / 100).\(digits)"),
            "completed_steps": JSON(completed), "total_steps": JSON(total),
        ]
    }

    private func fraction(at now: Timestamp) -> Double {
        guard now < self.finishedAt else { return 1 }
        let length = max(1, self.finishedAt.milliseconds - self.createdAt.milliseconds)
        return min(max(0, Double(now.milliseconds - self.createdAt.milliseconds) / Double(length)), 1)
    }
}

/// What became of the items of one append.
struct AppendOutcome: Sendable {
    var new = 0
    var updated = 0
    var ignored = 0

    /// Items that could not be taken.
    private(set) var failed = 0

    /// One JSON text for each of them, as `GET /job/{id}/errors` lists them; of very many only the first.
    private(set) var errors: [String] = []

    /// The bytes of all these texts.
    private(set) var errorBytes = 0

    /// The most errors that are told of one append.
    private static let maximumErrors = 10_000

    /// All items.
    var count: Int { self.new + self.updated + self.ignored + self.failed }

    /// Counts an item that could not be taken, and keeps what is said of it.
    mutating func fail(_ item: JSON, _ reason: String) {
        self.failed += 1
        guard self.errors.count < Self.maximumErrors else { return }
        let shown = item.utf8.count <= 1024 ? item : .null
        let text = (["item": shown, "error": .string(reason)] as JSON).text
        self.errors.append(text)
        self.errorBytes += text.utf8.count
    }

    /// Keeps of the errors only that there were some.
    mutating func forgetErrors() {
        self.errors = []
        self.errorBytes = 0
    }

    /// How a job with this outcome ends.
    var finalStatus: String {
        if self.failed == 0 { return "Completed" }
        return self.failed < self.count ? "Errored_Partial" : "Errored_User"
    }

    /// The counts in the words of the answer that is given at once.
    var counts: JSONObject {
        [
            "new_items": JSON(self.new), "updated_items": JSON(self.updated), "ignored_items": JSON(self.ignored),
        ]
    }
}
