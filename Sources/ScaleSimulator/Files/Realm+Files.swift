import Foundation

extension Realm {
    /// Keeps an uploaded file (contract B4).
    ///
    /// - Throws: 400 without a file or for a field of the wrong kind, 404 for an unknown project, 409 for a
    ///   `reference_id` in use.
    mutating func uploadFile(_ form: MultipartForm, now: Timestamp) throws(APIError) -> JSON {
        guard let file = form.files.first(where: { $0.field == "file" }) else { throw .missing("file") }
        var fields = JSONObject()
        for name in ["display_name", "project_name", "reference_id"] {
            fields[name] = form[name].map(JSON.string)
        }
        if let text = form["metadata"] {
            guard let metadata = JSON(parsing: text.utf8) else { throw .invalid("\"metadata\" must be JSON") }
            fields["metadata"] = metadata
        }
        return try self.addFile(
            fields,
            name: file.name,
            (mimeType: file.mimeType, size: file.size, digest: file.digest),
            now: now
        )
    }

    /// Pretends to fetch a file.
    ///
    /// Nothing is dialled: what is known of the file is made up from its URL.
    mutating func importFile(_ body: JSONObject, now: Timestamp) throws(APIError) -> JSON {
        let url = try Self.requiredString("file_url", in: body)
        let lowered = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lowered.hasPrefix($0) }),
            url.utf8.count > scheme.utf8.count,
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .invalid("\"file_url\" must be an http or https URL") }
        guard !Attachments.isUnreachable(url) else {
            throw .badRequest("The file could not be downloaded from \"file_url\".")
        }
        let digest = MultipartForm.digest(self.responses.seed, Array(url.utf8)[...])
        let path = String(url.dropFirst(scheme.count).prefix { $0 != "?" && $0 != "#" })
        return try self.addFile(
            body,
            name: MultipartHead.plain(path),
            (mimeType: MimeType.of(path: path), size: Int(10_000 + digest % 5_000_000), digest: digest),
            now: now
        )
    }

    /// A page of the files of one project, newest first.
    ///
    /// The real path and answer are undocumented (contract B4): the token comes under both names that are told of.
    func files(_ query: Query) throws(APIError) -> JSON {
        guard let name = query["project"] else { throw .missing("project") }
        _ = try self.project(name)
        let limit = try query.limit()
        var wanted = JSONObject()
        if let text = query["metadata"] {
            guard let object = JSON(parsing: text.utf8)?.object else {
                throw .invalid("\"metadata\" must be a JSON object")
            }
            wanted = object
        }
        var end = self.shelf.files.count
        if let token = query["cursor"] ?? query["next_token"] {
            guard let number = Int(token, radix: 36), (0...end).contains(number) else {
                throw .invalid("\"cursor\" is not valid")
            }
            end = number
        }
        let found = self.shelf.files.indices.lazy.filter { index in
            let file = self.shelf.files[index]
            return file.projectNames.contains(name)
                && wanted.members.allSatisfy { file.metadata?[$0.key] == $0.value }
        }
        let page = found.filter { $0 < end }.suffix(limit + 1).reversed()
        let hasMore = page.count > limit
        let shown = Array(page.prefix(limit))
        var answer: JSONObject = [
            "docs": .array(shown.map { self.shelf.files[$0].json }), "total": JSON(found.count),
            "limit": JSON(limit), "has_more": .bool(hasMore),
        ]
        if hasMore, let last = shown.last {
            answer["next_token"] = .string(String(last, radix: 36))
            answer["cursor"] = answer["next_token"]
        }
        return .object(answer)
    }

    private mutating func addFile(
        _ fields: JSONObject,
        name: String,
        _ content: (mimeType: String, size: Int, digest: UInt64),
        now: Timestamp
    ) throws(APIError) -> JSON {
        let displayName = try Self.optionalString("display_name", in: fields)
        let projectName = try Self.optionalString("project_name", in: fields)
        let reference = try Self.optionalString("reference_id", in: fields)
        let metadata = fields["metadata"] ?? .null
        try TaskParameters.checkMetadata(metadata)
        if let projectName { _ = try self.project(projectName) }
        if let reference, let holder = self.shelf.file(reference: reference) {
            throw .conflict("The reference_id (\"\(reference)\") is already used for a different file (\(holder.id)).")
        }
        try Self.checkRoom(self.shelf.files.count, FileShelf.maximum, "files")
        let id = self.makeID(now)
        var names = SeededGenerator(seed: self.responses.seed, UInt64(self.shelf.files.count), 0xF11E)
        var file = SimulatedFile(
            id: id,
            attachmentURL: "scaledata://\(self.accountID)/\(names.uuid())",
            createdAt: now,
            displayName: displayName ?? name,
            mimeType: content.mimeType,
            size: content.size,
            digest: content.digest
        )
        file.referenceID = reference
        if !metadata.isNull { file.metadata = metadata }
        file.projectNames = projectName.map { [$0] } ?? []
        self.shelf.add(file)
        return file.json
    }

    /// The invented account: 24 hexadecimal characters that stay the same while the simulator runs.
    private var accountID: String {
        SeededGenerator.hex(self.responses.seed ^ 0x5CA1_E000, 8) + self.idSalt + "0000"
            + (self.mode == .live ? "0a" : "0b")
    }
}
