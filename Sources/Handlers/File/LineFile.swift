#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file that whole lines are appended to, with the files that follow it when it is full.
///
/// Lines are synced before they count. What a crash left behind a last whole line was never promised and is cut off when
/// the file is next opened; the events of such lines are delivered again. So the file belongs to whoever writes it
/// here: what others add without ending their line is cut too.
///
/// | format | what is appended at a time | how a torn end is seen |
/// |---|---|---|
/// | plain | the lines | bytes behind the last line break, or a NUL, which is how blocks look that did not get to the disk |
/// | gzip | one member with the lines | a member that is shorter than it says, or whose checksum is wrong |
///
/// For one thread at a time. A lock on the file keeps others who do the same out meanwhile.
final class LineFile {
    /// How lines are kept.
    struct Options: Sendable {
        /// When the next line would make the file larger than this, in bytes, it goes into another; nil for never.
        var rotateAt: Int?
        /// Whether it is a gzip file.
        var isCompressed = false
        /// Recognises the line.
        var key: @Sendable (ArraySlice<UInt8>) -> LineKey = { LineKey($0) }
    }

    /// One line to append.
    struct Line: Sendable {
        /// The line without its end.
        var bytes: [UInt8]
        /// Whether it may be there already: then it is looked for.
        var isRepeat: Bool
    }

    /// About how much is appended at a time, in bytes, when it is more than one line.
    static let maximumBatch = 1 << 20
    /// How much of a file's end is looked through for lines that are there already, in bytes.
    static let window = 8 << 20

    let folder: Descriptor
    let options: Options
    private let name: PartName
    private var part = 0
    private var file: OpenFile?
    private(set) var size = 0
    private var recent = RecentLines()
    /// Set when it is uncertain what of the file is on the disk: then no line counts as there already.
    private var isDoubtful = false

    /// - Parameters:
    ///   - folder: Where it is.
    ///   - name: The name of the first file; those that follow have `~1`, `~2` and so on before its ending.
    init(folder: consuming Descriptor, name: String, options: Options) {
        self.folder = folder
        self.name = PartName(name)
        self.options = options
    }

    /// Appends lines and brings them to the disk.
    ///
    /// - Returns: The name of the file that each line is in.
    func append(_ lines: [Line]) throws(FileError) -> [String] {
        try self.begin()
        defer { self.unlock() }
        let isThere = lines.map { $0.isRepeat && self.isThere($0) }
        let rest = zip(lines, isThere).filter { !$1 }.map(\.0)
        var names: [String] = []
        while names.count < rest.count {
            let count = self.countThatFits(rest[names.count...])
            guard count > 0 else {
                try self.rotate()
                continue
            }
            let part = rest[names.count..<names.count + count]
            let data = try self.encoded(part)
            if let limit = self.options.rotateAt, self.size > 0, self.size + data.count > limit {
                try self.rotate()
                continue
            }
            try self.put(data)
            for line in part { self.recent.insert(self.options.key(line.bytes[...])) }
            names += Array(repeating: self.name.of(part: self.part), count: count)
        }
        var written = names.makeIterator()
        // Where exactly a repeat is, is not known: in this file or in one before it.
        return isThere.map { ($0 ? nil : written.next()) ?? self.name.of(part: self.part) }
    }

    private func isThere(_ line: Line) -> Bool {
        !self.isDoubtful && self.recent.contains(self.options.key(line.bytes[...]))
    }

    /// How many lines the present file still takes; what they shrink to when packed is seen later.
    private func countThatFits(_ lines: ArraySlice<Line>) -> Int {
        let taken = self.options.isCompressed ? 0 : self.size
        let room = self.options.rotateAt.map { max(0, $0 - taken) } ?? .max
        var bytes = 0
        var count = 0
        for line in lines {
            bytes += line.bytes.count + 1
            guard bytes <= room || count == 0 && self.size == 0 else { break }
            count += 1
        }
        return count
    }

    private func encoded(_ lines: ArraySlice<Line>) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(0) { $0 + $1.bytes.count + 1 })
        for line in lines {
            bytes += line.bytes
            bytes.append(UInt8(ascii: "\n"))
        }
        guard self.options.isCompressed else { return bytes }
        guard let member = GzipMember.packed(bytes) else {
            throw FileError(operation: "packing the lines", code: ENOMEM)
        }
        return member
    }

    private func put(_ data: [UInt8]) throws(FileError) {
        do throws(FileError) {
            let file = try self.opened()
            try file.descriptor.write(data)
            try file.descriptor.sync("syncing the file")
            self.size += data.count
        } catch {
            // What is not certainly on the disk must not look as if it were when the event comes again.
            let isUndone = self.file.map { ftruncate($0.descriptor.number, off_t(self.size)) == 0 } ?? false
            if !isUndone { self.isDoubtful = true }
            self.file = nil
            throw error
        }
    }

    // MARK: - Opening

    /// Opens the file unless it is, locks it, and looks at its end when it is not as it was left.
    private func begin() throws(FileError) {
        if self.file == nil || !self.isInPlace {
            self.file = nil
            self.part = self.options.rotateAt == nil ? 0 : self.name.highestPart(among: try self.folder.names())
            try self.open()
        }
        try self.lock()
    }

    /// Whether what is open still has its name: somebody may have moved or removed the file.
    private var isInPlace: Bool {
        var named = stat()
        guard let open = try? self.file?.descriptor.status(),
            fstatat(self.folder.number, self.name.of(part: self.part), &named, AT_SYMLINK_NOFOLLOW) == 0
        else { return false }
        return open.st_dev == named.st_dev && open.st_ino == named.st_ino
    }

    private func rotate() throws(FileError) {
        self.unlock()
        self.file = nil
        self.part += 1
        try self.open()
        try self.lock()
    }

    private func open() throws(FileError) {
        let name = self.name.of(part: self.part)
        // Not blocking, should it be a pipe; which is then refused.
        let flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        var number = openat(self.folder.number, name, flags)
        let isNew = number < 0 && errno == ENOENT
        if isNew { number = openat(self.folder.number, name, flags | O_CREAT, 0o600) }
        guard number >= 0 else { throw FileError(operation: "opening the file") }
        let file = OpenFile(number)
        guard try file.descriptor.status().st_mode & S_IFMT == S_IFREG else {
            throw FileError(operation: "opening the file", code: EEXIST)
        }
        if isNew { try self.folder.sync("syncing the folder") }
        self.file = file
        // Unlike any size, so that the end is looked at.
        self.size = -1
    }

    private func lock() throws(FileError) {
        let file = try self.opened()
        while flock(file.descriptor.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError(operation: "locking the file") }
        }
        let size = Int(try file.descriptor.status().st_size)
        guard size != self.size else { return }
        let isFirst = self.size < 0
        if isFirst { self.noteEarlierParts() }
        self.size = try self.repaired(file.descriptor, size: size)
    }

    private func unlock() {
        if let file = self.file { flock(file.descriptor.number, LOCK_UN) }
    }

    private func opened() throws(FileError) -> OpenFile {
        guard let file = self.file else { throw FileError(operation: "opening the file", code: EBADF) }
        return file
    }

    /// Cuts off a torn end and brings the rest to the disk, for it may soon count as there already.
    ///
    /// - Returns: The size then.
    private func repaired(_ file: borrowing Descriptor, size: Int) throws(FileError) -> Int {
        let (end, keys) = try self.readEnd(of: file, size: size)
        for key in keys { self.recent.insert(key) }
        if end < size {
            guard ftruncate(file.number, off_t(end)) == 0 else { throw FileError(operation: "cutting a torn line") }
        }
        if size > 0 { try file.sync("syncing the file") }
        return end
    }

    /// A repeat may be for a line that was among the last before the file became full, or those before it.
    private func noteEarlierParts() {
        var parts: [[LineKey]] = []
        var bytes = 0
        var part = self.part - 1
        while part >= 0, bytes < Self.window, parts.reduce(0, { $0 + $1.count }) < RecentLines.capacity {
            let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
            let number = openat(self.folder.number, self.name.of(part: part), flags)
            guard number >= 0 else { break }
            let file = Descriptor(number)
            // It is only to know more; who removed or damaged it does not stop new lines.
            guard let size = try? file.status().st_size, let end = try? self.readEnd(of: file, size: Int(size)) else {
                break
            }
            parts.append(end.keys)
            bytes += Int(size)
            part -= 1
        }
        // The oldest first: they are the first to be forgotten.
        for key in parts.reversed().joined() { self.recent.insert(key) }
    }
}

/// A descriptor that a variable can do without.
private final class OpenFile {
    let descriptor: Descriptor

    init(_ number: Int32) { self.descriptor = Descriptor(number) }
}
