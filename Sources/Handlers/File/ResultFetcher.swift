#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Callbacks
import ScaleAPI

/// Fetches the files that a response names (contract C3), and keeps an index of them.
///
/// Each file is written under a temporary name, looked at, synced, put on the index and then given its name. So with
/// `{event_id}` in the path a file that is there is whole and on the index, and a repeat goes on with the others.
struct ResultFetcher: Sendable {
    /// The index's name in the folder.
    static let indexName = "index.jsonl"
    /// The placeholders of a path beside those of every event.
    static let placeholders = ["number", "role", "label", "ending"]

    /// One file that a response names.
    struct File: Sendable, Hashable {
        /// Its place in the response, from 1.
        let number: Int
        let role: String
        let label: String?
        let url: String
    }

    private let folder: String
    private let template: PathTemplate
    private let limit: Int
    private let kinds: Set<ResultKind>
    private let syncs: FolderSyncs
    private let index: LineWriter
    private let now: @Sendable () -> Int64

    /// Reads the path.
    ///
    /// - Parameter now: The time in milliseconds since 1970.
    /// - Throws: `TemplateError` for an unknown placeholder, and for a path that several files of one event would have.
    init(
        configuration: FileHandler.Fetch,
        folder: String,
        syncs: FolderSyncs,
        now: @escaping @Sendable () -> Int64 = Self.systemTime
    ) throws(TemplateError) {
        guard !configuration.kinds.isEmpty else { throw TemplateError("'types' is empty, so no file would be taken.") }
        let template = try Template(configuration.template)
        guard template.names.contains("number") else {
            throw TemplateError("The path of 'fetch' is the same for all files of an event. Put {number} into it.")
        }
        self.folder = folder
        self.template = try PathTemplate(configuration.template, more: Self.placeholders)
        self.limit = configuration.limit
        self.kinds = Set(configuration.kinds)
        self.syncs = syncs
        self.index = LineWriter(folder: folder, options: LineFile.Options(key: Self.indexKey))
        self.now = now
    }

    /// The files that an event's response names.
    func files(of event: Event) -> [File] {
        // Where it is not known whether there should be files, there are none.
        let rows = (try? ResultFileRow.all(of: JudgedEvent(event.callback))) ?? []
        return rows.enumerated()
            .compactMap { index, row in
                row.url.map { File(number: index + 1, role: row.role, label: row.label, url: $0) }
            }
    }

    /// Fetches files, all of them as far as they can be had.
    ///
    /// - Parameter path: Where the event itself is.
    func fetch(
        _ files: [File],
        of event: Event,
        besides path: String,
        in context: HandlerContext
    ) async throws -> Outcome {
        var report = ResultReport(path: path)
        if files.isEmpty { return report.outcome }
        if let newer = context.newerEvent, !self.template.namesEvent {
            return .stale("event \(newer) is newer and has the same result files", detail: report.detail)
        }
        guard let scale = context.scale else {
            return .hold(
                "the account '\(event.account)' has no API key to fetch with: give it an api-key, then resume the handler",
                detail: report.detail
            )
        }
        for file in files {
            try Task.checkCancellation()
            let result = await self.fetch(file, of: event, with: scale, isRepeat: context.attempt > 1)
            try report.add(result, for: file)
            // With a key that Scale refuses no other file can be had either.
            if report.isHeld { break }
        }
        return report.outcome
    }

    private func fetch(
        _ file: File,
        of event: Event,
        with scale: ScaleClient,
        isRepeat: Bool
    ) async -> ResultReport.Result {
        let values = ["number": String(file.number), "role": file.role, "ending": Self.ending(of: file)]
            .merging(file.label.map { ["label": $0] } ?? ["label": ""]) { $1 }
        let segments = self.template.segments(for: event, values)
        let path = segments.joined(separator: "/")
        guard segments.first != Self.indexName, let name = segments.last else {
            return .refused("its path is that of the index; give it a fixed beginning")
        }
        do {
            let parent = try Descriptor.folder(self.folder, segments.dropLast())
            if try Self.isThere(name, in: parent), self.template.namesEvent { return .there(path: path) }
            let number = parent.take()
            // Closed once the sync is over, which others may be told of first.
            defer { close(number) }
            let intake = try ResultFileIntake(folder: number, kinds: self.kinds)
            defer { intake.discard() }
            let mediaType = try await scale.readResultFile(
                at: file.url,
                limit: self.limit,
                begin: { try intake.begin() },
                take: { try intake.take($0) }
            )
            let content = try intake.end(mediaType: mediaType)
            try await self.note(content, of: event, path: path, isRepeat: isRepeat)
            try intake.rename(to: name)
            try await self.sync(number)
            return .fetched(path: path, content)
        } catch let failure as ResultFileError {
            return .failed(failure)
        } catch let refusal as ResultFileRefusal {
            return .refused(refusal.reason)
        } catch let torn as TornFile {
            return .torn(torn.kind)
        } catch let error as FileError {
            return .unwritten(error)
        } catch {
            return .cancelled
        }
    }

    private func sync(_ folder: Int32) async throws(FileError) {
        let result: Result<Void, FileError> = await withCheckedContinuation { continuation in
            self.syncs.sync(folder) { continuation.resume(returning: $0) }
        }
        try result.get()
    }

    /// Whether a file has this name already.
    ///
    /// - Throws: When something else has it.
    private static func isThere(_ name: String, in folder: borrowing Descriptor) throws(FileError) -> Bool {
        var status = stat()
        guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw FileError(operation: "looking for the file") }
            return false
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(operation: "looking for the file", code: EEXIST)
        }
        return true
    }

    /// The ending of the URL's path, or what files of this role are.
    private static func ending(of file: File) -> String {
        let path = file.url.prefix { $0 != "?" && $0 != "#" }
        let name = path.split(separator: "/").last ?? ""
        if let dot = name.lastIndex(of: "."), path.count > name.count + "https://".count {
            let ending = name[name.index(after: dot)...]
            let isWord = ending.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }
            if isWord, (1...8).contains(ending.utf8.count) { return ending.lowercased() }
        }
        return ["unlabeled", "labeled", "combined"].contains(file.role) ? "png" : "json"
    }

    // MARK: - Index

    private func note(
        _ content: ResultFileIntake.Content,
        of event: Event,
        path: String,
        isRepeat: Bool
    ) async throws(FileError) {
        let line: JSON = [
            "event_id": .number(JSON.Number(Int(event.id))),
            "task_id": event.callback.taskID.map { .string($0) } ?? .null,
            "path": .string(path), "size": .number(JSON.Number(content.size)), "sha256": .string(content.sha256),
            "fetched_at": .string(Self.text(of: self.now())),
        ]
        _ = try await self.index.append(line.encoded, to: [Self.indexName], isRepeat: isRepeat)
    }

    /// Two lines tell of the same file when all but the time is the same.
    @Sendable private static func indexKey(_ line: ArraySlice<UInt8>) -> LineKey {
        guard let json = try? JSON(parsing: Array(line)) else { return LineKey(line) }
        let parts = ["event_id", "path", "sha256"].map { json[$0] ?? .null }
        return LineKey(JSON.array(parts).encoded)
    }

    private static func text(of milliseconds: Int64) -> String {
        func text(_ pattern: String) -> String {
            (try? DatePattern(pattern))?.text(millisecondsSince1970: milliseconds) ?? "_"
        }
        return text("yyyy-MM-dd") + "T" + text("HH") + ":" + text("mm") + ":" + text("ss") + "Z"
    }

    @Sendable private static func systemTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
