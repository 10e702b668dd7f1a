#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
package import Callbacks
import ScaleAPI

/// Keeps each event's body, as received, in files of mode 0600.
///
/// As `json` the same event always has the same file, so repeating is safe. When the path does not hold `{event_id}`,
/// several events can have the same file: then the last one that is delivered stays, and an event that is known to be
/// older than another of its task is stale. Different tasks are kept apart only by what the path says of them.
///
/// As `jsonl` every event is a line, stale or not. An event is there at least once: it is looked for before it is appended
/// again, but only among the last lines.
///
/// A call blocks its thread while the disk works. The dispatcher gives every call a thread of its own.
package struct FileHandler: CallbackHandler {
    /// The key of the note that is kept of a line: its value is the path.
    private static let noteKey = "written"

    let folder: String
    let template: PathTemplate
    private let isCompressed: Bool
    private let syncs: FolderSyncs
    private let lines: LineWriter?
    private let fetcher: ResultFetcher?

    /// Reads the paths.
    ///
    /// - Throws: `TemplateError` for an unknown placeholder, a path that could leave the folder, and for settings that do
    ///   not go together.
    package init(configuration: Configuration) throws(TemplateError) {
        guard !configuration.folder.isEmpty, !configuration.folder.utf8.contains(0) else {
            throw TemplateError("The file handler's folder is empty or holds a NUL. Name a folder, or '.'.")
        }
        guard configuration.format == .jsonl || configuration.rotateAt == nil else {
            throw TemplateError("'rotate' is for files that grow. Say 'format: jsonl', or remove it.")
        }
        guard configuration.isCompressed == configuration.template.hasSuffix(".gz") else {
            throw TemplateError(
                configuration.isCompressed
                    ? "With 'gzip' the path has to end in '.gz'. Add that."
                    : "The path ends in '.gz', but the file would not be one. Say 'gzip: true', or rename it."
            )
        }
        self.folder = configuration.folder
        self.template = try PathTemplate(configuration.template)
        self.isCompressed = configuration.isCompressed
        self.syncs = FolderSyncs()
        let options = LineFile.Options(rotateAt: configuration.rotateAt, isCompressed: configuration.isCompressed)
        self.lines = configuration.format == .jsonl ? LineWriter(folder: configuration.folder, options: options) : nil
        self.fetcher =
            if let fetch = configuration.fetch {
                try ResultFetcher(configuration: fetch, folder: configuration.folder, syncs: self.syncs)
            } else {
                nil
            }
    }

    /// Divides a path with placeholders into its fixed folder and the rest.
    ///
    /// `dump/{project}/x-{task_id}.json` becomes the folder `dump` and the template `{project}/x-{task_id}.json`. The
    /// last segment is always of the template; without a fixed folder it is `.`, or `/` for an absolute path.
    package static func split(path: String) -> Configuration {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let firstOpen = segments.firstIndex { $0.contains("{") } ?? segments.endIndex
        let fixed = min(firstOpen, segments.endIndex - 1)
        let folder = segments[..<fixed].joined(separator: "/")
        let root = path.hasPrefix("/") ? "/" : "."
        return Configuration(
            folder: folder.isEmpty ? root : folder,
            template: segments[fixed...].joined(separator: "/")
        )
    }

    /// Writes the event, then fetches its result files; the outcome's detail has their paths below the folder.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        if let newer = context.newerEvent, self.lines == nil, !self.template.namesEvent {
            return .stale("event \(newer) is newer and has the same file")
        }
        let segments = self.template.segments(for: event)
        var path = segments.joined(separator: "/")
        guard self.fetcher == nil || segments.first != ResultFetcher.indexName else {
            return .dead(.refused, "the event would be in the place of the index; give the path a fixed beginning")
        }
        let known = context.earlierNotes.lazy.compactMap { $0[Self.noteKey]?.string }.first
        do throws(FileError) {
            path = if let known { known } else { try await self.keep(event, at: segments, in: context) }
        } catch  where error.isObstacle {
            return .dead(.fault, "\(error). Clear the way, then retry the delivery", detail: ["path": .string(path)])
        } catch {
            return .retry(.fault, "\(error)", detail: ["path": .string(path)])
        }
        guard let fetcher = self.fetcher else {
            return .completed("written to \(path)".cut(to: 500), detail: ["path": .string(path)])
        }
        let files = fetcher.files(of: event)
        // Files may take hours to come. By then the line is no longer among the last ones, and would not be found.
        if self.lines != nil, known == nil, !files.isEmpty { try await context.note([Self.noteKey: .string(path)]) }
        return try await fetcher.fetch(files, of: event, besides: path, in: context)
    }

    /// Writes the event.
    ///
    /// - Returns: The path below the folder.
    private func keep(
        _ event: Event,
        at segments: [String],
        in context: HandlerContext
    ) async throws(FileError) -> String {
        if let lines = self.lines {
            let line = Self.line(of: event.body)
            let name = try await lines.append(line, to: segments, isRepeat: context.attempt > 1)
            return (segments.dropLast() + [name]).joined(separator: "/")
        }
        var content = event.body
        if self.isCompressed {
            guard let packed = GzipMember.packed(content) else {
                throw FileError(operation: "packing the file", code: ENOMEM)
            }
            content = packed
        }
        try await FileWriter(folder: self.folder, syncs: self.syncs).write(content, to: segments)
        return segments.joined(separator: "/")
    }

    /// The body on one line. In JSON a line break can only be white space between values, so that a space does as well.
    private static func line(of body: [UInt8]) -> [UInt8] {
        let breaks: Set<UInt8> = [0x0A, 0x0D]
        guard body.contains(where: breaks.contains) else { return body }
        return body.map { breaks.contains($0) ? 0x20 : $0 }
    }
}
