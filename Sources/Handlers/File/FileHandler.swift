package import Callbacks
import ScaleAPI

/// Writes each event's body, as received, to a file of mode 0600.
///
/// The same event always has the same file, so repeating is safe. When the path does not hold `{event_id}`, several
/// events can have the same file: then the last one that is delivered stays, and an event that is known to be older
/// than another of its task is stale. Different tasks are kept apart only by what the path says of them.
///
/// A call blocks its thread while the disk works. The dispatcher gives every call a thread of its own.
package struct FileHandler: CallbackHandler {
    let folder: String
    let template: PathTemplate
    private let syncs = FolderSyncs()

    /// Reads the path.
    ///
    /// - Throws: `TemplateError` for an unknown placeholder or a path that could leave the folder.
    package init(configuration: Configuration) throws(TemplateError) {
        guard !configuration.folder.isEmpty, !configuration.folder.utf8.contains(0) else {
            throw TemplateError("The file handler's folder is empty or holds a NUL. Name a folder, or '.'.")
        }
        self.folder = configuration.folder
        self.template = try PathTemplate(configuration.template)
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

    /// Writes the file; the outcome's detail has its path below the folder.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        if let newer = context.newerEvent, !self.template.namesEvent {
            return .stale("event \(newer) is newer and has the same file")
        }
        let segments = self.template.segments(for: event)
        let path = segments.joined(separator: "/")
        do throws(FileError) {
            try await FileWriter(folder: self.folder, syncs: self.syncs).write(event.body, to: segments)
        } catch  where error.isObstacle {
            return .dead(.fault, "\(error). Clear the way, then retry the delivery", detail: ["path": .string(path)])
        } catch {
            return .retry(.fault, "\(error)", detail: ["path": .string(path)])
        }
        return .completed("written to \(path)".cut(to: 500), detail: ["path": .string(path)])
    }
}
