#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes whole files below a folder, so that each is there completely or not at all.
///
/// The bytes go to a temporary name, are synced, take the final name, and the folder is synced. Every folder on the way
/// is opened from the one before without following links, so that nothing is written outside. A process that is killed
/// can leave a file whose name begins with `.tmp-`.
struct FileWriter: Sendable {
    /// What has been done, in the order it has to be done in.
    enum Step: Sendable, Hashable {
        case written
        case fileSynced
        case renamed
        case folderSynced
    }

    /// The folder that nothing leaves. It is made when it is missing, and may itself be reached by links.
    let folder: String
    /// Shared by those who write side by side.
    let syncs: FolderSyncs
    /// Is told each step once it is done.
    let trace: @Sendable (Step) -> Void

    /// A writer; `syncs` are shared by all that write at the same time.
    init(folder: String, syncs: FolderSyncs = FolderSyncs(), trace: @escaping @Sendable (Step) -> Void = { _ in }) {
        self.folder = folder
        self.syncs = syncs
        self.trace = trace
    }

    /// Replaces the file at `segments`, which are neither empty nor `.` or `..` and hold no `/`.
    ///
    /// It blocks its thread while the disk works, so call it where that holds up nobody else.
    func write(_ bytes: [UInt8], to segments: [String]) async throws(FileError) {
        let folder = try self.place(bytes, at: segments)
        let result: Result<Void, FileError> = await withCheckedContinuation { continuation in
            self.syncs.sync(folder) { result in
                close(folder)
                if case .success = result { self.trace(.folderSynced) }
                continuation.resume(returning: result)
            }
        }
        try result.get()
    }

    /// Writes the file, synced and under its name, into a folder that is not yet synced.
    ///
    /// - Returns: The folder's descriptor, to be closed by the caller.
    private func place(_ bytes: [UInt8], at segments: [String]) throws(FileError) -> Int32 {
        guard let name = segments.last else { throw FileError(operation: "naming the file", code: EINVAL) }
        let parent = try Descriptor.folder(self.folder, segments.dropLast())
        let temporary = Self.temporaryName()
        do throws(FileError) {
            try self.fill(temporary, in: parent, with: bytes)
            guard renameat(parent.number, temporary, parent.number, name) == 0 else {
                throw FileError(operation: "giving the file its name")
            }
            self.trace(.renamed)
        } catch {
            unlinkat(parent.number, temporary, 0)
            throw error
        }
        return parent.take()
    }

    private func fill(_ name: String, in parent: borrowing Descriptor, with bytes: [UInt8]) throws(FileError) {
        let number = openat(parent.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw FileError(operation: "making the file") }
        let file = Descriptor(number)
        try file.write(bytes)
        self.trace(.written)
        try file.sync("syncing the file")
        self.trace(.fileSynced)
    }

    /// A name that nobody else has, for what is not whole yet.
    static func temporaryName() -> String { ".tmp-\(UInt64.random(in: .min ... .max))-\(getpid())" }
}
