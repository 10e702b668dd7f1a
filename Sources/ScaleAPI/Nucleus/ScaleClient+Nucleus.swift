import NIOHTTP1

/// Nucleus: images in datasets (contract B9). Its calls lie at `nucleus` below the base URL.
extension ScaleClient {
    /// How many files go into one request of `appendLocalItems`.
    public static let maximumNucleusFiles = 10

    /// Adds images that Nucleus fetches itself to a dataset.
    ///
    /// Items whose reference id the dataset has are ignored, or with `updating` get the new metadata, so that the call
    /// may be made twice without harm and is repeated like one that only reads.
    ///
    /// - Parameters:
    ///   - items: At least one, with different reference ids, each at a URL.
    ///   - dataset: The dataset's id.
    ///   - updating: Whether the metadata of items that are there is replaced.
    /// - Returns: The job that does it; see `waitForNucleusJob`.
    public func appendItems(
        _ items: [NucleusItem],
        toDataset dataset: String,
        updating: Bool = false
    ) async throws(ScaleError) -> NucleusJob {
        var request = Self.appendRequest(dataset)
        try self.check(items, areRemote: true, for: request)
        request.body = .json([
            "items": .array(items.map { .object($0.json(image: $0.image)) }), "update": .bool(updating),
        ])
        return try await self.object(from: request)
    }

    /// Adds images of this machine to a dataset, at most ten a request and one request after the other.
    ///
    /// The files are read from disk piece by piece while they are sent. When a request fails, the jobs of those before
    /// it go on; because items with a known reference id are not added twice, the whole call can simply be made again.
    ///
    /// - Parameters:
    ///   - items: At least one, with different reference ids, each a file of this machine.
    ///   - dataset: The dataset's id.
    ///   - updating: Whether the metadata of items that are there is replaced.
    /// - Returns: One job for each request.
    /// - Throws: `invalidArgument` when a file is missing or unreadable; nothing of its request is sent then.
    public func appendLocalItems(
        _ items: [NucleusItem],
        toDataset dataset: String,
        updating: Bool = false
    ) async throws(ScaleError) -> [NucleusJob] {
        var request = Self.appendRequest(dataset)
        try self.check(items, areRemote: false, for: request)
        var jobs: [NucleusJob] = []
        for start in stride(from: 0, to: items.count, by: Self.maximumNucleusFiles) {
            let part = items[start..<min(start + Self.maximumNucleusFiles, items.count)]
            request.body = .multipart(Self.form(Array(part), updating: updating))
            jobs.append(try await self.object(from: request))
        }
        return jobs
    }

    /// A job by its id.
    public func nucleusJob(_ id: String) async throws(ScaleError) -> NucleusJob {
        try await self.object(from: Self.jobRequest(id))
    }

    /// What a job is: its type and when it was started, which `job` does not tell.
    public func nucleusJobInfo(_ id: String) async throws(ScaleError) -> NucleusJob {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/nucleus/job/{id}/info", values: [id]))
    }

    /// The jobs of the account, in one answer.
    ///
    /// - Parameters:
    ///   - dataset: Only those of this dataset, by its id.
    ///   - includingCompleted: Whether completed jobs are listed too.
    ///   - limit: How many at most, up to 50,000; nil for Nucleus's own choice.
    public func nucleusJobs(
        ofDataset dataset: String? = nil,
        includingCompleted: Bool = false,
        limit: Int? = nil
    ) async throws(ScaleError) -> [NucleusJob] {
        var body: JSON.Object = ["show_completed": .bool(includingCompleted)]
        body.set("dataset_id", dataset)
        body.set("limit", limit)
        // It only reads, whatever its method says, so that an unclear answer leaves nothing open.
        var request = ScaleRequest(method: .POST, pattern: "/nucleus/jobs", body: .json(.object(body)))
        request.changes = false
        return try await self.objects(from: request)
    }

    /// What went wrong in a job: at most the latest 10,000 errors, each in Nucleus's words.
    public func nucleusJobErrors(_ id: String) async throws(ScaleError) -> [String] {
        let request = ScaleRequest(method: .GET, pattern: "/nucleus/job/{id}/errors", values: [id])
        let answer = try await self.send(request)
        guard let errors = try answer.json().array else { throw answer.malformed("the errors are not a list") }
        return errors.map { $0.string ?? $0.encodedString }
    }

    /// Asks for a job until it is over; Nucleus sends no callbacks.
    ///
    /// It asks as long as it takes: cancel the calling task to stop, which leaves the job as it is.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - interval: The time between two questions.
    ///   - progress: Told the job after each question, also the last.
    /// - Returns: The completed job.
    /// - Throws: `jobFailed` when the job ended in another way than completed, partly done included; ask `nucleusJobErrors`
    ///   for the reasons. `cancelled` when the calling task is.
    public func waitForNucleusJob(
        _ id: String,
        pollingEvery interval: Duration = .seconds(5),
        progress: (NucleusJob) async -> Void = { _ in }
    ) async throws(ScaleError) -> NucleusJob {
        while true {
            let job = try await self.nucleusJob(id)
            await progress(job)
            if job.status == .completed { return job }
            if let status = job.status, status.isFinal {
                let reason = job.message?.string.map { ": \($0)" } ?? ""
                throw ScaleError(
                    code: .jobFailed,
                    message: "the job ended as \(status)\(reason)",
                    operation: Self.jobRequest(id).operation
                )
            }
            do {
                try await self.surroundings.sleep(max(.zero, interval))
                try Task.checkCancellation()
            } catch {
                throw Self.jobRequest(id).cancelled()
            }
        }
    }

    private static func jobRequest(_ id: String) -> ScaleRequest {
        ScaleRequest(method: .GET, pattern: "/nucleus/job/{id}", values: [id])
    }

    private static func appendRequest(_ dataset: String) -> ScaleRequest {
        ScaleRequest(
            method: .POST,
            pattern: "/nucleus/dataset/{id}/append",
            values: [dataset],
            query: ["async": "1"]
        )
    }

    private func check(
        _ items: [NucleusItem],
        areRemote: Bool,
        for request: ScaleRequest
    ) throws(ScaleError) {
        guard !items.isEmpty else { throw request.invalid("there must be at least one item") }
        var names: Set<String> = []
        for (index, item) in items.enumerated() {
            guard !item.referenceID.isEmpty, names.insert(item.referenceID).inserted else {
                throw request.invalid("item \(index) has no reference id, or that of another item")
            }
            guard item.isRemote == areRemote, !item.image.isEmpty else {
                let wanted = areRemote ? "a URL of http, https, s3 or gs" : "the path of a file"
                throw request.invalid("the image of item \(index) must be \(wanted)")
            }
        }
    }

    /// The field `items` names each file as its part does; the folders it lies in are nobody's business.
    private static func form(_ items: [NucleusItem], updating: Bool) -> MultipartForm {
        var form = MultipartForm()
        let names = items.enumerated().map { "\($0.offset)-\(MediaType.fileName(of: $0.element.image))" }
        let described = zip(items, names)
            .map { item, name in
                var json = item.json(image: name)
                json["update"] = .bool(updating)
                return JSON.object(json)
            }
        form.add("items", .json(.array(described)))
        for (item, name) in zip(items, names) {
            form.add("image", .file(path: item.image, name: name, mimeType: MediaType.of(name)))
        }
        return form
    }
}
