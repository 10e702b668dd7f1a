import Hummingbird
import NIOCore

/// The calls of Nucleus on datasets, their items and jobs, below `nucleus` (contract B9).
struct NucleusRoutes {
    /// Ten pictures, and the list of their items.
    private static let limits = MultipartForm.Limits(parts: 11, fieldBytes: 4 << 20, texts: ["item", "items"])

    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        self.addDatasets(to: routes.group("nucleus/dataset"))
        self.addAppend(to: routes.group("nucleus/dataset/:dataset"))
        self.addJobs(to: routes.group("nucleus"))
    }

    private func addDatasets(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "", in: world) { realm, _, _ in
            .array((realm.datasetDetails().array ?? []).compactMap { $0["id"] })
        }
        routes.answer(.get, "details", in: world) { realm, _, _ in realm.datasetDetails() }
        routes.answer(.post, "create", in: world) { realm, call, now throws(APIError) in
            try realm.createDataset(try call.object(), now: now)
        }
        routes.answer(.delete, ":dataset", in: world) { realm, call, _ throws(APIError) in
            try realm.deleteDataset(try call.parameter("dataset"))
        }
        let shown: [(RouterPath, @Sendable (NucleusDataset) -> JSON)] = [
            (":dataset/name", { ["name": .string($0.name)] }),
            (":dataset/is_scene", { ["is_scene": .bool($0.isScene)] }),
            (":dataset/use_privacy_mode", { ["use_privacy_mode": .bool($0.usesPrivacyMode)] }),
            (":dataset/size", { ["count": JSON($0.count)] }), (":dataset/tags", { _ in ["tags": []] }),
            (":dataset/model_runs", { _ in [] }), (":dataset/slices", { _ in [] }),
            (":dataset/datasetItems", { ["dataset_items": .array($0.items.map(\.json))] }),
        ]
        for (path, show) in shown {
            routes.answer(.get, path, in: world) { realm, call, _ throws(APIError) in
                show(try realm.dataset(try call.parameter("dataset")))
            }
        }
        routes.answer(.get, ":dataset/info", in: world) { realm, call, _ throws(APIError) in
            try realm.datasetInfo(try call.parameter("dataset"))
        }
        routes.answer(.post, ":dataset/itemsPage", in: world) { realm, call, _ throws(APIError) in
            try realm.itemsPage(try call.parameter("dataset"), try call.object())
        }
        routes.answer(.get, ":dataset/refloc/:reference", in: world) { realm, call, _ throws(APIError) in
            try realm.item(try call.parameter("reference"), of: try call.parameter("dataset"))
        }
        routes.answer(.delete, ":dataset/refloc/:reference", in: world) { realm, call, _ throws(APIError) in
            try realm.deleteItem(try call.parameter("reference"), of: try call.parameter("dataset"))
        }
    }

    private func addAppend(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.post("append") { request, context in
            let call = try APICall(request, context)
            let dataset = try call.parameter("dataset")
            let isAsynchronous = try call.query.bool("async") ?? false
            let given = try await Self.items(of: request, call)
            var items = given.items
            if let requestID = given.requestID {
                let bytes = try world.perform(call.mode) { realm, _ throws(APIError) in
                    _ = try realm.dataset(dataset)
                    return try realm.takeUpload(to: dataset, requestID: requestID)
                }
                // A line that is no JSON is an item with a fault.
                items = Self.lines(bytes).map { JSON(parsing: $0) ?? .null }
            }
            let answer = try world.perform(call.mode) { [items] realm, now throws(APIError) in
                let outcome = try realm.append(
                    to: dataset,
                    items,
                    update: given.update,
                    isStrict: !isAsynchronous,
                    isLocal: given.isLocal,
                    now: now
                )
                guard isAsynchronous else {
                    var answer: JSONObject = ["dataset_id": .string(dataset)]
                    answer.merge(outcome.counts)
                    return JSON.object(answer)
                }
                // Pictures take as long as tasks do, and longer the more they are.
                let steps = Double(1 + outcome.count / NucleusJob.imagesPerStep)
                let seconds = steps * realm.knobs.completionDelay / realm.knobs.clockScale
                return try realm.startJob(for: dataset, outcome, seconds: seconds, now: now)
            }
            return Response.json(answer)
        }
        routes.get("signedUrl/:request") { request, context in
            let call = try APICall(request, context)
            let dataset = try call.parameter("dataset")
            let requestID = try call.parameter("request")
            let token = try world.perform(call.mode) { realm, _ throws(APIError) in
                try realm.openUpload(to: dataset, requestID: requestID)
            }
            return Response.json(["signed_url": .string("\(world.rootURL)/uploads/\(token)")])
        }
    }

    private func addJobs(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.answer(.get, "job/:job", in: world) { realm, call, now throws(APIError) in
            try realm.job(try call.parameter("job")).statusJSON(at: now)
        }
        routes.answer(.get, "job/:job/info", in: world) { realm, call, now throws(APIError) in
            try realm.job(try call.parameter("job")).infoJSON(at: now)
        }
        routes.answer(.get, "job/:job/errors", in: world) { realm, call, now throws(APIError) in
            let job = try realm.job(try call.parameter("job"))
            return .array(job.isFinished(at: now) ? job.outcome.errors.map(JSON.string) : [])
        }
        routes.answer(.post, "jobs", in: world) { realm, call, now throws(APIError) in
            try realm.jobs(call.body == nil ? JSONObject() : try call.object(), now: now)
        }
    }

    /// The lines of newline-delimited JSON, empty ones left out.
    fileprivate static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "\n"))
    }

    /// What an append brings: items as JSON, a form with the pictures, or the name of an earlier upload.
    private struct Given {
        var items: [JSON] = []
        var requestID: String?
        var update = false
        var isLocal = false
    }

    private static func items(of request: Request, _ call: APICall) async throws -> Given {
        if request.headers[.contentType]?.lowercased().hasPrefix("multipart/") == true {
            let form = try await MultipartForm(request, limits: Self.limits)
            guard let text = form["items"] ?? form["item"], let json = JSON(parsing: text.utf8) else {
                throw APIError.invalid("the form must have the field \"items\" or \"item\" with JSON")
            }
            let items = json.array ?? [json]
            let images = form.files.filter { $0.field == "image" }
            guard images.count == items.count, (1...10).contains(images.count) else {
                throw APIError.invalid("there must be one \"image\" for each item, and at most 10")
            }
            return Given(items: items, isLocal: true)
        }
        guard let body = try await call.body()?.object else { throw APIError.notAnObject }
        let update = try Realm.optionalBool("update", in: body)
        let requestID = try Realm.optionalString("requestId", in: body) ?? Realm.optionalString("request_id", in: body)
        if let requestID { return Given(requestID: requestID, update: update) }
        guard let items = body["items"], !items.isNull else { throw APIError.missing("items") }
        guard let items = items.array else { throw APIError.invalid("\"items\" must be an array") }
        return Given(items: items, update: update)
    }
}

/// Where presigned URLs lead: newline-delimited JSON is put there without a key (contract B9).
struct UploadRoutes {
    let world: World

    /// Adds the routes below the prefix of `routes`.
    func add(to routes: some RouterMethods<SimulatorContext>) {
        let world = self.world
        routes.put("uploads/:token") { request, context in
            let buffer = try await request.body.collect(upTo: APICall.maximumBodyBytes)
            let bytes = Array(buffer.readableBytesView)
            guard NucleusRoutes.lines(bytes).count <= Nucleus.maximumItemsAtOnce else {
                throw APIError(status: 413, message: "There are more than \(Nucleus.maximumItemsAtOnce) lines.")
            }
            let token = context.parameters.get("token") ?? ""
            for mode in Mode.allCases {
                let isKept = try world.perform(mode) { realm, _ throws(APIError) in realm.fillUpload(token, bytes) }
                if isKept { return Response(status: .ok) }
            }
            throw APIError(status: 403, message: "The presigned URL is not valid.")
        }
    }
}
