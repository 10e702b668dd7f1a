/// The datasets and jobs of one mode (contract B9).
struct Nucleus: Sendable {
    /// What was put to a presigned URL and waits to be appended.
    struct Upload: Sendable {
        /// The part of the URL that only its receiver knows.
        let token: String
        let datasetID: String

        /// Named by the client.
        let requestID: String

        /// Newline-delimited JSON; nil until it arrived.
        var bytes: [UInt8]?
    }

    /// Datasets, jobs and items of one mode, at most.
    static let maximumDatasets = 10_000
    static let maximumJobs = 100_000
    static let maximumItems = 500_000

    /// Presigned URLs that wait for their data or their append; older ones are forgotten first.
    static let maximumUploads = 50

    /// Bytes that wait behind them all, at most; older ones are forgotten first.
    static let maximumUploadBytes = 128 * 1024 * 1024

    /// Items of one request.
    static let maximumItemsAtOnce = 50_000

    /// Bytes of the errors of all jobs; those of older jobs are forgotten first.
    static let maximumErrorBytes = 64 * 1024 * 1024

    var datasets: [NucleusDataset] = []
    var datasetNumbers: [String: Int] = [:]
    var itemCount = 0
    var uploads: [Upload] = []
    private(set) var jobs: [NucleusJob] = []
    private var jobNumbers: [String: Int] = [:]
    private var errorBytes = 0

    /// The first job whose errors are still known.
    private var firstWithErrors = 0

    /// The job with this id.
    func job(_ id: String) -> NucleusJob? { self.jobNumbers[id].map { self.jobs[$0] } }

    /// Adds a job, and forgets errors of older ones when there are too many.
    mutating func add(_ job: NucleusJob) {
        self.jobNumbers[job.id] = self.jobs.count
        self.jobs.append(job)
        self.errorBytes += job.outcome.errorBytes
        while self.errorBytes > Self.maximumErrorBytes, self.firstWithErrors < self.jobs.count - 1 {
            self.errorBytes -= self.jobs[self.firstWithErrors].outcome.errorBytes
            self.jobs[self.firstWithErrors].outcome.forgetErrors()
            self.firstWithErrors += 1
        }
    }
}
