extension Realm {
    /// Starts a job for what was appended.
    ///
    /// In test mode it is finished at once.
    mutating func startJob(
        for dataset: String,
        _ outcome: AppendOutcome,
        seconds: Double,
        now: Timestamp
    ) throws(APIError) -> JSON {
        try Self.checkRoom(self.nucleus.jobs.count, Nucleus.maximumJobs, "jobs")
        let milliseconds = self.mode == .test ? 0 : Int64(min(seconds, 1e9) * 1000)
        let job = NucleusJob(
            id: "job_\(self.makeID(now))",
            datasetID: dataset,
            createdAt: now,
            finishedAt: Timestamp(milliseconds: now.milliseconds + milliseconds),
            outcome: outcome
        )
        self.nucleus.add(job)
        return job.infoJSON(at: now)
    }

    /// The job with this id.
    func job(_ id: String) throws(APIError) -> NucleusJob {
        guard let job = self.nucleus.job(id) else {
            throw APIError(status: 404, message: "Job with that ID not found.")
        }
        return job
    }

    /// The jobs that are asked for, newest first; completed ones only when wanted.
    func jobs(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let dataset = try Self.optionalString("dataset_id", in: body)
        let showsCompleted = try Self.optionalBool("show_completed", in: body)
        let types = try Self.strings("job_types", in: body, required: false)
        let limit = body["limit"] ?? .null
        guard limit.isNull || (1...50_000).contains(limit.int ?? 0) else {
            throw .invalid("\"limit\" must be a number from 1 to 50000")
        }
        func time(_ name: String) throws(APIError) -> Timestamp? {
            guard let text = try Self.optionalString(name, in: body) else { return nil }
            guard let time = Timestamp(text) else { throw .invalid("\"\(name)\" must be a date") }
            return time
        }
        let created = Query.TimeRange(lowest: try time("from_date"), highest: try time("to_date"))
        guard types.isEmpty || types.contains("uploadDatasetItems") else { return [] }
        let found = self.nucleus.jobs.reversed().lazy
            .filter { job in
                (dataset == nil || job.datasetID == dataset) && created.contains(job.createdAt)
                    && (showsCompleted || job.status(at: now) != "Completed")
            }
        return .array(found.prefix(limit.int ?? 50_000).map { $0.infoJSON(at: now) })
    }

    /// Opens a place for data that comes without a key, named by an unguessable token.
    mutating func openUpload(to dataset: String, requestID: String) throws(APIError) -> String {
        _ = try self.dataset(dataset)
        guard (1...256).contains(requestID.utf8.count) else { throw .badRequest("The request id is too long.") }
        var random = SystemRandomNumberGenerator()
        let token = SeededGenerator.hex(random.next(), 16) + SeededGenerator.hex(random.next(), 16)
        self.nucleus.uploads.removeAll { $0.datasetID == dataset && $0.requestID == requestID }
        if self.nucleus.uploads.count >= Nucleus.maximumUploads { self.nucleus.uploads.removeFirst() }
        self.nucleus.uploads.append(Nucleus.Upload(token: token, datasetID: dataset, requestID: requestID))
        return token
    }

    /// Keeps what was put to a presigned URL; false when there is no such URL in this mode.
    mutating func fillUpload(_ token: String, _ bytes: [UInt8]) -> Bool {
        guard let place = self.nucleus.uploads.firstIndex(where: { $0.token == token }) else { return false }
        var upload = self.nucleus.uploads.remove(at: place)
        upload.bytes = bytes
        var waiting = self.nucleus.uploads.reduce(bytes.count) { $0 + ($1.bytes?.count ?? 0) }
        while waiting > Nucleus.maximumUploadBytes, !self.nucleus.uploads.isEmpty {
            waiting -= self.nucleus.uploads.removeFirst().bytes?.count ?? 0
        }
        self.nucleus.uploads.append(upload)
        return true
    }

    /// Takes out what was uploaded for a request, which can be appended once.
    mutating func takeUpload(to dataset: String, requestID: String) throws(APIError) -> [UInt8] {
        let place = self.nucleus.uploads.firstIndex {
            $0.datasetID == dataset && $0.requestID == requestID && $0.bytes != nil
        }
        guard let place, let bytes = self.nucleus.uploads.remove(at: place).bytes else {
            throw .badRequest("Nothing was uploaded for this request_id.")
        }
        return bytes
    }
}
