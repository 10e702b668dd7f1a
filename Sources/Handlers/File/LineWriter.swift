#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Synchronization

/// Appends lines to files below a folder, with one write and one sync for all who come for the same file meanwhile.
///
/// Who finds the file free writes; who finds it in use leaves the line and waits. Whoever wrote passes the file to one
/// of those who wait, who writes for all of them, so that nobody writes for others without end.
final class LineWriter: Sendable {
    /// How many files are kept open.
    private static let maximumLanes = 64

    /// What becomes of who waits.
    private enum Turn: Sendable {
        /// The line was written, to a file of this name, or not.
        case ended(Result<String, FileError>)
        /// The file is free.
        case leads
    }

    private struct Waiting: Sendable {
        let line: LineFile.Line
        let continuation: CheckedContinuation<Turn, Never>
    }

    /// One file, and who wants to write to it.
    private final class Lane: Sendable {
        struct State: Sendable {
            var isLed = false
            var waiting: [Waiting] = []
        }

        let state = Mutex(State())
        let file = Mutex<LineFile?>(nil)
    }

    private let folder: String
    private let options: LineFile.Options
    private let lanes = Mutex<[(path: [String], lane: Lane)]>([])

    /// - Parameter folder: The folder that nothing leaves. It is made when it is missing.
    init(folder: String, options: LineFile.Options = LineFile.Options()) {
        self.folder = folder
        self.options = options
    }

    /// Appends a line and brings it to the disk.
    ///
    /// It blocks its thread while the disk works, so call it where that holds up nobody else.
    ///
    /// - Parameters:
    ///   - bytes: The line without its end.
    ///   - segments: The file's path below the folder.
    ///   - isRepeat: Whether it may be there already: then it is not appended when it is among the last lines.
    /// - Returns: The name of the file that it is in.
    func append(_ bytes: [UInt8], to segments: [String], isRepeat: Bool) async throws(FileError) -> String {
        let line = LineFile.Line(bytes: bytes, isRepeat: isRepeat)
        let lane = self.lane(segments)
        let turn: Turn = await withCheckedContinuation { continuation in
            let leads = lane.state.withLock { state in
                guard state.isLed else {
                    state.isLed = true
                    return true
                }
                state.waiting.append(Waiting(line: line, continuation: continuation))
                return false
            }
            if leads { continuation.resume(returning: .leads) }
        }
        switch turn {
        case .ended(let result): return try result.get()
        case .leads: return try self.lead(lane, line, segments).get()
        }
    }

    /// Writes the line, and those of all who wait; then somebody else leads.
    private func lead(_ lane: Lane, _ line: LineFile.Line, _ segments: [String]) -> Result<String, FileError> {
        let others = lane.state.withLock { state in
            var bytes = line.bytes.count
            let count = state.waiting
                .prefix { waiting in
                    bytes += waiting.line.bytes.count
                    return bytes <= LineFile.maximumBatch
                }
                .count
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting[..<count])
        }
        let results = self.write([line] + others.map(\.line), to: segments, lane)
        let next = lane.state.withLock { state in
            guard state.waiting.isEmpty else { return Optional(state.waiting.removeFirst()) }
            state.isLed = false
            return nil
        }
        next?.continuation.resume(returning: .leads)
        for (other, result) in zip(others, results.dropFirst()) { other.continuation.resume(returning: .ended(result)) }
        return results[0]
    }

    private func write(
        _ lines: [LineFile.Line],
        to segments: [String],
        _ lane: Lane
    ) -> [Result<String, FileError>] {
        lane.file.withLock { file in
            do throws(FileError) {
                guard let name = segments.last else { throw FileError(operation: "naming the file", code: EINVAL) }
                let opened: LineFile
                if let file {
                    opened = file
                } else {
                    let folder = try Descriptor.folder(self.folder, segments.dropLast())
                    opened = LineFile(folder: folder, name: name, options: self.options)
                    file = opened
                }
                return try opened.append(lines).map { .success($0) }
            } catch {
                // The folder is gone; the next attempt makes it anew.
                if error.code == ENOENT { file = nil }
                return lines.map { _ in .failure(error) }
            }
        }
    }

    /// The lane of a file; the one that was not used for the longest time makes room.
    private func lane(_ segments: [String]) -> Lane {
        self.lanes.withLock { lanes in
            if let index = lanes.lastIndex(where: { $0.path == segments }) {
                let entry = lanes.remove(at: index)
                lanes.append(entry)
                return entry.lane
            }
            // Who still writes there keeps it; two who write to one file lock each other out.
            if lanes.count >= Self.maximumLanes { lanes.removeFirst() }
            let lane = Lane()
            lanes.append((segments, lane))
            return lane
        }
    }
}
