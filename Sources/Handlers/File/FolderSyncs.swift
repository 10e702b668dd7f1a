#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Synchronization

/// Syncs folders, one sync for all who have changed the same folder before it began.
///
/// Files that are written side by side mostly go into one folder. Who finds it being synced leaves word and is told of
/// the next sync, which the same thread makes.
final class FolderSyncs: Sendable {
    /// Told how a sync went.
    typealias Completion = @Sendable (Result<Void, FileError>) -> Void

    /// A folder, by whatever path or link it was reached.
    private struct Key: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    /// Whom the next sync of each folder that is being synced is for.
    private let waiting = Mutex<[Key: [Completion]]>([:])
    private let call: @Sendable (_ number: Int32) -> Int32

    /// - Parameter call: The system call that syncs an open folder.
    init(call: @escaping @Sendable (_ number: Int32) -> Int32 = { fsync($0) }) { self.call = call }

    /// How many wait for a sync that has not begun.
    var waitingCount: Int { self.waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Makes durable what was changed in an open folder. `completion` comes on this thread or another, once.
    ///
    /// - Parameter number: The folder's descriptor; it must stay open until `completion` has come.
    func sync(_ number: Int32, completion: @escaping Completion) {
        var status = stat()
        guard fstat(number, &status) == 0 else {
            return completion(.failure(FileError(operation: "syncing the folder")))
        }
        let key = Key(device: status.st_dev, inode: status.st_ino)
        let isFirst = self.waiting.withLock { waiting in
            guard waiting[key] == nil else {
                waiting[key]?.append(completion)
                return false
            }
            waiting[key] = []
            return true
        }
        guard isFirst else { return }
        // The descriptor of the first serves all of them, but only until the first is told.
        let copy = dup(number)
        defer { close(copy) }
        guard copy >= 0 else { return self.end(key, [completion], FileError(operation: "opening the folder")) }
        var round = [completion]
        while !round.isEmpty {
            let result: Result<Void, FileError> =
                self.call(copy) == 0 ? .success(()) : .failure(FileError(operation: "syncing the folder"))
            // A failed sync is not repeated for those it was for: it could seem to succeed.
            for completion in round { completion(result) }
            round = self.waiting.withLock { waiting in
                let next = waiting[key] ?? []
                waiting[key] = next.isEmpty ? nil : []
                return next
            }
        }
    }

    private func end(_ key: Key, _ round: [Completion], _ error: FileError) {
        let others = self.waiting.withLock { $0.removeValue(forKey: key) ?? [] }
        for completion in round + others { completion(.failure(error)) }
    }
}
