import NIOHTTP1

/// Batches found by a filter, fetched page by page.
public typealias ScaleBatchPages = ScalePages<ScaleBatch>

/// Batches (contract B2).
extension ScaleClient {
    /// Creates a batch.
    ///
    /// When Scale makes the batch and fails to say so, the batch is found and returned.
    ///
    /// - Parameters:
    ///   - name: Unique across the account.
    ///   - project: The name of its project.
    ///   - callback: Who is told when the batch is complete: a URL or an email address.
    ///   - isCalibration: Whether it is for calibration (Rapid and Studio).
    ///   - isSelfLabel: Whether the caller's own people label it (Rapid and Studio).
    ///   - metadata: The caller's own data.
    /// - Throws: `conflict` when the name is taken.
    public func createBatch(
        _ name: String,
        inProject project: String,
        callback: String? = nil,
        isCalibration: Bool = false,
        isSelfLabel: Bool = false,
        metadata: JSON.Object = [:]
    ) async throws(ScaleError) -> ScaleBatch {
        var request = ScaleRequest(method: .POST, pattern: "/batches")
        request.body = .json([
            "project": .string(project), "name": .string(name), "callback": .string(callback ?? ""),
            "calibration_batch": .bool(isCalibration), "self_label_batch": .bool(isSelfLabel),
            "metadata": .object(metadata),
        ])
        return try await self.object(from: request, refusedOnceMade: .conflict) { () async throws(ScaleError) in
            let batch = try await self.batch(name)
            return batch.project == project ? batch : nil
        }
    }

    /// A batch by its name.
    public func batch(_ name: String) async throws(ScaleError) -> ScaleBatch {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/batches/{name}", values: [name]))
    }

    /// How far a batch and its tasks are.
    public func batchProgress(_ name: String) async throws(ScaleError) -> ScaleBatch.Progress {
        try await self.object(from: ScaleRequest(method: .GET, pattern: "/batches/{name}/status", values: [name]))
    }

    /// Lets people begin with the tasks of a batch; no more tasks can be added then (Rapid and Studio).
    ///
    /// Other batches are left as they are.
    ///
    /// - Throws: `badRequest` perhaps, when it is finalized already.
    public func finalizeBatch(_ name: String) async throws(ScaleError) -> ScaleBatch {
        let request = ScaleRequest(method: .POST, pattern: "/batches/{name}/finalize", values: [name])
        return try await self.object(from: request, refusedOnceMade: .badRequest) { () async throws(ScaleError) in
            let batch = try await self.batch(name)
            return batch.status == .staging ? nil : batch
        }
    }

    /// Replaces a batch's metadata; an empty object clears it.
    public func setMetadata(_ metadata: JSON.Object, ofBatch name: String) async throws(ScaleError) -> ScaleBatch {
        var request = ScaleRequest(method: .POST, pattern: "/batches/{name}/setMetadata", values: [name])
        request.body = .json(.object(metadata))
        return try await self.object(from: request)
    }

    /// Changes the priority of a batch.
    ///
    /// Known from one source only, which does not say what the answer is.
    ///
    /// - Parameters:
    ///   - name: The batch.
    ///   - priority: 10 to 30, higher is sooner.
    public func prioritizeBatch(_ name: String, priority: Int) async throws(ScaleError) {
        var request = ScaleRequest(method: .POST, pattern: "/batches/{name}/prioritize", values: [name])
        request.body = .json(["priority": priority.written])
        request.ignoresAnswer = true
        _ = try await self.send(request)
    }

    /// The batches that match; fetched as they are read.
    public func batches(_ filter: BatchFilter = .init()) -> ScaleBatchPages {
        ScalePages(logger: self.logger) { (cursor) async throws(ScaleError) in
            let offset = cursor.flatMap { Int($0) } ?? 0
            var request = ScaleRequest(method: .GET, pattern: "/batches", query: filter.query)
            request.query.add("limit", filter.pageSize)
            request.query.add("offset", offset > 0 ? offset : nil)
            let page = try await self.listPage(from: request)
            // By what came, not by the limit: a server that sends less than it was asked for loses nothing so.
            let next = offset + page.docs.count
            let hasMore =
                page.json["has_more"]?.bool ?? page.json["hasNextPage"]?.bool ?? page.total.map { next < $0 } ?? true
            return ScaleBatchPages.Page(
                docs: page.docs,
                next: hasMore && !page.docs.isEmpty ? String(next) : nil,
                // With the total: a page also comes again when as many batches were made meanwhile as a page holds.
                mark: ([String(page.total ?? 0)] + page.docs.map { $0["name"]?.string ?? "" }).joined(separator: "\n")
            )
        }
    }

    /// How many batches match.
    public func batchCount(_ filter: BatchFilter = .init()) async throws(ScaleError) -> Int {
        try await self.count(by: ScaleRequest(method: .GET, pattern: "/batches", query: filter.query))
    }
}
