#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open file or folder, closed at the end of its scope.
struct Descriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(self.number) }

    /// The number, which somebody else closes now.
    consuming func take() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    /// Writes all of it where the file's position is.
    func write(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // Linux takes at most 2 GB at a time; the loop goes on with the rest.
                Self.writeSome(UnsafeRawBufferPointer(rebasing: buffer[written...]), to: self.number)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(operation: "writing the file")
            }
            written += count
        }
    }

    /// Reads a part of the file; less of it where the file ends.
    func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, total in
            while total < range.count {
                let start = buffer.baseAddress.map { $0 + total }
                let count = pread(self.number, start, range.count - total, off_t(range.lowerBound + total))
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = errno }
                guard count > 0 else { break }
                total += count
            }
        }
        if let failure { throw FileError(operation: "reading the file", code: failure) }
        return bytes
    }

    /// Brings to the disk what was written.
    func sync(_ operation: String) throws(FileError) {
        guard fsync(self.number) == 0 else { throw FileError(operation: operation) }
    }

    /// What the system knows of it.
    func status() throws(FileError) -> stat {
        var status = stat()
        guard fstat(self.number, &status) == 0 else { throw FileError(operation: "looking at the file") }
        return status
    }

    private static func writeSome(_ bytes: UnsafeRawBufferPointer, to number: Int32) -> Int {
        #if canImport(Glibc)
        Glibc.write(number, bytes.baseAddress, bytes.count)
        #else
        Darwin.write(number, bytes.baseAddress, bytes.count)
        #endif
    }
}

// MARK: - Folders

extension Descriptor {
    /// Opens a folder below a fixed one, and makes what is missing on the way.
    ///
    /// - Parameters:
    ///   - path: The fixed one, which may itself be reached by links.
    ///   - segments: The way from there, along which no link is followed.
    static func folder(_ path: String, _ segments: ArraySlice<String>) throws(FileError) -> Descriptor {
        var folder = try Self.folder(path)
        for segment in segments { folder = try Self.folder(segment, in: folder) }
        return folder
    }

    /// Opens the folder that the configuration names, with what is missing on the way to it.
    private static func folder(_ path: String) throws(FileError) -> Descriptor {
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if number >= 0 { return Descriptor(number) }
        guard errno == ENOENT else { throw FileError(operation: "opening the folder") }
        let trimmed = path.reversed().drop { $0 == "/" }
        let rest = trimmed.drop { $0 != "/" }
        let name = String(trimmed.prefix { $0 != "/" }.reversed())
        guard !name.isEmpty else { throw FileError(operation: "opening the folder", code: ENOENT) }
        let parent = try Self.folder(rest.isEmpty ? "." : String(rest.reversed()))
        guard mkdirat(parent.number, name, 0o700) == 0 || errno == EEXIST else {
            throw FileError(operation: "making the folder")
        }
        try parent.sync("syncing the folder")
        let made = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard made >= 0 else { throw FileError(operation: "opening the folder") }
        return Descriptor(made)
    }

    /// Opens a folder inside another, never through a link, and makes it when it is missing.
    private static func folder(_ name: String, in parent: borrowing Descriptor) throws(FileError) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var number = openat(parent.number, name, flags)
        if number < 0, errno == ENOENT {
            guard mkdirat(parent.number, name, 0o700) == 0 || errno == EEXIST else {
                throw FileError(operation: "making a folder")
            }
            try parent.sync("syncing the folder")
            number = openat(parent.number, name, flags)
        }
        guard number >= 0 else { throw FileError(operation: "opening a folder of the path") }
        return Descriptor(number)
    }

    /// The names in a folder.
    func names() throws(FileError) -> [String] {
        // Reading moves a position, which a copy of the descriptor would share with others.
        let number = openat(self.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let folder = fdopendir(number) else {
            throw FileError(operation: "reading the folder")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
