import NIOHTTP1

/// Files (contract B4).
extension ScaleClient {
    /// The largest file that `uploadFile` sends, in bytes: Scale takes 80 MB.
    public static let maximumUploadBytes = 80 << 20

    /// Uploads a file of this machine.
    ///
    /// It is read from disk piece by piece while it is sent. Each attempt opens it anew, and one that changes meanwhile
    /// fails with `fileFailed`.
    ///
    /// Give a `referenceID`: only then is an upload repeated after an unclear answer, because Scale refuses a second
    /// file with the same one. When that refusal is about what an earlier attempt of this very call may have uploaded,
    /// the file is looked for among the newest of the project and returned; when it is not found there, or no project
    /// was named, the error is `conflict` with `isOutcomeUnknown`, and the file is most likely there.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - options: What to say of it.
    ///   - mimeType: What it holds; nil to tell by the ending of its name.
    /// - Returns: The file as Scale keeps it; its `attachmentURL` goes into tasks.
    /// - Throws: `invalidArgument` before anything is sent when the file is missing, unreadable or larger than
    ///   `maximumUploadBytes`; `conflict` when another file has the reference id.
    public func uploadFile(
        at path: String,
        options: ScaleFile.Options = .init(),
        mimeType: String? = nil
    ) async throws(ScaleError) -> ScaleFile {
        let name = MediaType.fileName(of: path)
        var form = MultipartForm()
        form.maximumFileBytes = Int64(Self.maximumUploadBytes)
        for (key, value) in options.texts { form.add(key, .text(value)) }
        // The one JSON value of this form is sent as text.
        if let metadata = options.metadata { form.add("metadata", .text(JSON.object(metadata).encodedString)) }
        form.add("file", .file(path: path, name: name, mimeType: mimeType ?? MediaType.of(name)))
        let request = ScaleRequest(method: .POST, pattern: "/files/upload", body: .multipart(form))
        return try await self.addFile(request, options)
    }

    /// Lets Scale fetch a file from elsewhere.
    ///
    /// It is repeated after an unclear answer on the same terms as `uploadFile`.
    ///
    /// - Parameters:
    ///   - url: Where Scale can read it.
    ///   - options: What to say of it.
    /// - Throws: `conflict` when another file has the reference id.
    public func importFile(
        from url: String,
        options: ScaleFile.Options = .init()
    ) async throws(ScaleError) -> ScaleFile {
        var body: JSON.Object = ["file_url": .string(url)]
        for (key, value) in options.texts { body[key] = .string(value) }
        if let metadata = options.metadata { body["metadata"] = .object(metadata) }
        let request = ScaleRequest(method: .POST, pattern: "/files/import", body: .json(.object(body)))
        return try await self.addFile(request, options)
    }

    /// The files of a project, fetched page by page as they are read.
    ///
    /// Scale documents that this can be asked but not where: the path is `Configuration.fileListPath`.
    ///
    /// - Parameters:
    ///   - project: The project's name.
    ///   - metadata: Only files whose metadata holds this.
    ///   - pageSize: Files a page; nil for Scale's own choice.
    public func files(
        inProject project: String,
        metadata: JSON.Object? = nil,
        pageSize: Int? = nil
    ) -> ScalePages<ScaleFile> {
        var query: Query = ["project": project]
        query.add("metadata", metadata.map { JSON.object($0).encodedString })
        query.add("limit", pageSize)
        return ScalePages(logger: self.logger) { [query] cursor throws(ScaleError) in
            try await self.filePage(query, cursor: cursor)
        }
    }

    private func addFile(
        _ request: ScaleRequest,
        _ options: ScaleFile.Options
    ) async throws(ScaleError) -> ScaleFile {
        var request = request
        let referenceID = options.referenceID.flatMap { $0.isEmpty ? nil : $0 }
        request.repeatability = referenceID == nil ? .unlessTaken : .always
        return try await self.object(from: request, refusedOnceMade: .conflict) { () async throws(ScaleError) in
            guard let referenceID, let project = options.projectName else { return nil }
            do throws(ScaleError) {
                var newest = self.files(inProject: project, pageSize: 100).makeAsyncIterator()
                for _ in 0..<300 {
                    guard let file = try await newest.next() else { break }
                    if file.referenceID == referenceID { return file }
                }
            } catch {
                // Whether files can be listed is uncertain, so that this is no news; the conflict is.
                if error.code == .cancelled { throw error }
            }
            return nil
        }
    }

    /// One page; its cursor is the name of the parameter that asks for the next page, `=`, and that one's token.
    private func filePage(
        _ query: Query,
        cursor: String?
    ) async throws(ScaleError) -> ScalePages<ScaleFile>.Page {
        var request = ScaleRequest(method: .GET, pattern: self.configuration.fileListPath, query: query)
        if let parts = cursor?.split(separator: "=", maxSplits: 1), parts.count == 2 {
            request.query.add(String(parts[0]), String(parts[1]))
        }
        let answer = try await self.send(request)
        let json = try answer.json()
        if let files = json.array { return .init(docs: files, next: nil) }
        guard let files = json["docs"]?.array else { throw answer.malformed("the list of files has no docs") }
        // Sources disagree on the names (B4), so the next page is asked for by the name that came.
        let tokens = [("next_token", "next_token"), ("cursor", "cursor"), ("next_cursor", "cursor")]
        let next = tokens.lazy
            .compactMap { key, parameter -> String? in
                guard let token = json[key]?.string, !token.isEmpty else { return nil }
                return "\(parameter)=\(token)"
            }
            .first
        return .init(docs: files, next: json["has_more"]?.bool == false ? nil : next)
    }
}
