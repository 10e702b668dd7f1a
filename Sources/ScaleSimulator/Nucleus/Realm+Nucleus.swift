extension Realm {
    /// Makes an empty dataset.
    mutating func createDataset(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let name = try Self.requiredString("name", in: body)
        let isScene = try Self.optionalBool("is_scene", in: body)
        let usesPrivacyMode = try Self.optionalBool("use_privacy_mode", in: body)
        try Self.checkRoom(self.nucleus.datasets.count, Nucleus.maximumDatasets, "datasets")
        let id = "ds_\(self.makeID(now))"
        self.nucleus.datasetNumbers[id] = self.nucleus.datasets.count
        self.nucleus.datasets.append(
            NucleusDataset(id: id, name: name, isScene: isScene, usesPrivacyMode: usesPrivacyMode)
        )
        return ["dataset_id": .string(id)]
    }

    /// All datasets with their names, in the order they were made.
    func datasetDetails() -> JSON {
        .array(
            self.nucleus.datasetNumbers.values.sorted()
                .map { number in
                    let dataset = self.nucleus.datasets[number]
                    return ["id": .string(dataset.id), "name": .string(dataset.name), "is_public": false]
                }
        )
    }

    /// The dataset with this id.
    func dataset(_ id: String) throws(APIError) -> NucleusDataset {
        self.nucleus.datasets[try self.datasetNumber(id)]
    }

    /// What is told of a dataset as a whole.
    func datasetInfo(_ id: String) throws(APIError) -> JSON {
        let dataset = try self.dataset(id)
        return [
            "dataset_id": .string(dataset.id), "name": .string(dataset.name), "length": JSON(dataset.count),
            "model_run_ids": [], "slice_ids": [], "annotation_metadata_schema": .null, "item_metadata_schema": .null,
            "tags": [],
        ]
    }

    /// Deletes a dataset with all its items; its jobs stay.
    mutating func deleteDataset(_ id: String) throws(APIError) -> JSON {
        let number = try self.datasetNumber(id)
        let dataset = self.nucleus.datasets[number]
        self.nucleus.itemCount -= dataset.count
        // Its number is never given again, so an empty one takes its place.
        self.nucleus.datasets[number] = NucleusDataset(id: id, name: "", isScene: false, usesPrivacyMode: false)
        self.nucleus.datasetNumbers[id] = nil
        return ["message": "Dataset deleted."]
    }

    /// An item by the customer's reference.
    func item(_ reference: String, of dataset: String) throws(APIError) -> JSON {
        guard let item = try self.dataset(dataset)[reference] else { throw .itemNotFound }
        return ["item": item.json, "annotations": [:]]
    }

    /// Deletes an item.
    mutating func deleteItem(_ reference: String, of dataset: String) throws(APIError) -> JSON {
        let number = try self.datasetNumber(dataset)
        guard self.nucleus.datasets[number][reference] != nil else { throw .itemNotFound }
        self.nucleus.datasets[number][reference] = nil
        self.nucleus.itemCount -= 1
        return ["message": "Item deleted."]
    }

    /// A page of items; the token is the place of the next one.
    func itemsPage(_ id: String, _ body: JSONObject) throws(APIError) -> JSON {
        let dataset = try self.dataset(id)
        let size = body["pageSize"] ?? .null
        let token = body["pageToken"] ?? .null
        guard size.isNull || (1...300_000).contains(size.int ?? 0) else { throw .invalid("\"pageSize\" is not valid") }
        let start = token.isNull ? 0 : Int(token.string ?? "") ?? -1
        guard (0...dataset.slots.count).contains(start) else { throw .invalid("\"pageToken\" is not valid") }
        let page = dataset.page(from: start, limit: min(size.int ?? 10_000, 10_000))
        return ["items": .array(page.items.map(\.json)), "nextPageToken": JSON(page.next.map(String.init))]
    }

    /// Puts items into a dataset: new ones are added, known ones overwritten or ignored.
    ///
    /// - Parameters:
    ///   - id: The dataset.
    ///   - items: The items; their own `update` outweighs the one for all.
    ///   - update: Whether the metadata of known items is overwritten.
    ///   - isStrict: One item that cannot be taken is a 400, and nothing is changed then.
    ///   - isLocal: The pictures came along, so the place they came from may be anything.
    ///   - now: The time.
    mutating func append(
        to id: String,
        _ items: [JSON],
        update: Bool,
        isStrict: Bool,
        isLocal: Bool = false,
        now: Timestamp
    ) throws(APIError) -> AppendOutcome {
        let number = try self.datasetNumber(id)
        guard !items.isEmpty else { throw .invalid("\"items\" must not be empty") }
        guard items.count <= Nucleus.maximumItemsAtOnce else {
            throw .invalid("\"items\" must not hold more than \(Nucleus.maximumItemsAtOnce)")
        }
        try Self.checkRoom(self.nucleus.itemCount + items.count - 1, Nucleus.maximumItems, "dataset items")
        let faults = items.map { Self.fault(in: $0, isLocal: isLocal) }
        if isStrict, let fault = faults.compactMap(\.self).first { throw .badRequest("An item is not valid: \(fault)") }
        var outcome = AppendOutcome()
        for (json, fault) in zip(items, faults) {
            if let reason = fault {
                outcome.fail(json, reason)
                continue
            }
            let reference = json["reference_id"]?.string ?? ""
            let metadata = json["metadata"].flatMap { $0.isNull ? nil : $0 } ?? [:]
            if var known = self.nucleus.datasets[number][reference] {
                if json["update"]?.bool ?? update {
                    known.metadata = metadata
                    self.nucleus.datasets[number][reference] = known
                    outcome.updated += 1
                } else {
                    outcome.ignored += 1
                }
                continue
            }
            self.nucleus.datasets[number][reference] = NucleusDataset.Item(
                id: "di_\(self.makeID(now))",
                referenceID: reference,
                imageURL: json["image_url"]?.string ?? "",
                metadata: metadata
            )
            self.nucleus.itemCount += 1
            outcome.new += 1
        }
        return outcome
    }

    private static func fault(in item: JSON, isLocal: Bool) -> String? {
        guard item.object != nil else { return "The item is not a JSON object." }
        guard let reference = item["reference_id"]?.string, !reference.isEmpty, reference.utf8.count <= 1024 else {
            return "reference_id is required."
        }
        if let metadata = item["metadata"] {
            guard metadata.isNull || metadata.object != nil else { return "metadata must be an object." }
            guard metadata.utf8.count <= TaskParameters.maximumMetadataBytes else { return "metadata is too large." }
        }
        if isLocal { return nil }
        guard let url = item["image_url"]?.string, url.utf8.count <= 4096,
            ["gs:", "s3:", "http:", "https:"].contains(where: { url.hasPrefix($0) })
        else { return "image_url must begin with gs:, s3:, http: or https:." }
        return Attachments.isUnreachable(url) ? "The image at \(url) could not be downloaded." : nil
    }

    private func datasetNumber(_ id: String) throws(APIError) -> Int {
        guard let number = self.nucleus.datasetNumbers[id] else {
            throw APIError(status: 404, message: "Dataset with that ID not found.")
        }
        return number
    }
}

extension APIError {
    /// 404 for an item of a dataset.
    static let itemNotFound = APIError(status: 404, message: "Item with that reference ID not found.")
}
