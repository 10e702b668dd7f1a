internal import Foundation
internal import Synchronization

/// The right to write a store: one process at a time, held by `flock` on a file beside it.
///
/// The kernel gives it back when the process ends, however it ends.
final class StoreLock: Sendable {
    private let descriptor: Mutex<Int32?>

    private init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    /// Takes the lock for the store at `path`.
    ///
    /// - Throws: `StoreError.locked` when another process holds it.
    static func take(storePath path: String) throws(StoreError) -> StoreLock {
        let lockPath = path + "-lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusable(
                "Cannot create \(lockPath): \(String(cString: strerror(errno))). Choose a folder that can be written."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .locked(path: path)
        }
        return StoreLock(descriptor: descriptor)
    }

    /// Gives the lock back; once is enough.
    func release() {
        let descriptor = self.descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        // Not unlinked: another process may already wait on this very file.
        if let descriptor { close(descriptor) }
    }

    deinit { self.release() }
}
