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
        var parent = try Self.openFolder(self.folder)
        for segment in segments.dropLast() {
            parent = try Self.openFolder(segment, in: parent)
        }
        let temporary = ".tmp-\(UInt64.random(in: .min ... .max))-\(getpid())"
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
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // Linux takes at most 2 GB at a time; the loop goes on with the rest.
                Self.writeSome(UnsafeRawBufferPointer(rebasing: buffer[written...]), to: file.number)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(operation: "writing the file")
            }
            written += count
        }
        self.trace(.written)
        try Self.sync(file, "syncing the file")
        self.trace(.fileSynced)
    }

    private static func writeSome(_ bytes: UnsafeRawBufferPointer, to number: Int32) -> Int {
        #if canImport(Glibc)
        Glibc.write(number, bytes.baseAddress, bytes.count)
        #else
        Darwin.write(number, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func sync(_ descriptor: borrowing Descriptor, _ operation: String) throws(FileError) {
        guard fsync(descriptor.number) == 0 else { throw FileError(operation: operation) }
    }

    /// Opens the folder that the configuration names, with what is missing on the way to it.
    private static func openFolder(_ path: String) throws(FileError) -> Descriptor {
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if number >= 0 { return Descriptor(number) }
        guard errno == ENOENT else { throw FileError(operation: "opening the folder") }
        let trimmed = path.reversed().drop { $0 == "/" }
        let rest = trimmed.drop { $0 != "/" }
        let name = String(trimmed.prefix { $0 != "/" }.reversed())
        guard !name.isEmpty else { throw FileError(operation: "opening the folder", code: ENOENT) }
        let parent = try Self.openFolder(rest.isEmpty ? "." : String(rest.reversed()))
        guard mkdirat(parent.number, name, 0o700) == 0 || errno == EEXIST else {
            throw FileError(operation: "making the folder")
        }
        try Self.sync(parent, "syncing the folder")
        let made = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard made >= 0 else { throw FileError(operation: "opening the folder") }
        return Descriptor(made)
    }

    /// Opens a folder inside another, never through a link, and makes it when it is missing.
    private static func openFolder(_ name: String, in parent: borrowing Descriptor) throws(FileError) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var number = openat(parent.number, name, flags)
        if number < 0, errno == ENOENT {
            guard mkdirat(parent.number, name, 0o700) == 0 || errno == EEXIST else {
                throw FileError(operation: "making a folder")
            }
            try Self.sync(parent, "syncing the folder")
            number = openat(parent.number, name, flags)
        }
        guard number >= 0 else { throw FileError(operation: "opening a folder of the path") }
        return Descriptor(number)
    }
}

/// An open file, closed at the end of its scope.
private struct Descriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(self.number) }

    /// The number, which somebody else closes now.
    consuming func take() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}

/// Why a file could not be written.
struct FileError: Error, Hashable, CustomStringConvertible {
    /// What was being done.
    let operation: String
    /// The system's number for the reason.
    let code: Int32

    init(operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    /// Whether something else stands in the place of the file or of a folder: that does not pass by itself.
    var isObstacle: Bool { [ENOTDIR, ELOOP, EISDIR, ENOTEMPTY, EEXIST, ENAMETOOLONG, EINVAL].contains(self.code) }

    var description: String { "\(self.operation) failed: \(String(cString: strerror(self.code)))" }
}
