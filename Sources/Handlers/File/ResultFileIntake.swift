#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Callbacks
import ScaleAPI
import Synchronization

/// A result file while it comes: under a temporary name, until it is whole and found to be what was wanted.
final class ResultFileIntake: Sendable {
    /// What came.
    struct Content: Sendable, Hashable {
        let size: Int
        /// In hexadecimal digits.
        let sha256: String
    }

    private struct State: ~Copyable {
        let file: Descriptor
        var size = 0
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var digest = Digest.SHA256Stream()
        var kind: ResultKind?
        var isNamed = false
    }

    private let folder: Int32
    private let kinds: Set<ResultKind>
    private let temporaryName = FileWriter.temporaryName()
    private let state: Mutex<State>

    /// Makes the file.
    ///
    /// - Parameter folder: Where, open as long as this is used.
    init(folder: Int32, kinds: Set<ResultKind>) throws(FileError) {
        self.folder = folder
        self.kinds = kinds
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_APPEND
        let number = openat(folder, self.temporaryName, flags, 0o600)
        guard number >= 0 else { throw FileError(operation: "making the file") }
        self.state = Mutex(State(file: Descriptor(number)))
    }

    /// Forgets what came.
    func begin() throws {
        try self.state.withLock { state throws in
            guard ftruncate(state.file.number, 0) == 0 else { throw FileError(operation: "emptying the file") }
            (state.size, state.head, state.tail, state.kind) = (0, [], [], nil)
            state.digest = Digest.SHA256Stream()
        }
    }

    /// Takes a piece.
    ///
    /// - Throws: `ResultFileRefusal` as soon as it is clear that the file is not wanted.
    func take(_ bytes: [UInt8]) throws {
        try self.state.withLock { state throws in
            if state.head.count < ResultKind.headLength {
                state.head += bytes.prefix(ResultKind.headLength - state.head.count)
                if state.head.count == ResultKind.headLength { state.kind = try self.kind(of: state.head) }
            }
            state.tail = Array((state.tail + bytes.suffix(ResultKind.tailLength)).suffix(ResultKind.tailLength))
            try state.file.write(bytes)
            bytes.withUnsafeBytes { state.digest.update($0) }
            state.size += bytes.count
        }
    }

    /// Brings the file to the disk, after a look whether it is whole.
    func end(mediaType: String?) throws -> Content {
        try self.state.withLock { state throws in
            let kind = try state.kind ?? self.kind(of: state.head)
            guard !kind.contradicts(mediaType: mediaType) else {
                let said = mediaType?.prefix { $0 != ";" } ?? ""
                throw ResultFileRefusal("the server calls it \(said), but its content is \(kind.rawValue)".cut(to: 200))
            }
            guard kind.canEnd(with: state.tail) else { throw TornFile(kind: kind) }
            try state.file.sync("syncing the file")
            return Content(size: state.size, sha256: Digest.hexadecimal(state.digest.finish()))
        }
    }

    /// Gives the file its name, in place of one that had it.
    func rename(to name: String) throws(FileError) {
        guard renameat(self.folder, self.temporaryName, self.folder, name) == 0 else {
            throw FileError(operation: "giving the file its name")
        }
        self.state.withLock { $0.isNamed = true }
    }

    /// Removes the file, unless it has its name.
    func discard() {
        guard !self.state.withLock({ $0.isNamed }) else { return }
        unlinkat(self.folder, self.temporaryName, 0)
    }

    private func kind(of head: [UInt8]) throws -> ResultKind {
        guard let kind = ResultKind(head: head), self.kinds.contains(kind) else {
            let wanted = self.kinds.map(\.rawValue).sorted().joined(separator: ", ")
            let found = ResultKind(head: head)?.rawValue ?? (head.isEmpty ? "empty" : "of another kind")
            throw ResultFileRefusal("its content is \(found), and wanted are \(wanted)")
        }
        return kind
    }
}

/// A file that ends in the middle.
struct TornFile: Error, Hashable {
    let kind: ResultKind
}
